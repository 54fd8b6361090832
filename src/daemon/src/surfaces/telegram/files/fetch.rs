//! From the Bot API's server into a session's folder, piece by piece: what is too much is cut off, and
//! what does not come to its end never was.

use std::io::{self, Read};
use std::path::PathBuf;

use pager_core::Sha256Hex;
use pager_core::transfer::Wanted;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::spawn_blocking;

use super::attachment::Attachment;
use crate::files::Refused;
use crate::surfaces::telegram::Door;

/// How many pieces wait at most for a disk that is slow.
const WAITING: usize = 4;

/// A file that is there now.
pub(super) struct Stored {
    pub(super) size: u64,
    pub(super) sha256: Sha256Hex,
}

impl Door {
    /// Fetches a file into a folder. The error is a sentence's end for whoever sent it.
    pub(super) async fn fetch(
        &self,
        attachment: Attachment,
        folder: PathBuf,
        wanted: Wanted,
        overwrite: bool,
    ) -> Result<Stored, String> {
        let exchange = self.files.exchange.clone();
        let most = exchange.most();
        let admits = |size: Option<u64>| match size {
            Some(size) => exchange.admits(size).map_err(|refused| refused.to_string()),
            None => Ok(()),
        };
        admits(attachment.size.map(u64::from))?;
        let begun = {
            let exchange = exchange.clone();
            spawn_blocking(move || exchange.begin(&folder, &wanted, overwrite)).await
        };
        let draft = over(begun)?;
        let unfetched = |failure| format!("it could not be fetched from Telegram: {failure}");
        let mut download = self.api.download(attachment.id, most).await.map_err(unfetched)?;
        admits(download.size)?;
        let (pieces, coming) = mpsc::channel(WAITING);
        let writing = {
            let exchange = exchange.clone();
            let pieces = Pieces { coming, piece: Vec::new(), read: 0 };
            spawn_blocking(move || exchange.finish(draft, pieces, overwrite))
        };
        let failure = loop {
            let piece = match download.next().await {
                Ok(piece) => piece,
                Err(failure) => break Some(failure),
            };
            let last = piece.is_none();
            // Nobody takes it where there was too much already, or no room.
            if pieces.send(piece).await.is_err() || last {
                break None;
            }
        };
        drop(pieces);
        let written = over(writing.await);
        match failure {
            Some(failure) => Err(unfetched(failure)),
            None => written.map(|(size, sha256)| Stored { size, sha256 }),
        }
    }
}

/// What a thread has come to.
pub(super) fn over<T>(
    ended: Result<Result<T, Refused>, tokio::task::JoinError>,
) -> Result<T, String> {
    ended.unwrap_or(Err(Refused::Unfinished)).map_err(|refused| refused.to_string())
}

/// Pieces that come one after the other, and `None` after the last.
struct Pieces {
    coming: Receiver<Option<Vec<u8>>>,
    piece: Vec<u8>,
    read: usize,
}

impl Read for Pieces {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() {
            match self.coming.blocking_recv() {
                Some(Some(piece)) => (self.piece, self.read) = (piece, 0),
                Some(None) => {
                    self.coming.close();
                    return Ok(0);
                }
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let length = bytes.len().min(self.piece.len() - self.read);
        bytes[..length].copy_from_slice(&self.piece[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}
