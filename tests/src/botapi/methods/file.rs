//! `getFile`; the download itself is a path of its own.

use serde_json::{Value, json};

use super::Request;
use crate::botapi::json::unique_id;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

const LARGEST_DOWNLOAD: usize = 20 << 20;

pub(super) fn get(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let id = request.params.text("file_id");
    if id.is_empty() {
        return Err(Refusal::bad("file_id not specified"));
    }
    let file = world
        .file(&id)
        .ok_or_else(|| Refusal::bad("wrong file_id or the file is temporarily unavailable"))?;
    if file.bytes.len() > LARGEST_DOWNLOAD {
        return Err(Refusal::bad("file is too big"));
    }
    let reply = json!({
        "file_id": file.file_id,
        "file_unique_id": unique_id(file),
        "file_size": file.announced(),
        "file_path": format!("{}s/{}", file.kind, file.file_id),
    });
    world.fetchable.insert(id);
    Ok(reply)
}
