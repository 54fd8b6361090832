//! Fetching a file that somebody has sent: as much of it as may be, and no more.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use teloxide_core::payloads::GetFile;
use teloxide_core::types::FileId;

use super::{Api, Failure, PATIENCE, unreachable};

/// What `getFile` says.
#[derive(serde::Deserialize)]
struct Remote {
    file_path: Option<String>,
    file_size: Option<u64>,
}

/// A file on its way. Not to be printed: the address that the response has holds the token.
pub(in super::super) struct Download {
    response: Response,
    /// How many bytes it says it has, where it says so.
    pub(in super::super) size: Option<u64>,
}

impl Api {
    /// Begins to fetch a file that has at most about `most` bytes.
    pub(in super::super) async fn download(
        &self,
        file: FileId,
        most: u64,
    ) -> Result<Download, Failure> {
        let remote: Remote = self.call(&GetFile::new(file)).await?;
        let path = remote.file_path.unwrap_or_default();
        let refused = |why: &str| Failure::Refused(why.to_owned());
        // A server that keeps files beside itself names them by their places there.
        let leads_away = path.starts_with('/') || path.contains("://");
        if path.is_empty()
            || leads_away
            || path.split('/').any(|part| matches!(part, "" | "." | ".."))
        {
            return Err(refused("the server names no file that can be fetched"));
        }
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let bot = format!("bot{}", self.token.expose());
            segments.pop_if_empty().push("file").push(&bot).extend(path.split('/'));
        }
        // A phone's connection may be all there is.
        let time = PATIENCE + Duration::from_secs(most >> 15);
        let request = self.client.get(url).timeout(time);
        let response = request.send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(refused(&format!("the server answered {}", status.as_u16()))),
        }
        let size = response.content_length().or(remote.file_size);
        Ok(Download { response, size })
    }
}

impl Download {
    /// The next piece of it; none at its end.
    pub(in super::super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let piece = self.response.chunk().await.map_err(unreachable)?;
        Ok(piece.map(|piece| piece.to_vec()))
    }
}
