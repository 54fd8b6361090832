//! `sendMessage` and `sendDocument`.

use serde_json::Value;

use super::Request;
use crate::botapi::entities::{Formatted, utf16_len};
use crate::botapi::json;
use crate::botapi::keyboard::Markup;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::{File, World};

pub(super) const LONGEST_TEXT: usize = 4096;
pub(super) const LONGEST_CAPTION: usize = 1024;
const LARGEST_FILE: usize = 50 << 20;

pub(super) const LINK_PREVIEW: [&str; 5] =
    ["is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"];
const REPLY: [&str; 9] = [
    "message_id",
    "chat_id",
    "allow_sending_without_reply",
    "quote",
    "quote_parse_mode",
    "quote_entities",
    "quote_position",
    "checklist_task_id",
    "poll_option_id",
];

pub(super) fn message(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    request.object("link_preview_options", "link preview options", &LINK_PREVIEW)?;
    let content = text(request)?;
    if utf16_len(&content.text) > LONGEST_TEXT {
        return Err(Refusal::bad("message is too long"));
    }
    send(world, request, content, None)
}

/// The `text` of a message, parsed; never empty.
pub(super) fn text(request: &mut Request<'_>) -> Result<Formatted, Refusal> {
    let text = request.params.text("text");
    if text.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    let content = request.formatted(&text, "parse_mode", "entities")?.formatted;
    if content.text.is_empty() {
        return Err(Refusal::bad("text must be non-empty"));
    }
    Ok(content)
}

pub(super) fn caption(request: &mut Request<'_>) -> Result<Formatted, Refusal> {
    let text = request.params.text("caption");
    let content = request.formatted(&text, "parse_mode", "caption_entities")?.formatted;
    if utf16_len(&content.text) > LONGEST_CAPTION {
        return Err(Refusal::bad("message caption is too long"));
    }
    Ok(content)
}

pub(super) fn document(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let caption = caption(request)?;
    let named = request.params.text("document");
    // A multipart body may name the part that holds the file.
    let part = named.strip_prefix("attach://").unwrap_or("document");
    let file = if let Some(upload) = request.params.file(part) {
        if upload.bytes.is_empty() {
            return Err(Refusal::bad("file must be non-empty"));
        }
        if upload.bytes.len() > LARGEST_FILE {
            return Err(Refusal::new(413, "Request Entity Too Large"));
        }
        let name = upload.file_name.as_deref().unwrap_or("document");
        let mime_type = upload.mime_type.as_deref().unwrap_or("application/octet-stream");
        world.new_file("document", name, mime_type, upload.bytes.clone())
    } else if let Some(known) = world.file(&named) {
        known.clone()
    } else if named.is_empty() {
        return Err(Refusal::bad("there is no document in the request"));
    } else {
        return Err(Refusal::bad("wrong file identifier/HTTP URL specified"));
    };
    send(world, request, caption, Some(file))
}

fn send(
    world: &mut World,
    request: &mut Request<'_>,
    content: Formatted,
    file: Option<File>,
) -> Result<Value, Refusal> {
    let reply = request.object("reply_parameters", "reply parameters", &REPLY)?;
    let markup = request.markup()?;
    let chat = world.writable_chat(&request.params.text("chat_id"))?;
    let reply_to = match &reply {
        Some(reply) => replied(world, chat, reply)?,
        None => None,
    };
    let topic = match request.params.int("message_thread_id") {
        Some(topic) => Some(opened(world, chat, topic)?),
        // A reply is where that is which it replies to.
        None => reply_to.and_then(|id| world.messages.get(&(chat, id))?.topic),
    };
    let mut message = world.draft(chat, world.bot.id);
    message.topic = topic;
    message.content = content;
    message.file = file;
    message.markup = markup;
    message.reply_to = reply_to;
    message.silent = request.params.flag("disable_notification");
    let message = world.post(message);
    Ok(json::message(world, &message))
}

/// A topic that was opened in that chat; the general one has no number that a message can be sent to.
fn opened(world: &World, chat: i64, topic: i64) -> Result<i64, Refusal> {
    let opens = world.messages.get(&(chat, topic)).and_then(|message| message.service.as_ref());
    match opens {
        Some((what, _)) if what == "forum_topic_created" => Ok(topic),
        _ => Err(Refusal::bad("message thread not found")),
    }
}

fn replied(world: &World, chat: i64, reply: &Value) -> Result<Option<i64>, Refusal> {
    let id = reply.get("message_id").and_then(Value::as_i64);
    let id = id.ok_or_else(|| Refusal::bad("can't find field \"message_id\""))?;
    let optional =
        reply.get("allow_sending_without_reply").and_then(Value::as_bool).unwrap_or(false);
    let in_chat = match reply.get("chat_id") {
        Some(other) => world.readable_chat(other.to_string().trim_matches('"'))?,
        None => chat,
    };
    match world.message(in_chat, Some(id), "message to be replied") {
        Ok(_) => Ok(Some(id).filter(|_| in_chat == chat)),
        Err(_) if optional => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

impl Markup {
    /// Edits know only inline keyboards.
    pub(super) fn inline_only(self) -> Result<Self, Refusal> {
        match self {
            Self::Other(_) => Err(Refusal::bad("inline keyboard expected")),
            markup => Ok(markup),
        }
    }
}
