//! What of a message is a file.

use pager_core::transfer;
use teloxide_core::types::{FileId, FileMeta, Message};

/// A file in a message.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) id: FileId,
    /// How many bytes it says it has, where it says so.
    pub(super) size: Option<u32>,
    /// A name for it, of which nothing is to be feared.
    pub(super) name: String,
}

/// The file in a message, if there is one that can be put into a folder.
pub(super) fn of(message: &Message) -> Option<Attachment> {
    let number = message.id.0;
    let (file, given, usual) = if let Some(document) = message.document() {
        (&document.file, document.file_name.as_deref(), "document")
    } else if let Some(animation) = message.animation() {
        (&animation.file, animation.file_name.as_deref(), "film.mp4")
    } else if let Some(photo) = message.photo().and_then(<[_]>::last) {
        (&photo.file, None, "photo.jpg")
    } else if let Some(video) = message.video() {
        (&video.file, video.file_name.as_deref(), "film.mp4")
    } else if let Some(note) = message.video_note() {
        (&note.file, None, "film.mp4")
    } else {
        let audio = message.audio()?;
        (&audio.file, audio.file_name.as_deref(), "audio.mp3")
    };
    let name = match given {
        Some(given) => transfer::file_name(given),
        // Pictures have no names; the number tells one from another.
        None => match usual.split_once('.') {
            Some((stem, ending)) => format!("{stem}-{number}.{ending}"),
            None => format!("{usual}-{number}"),
        },
    };
    let FileMeta { id, size, .. } = file;
    Some(Attachment { id: id.clone(), size: Some(*size).filter(|size| *size != u32::MAX), name })
}
