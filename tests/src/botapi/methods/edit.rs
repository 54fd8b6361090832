//! `editMessageText`, `editMessageCaption` and `editMessageReplyMarkup`.

use serde_json::Value;

use super::{Request, send};
use crate::botapi::entities::{Formatted, utf16_len};
use crate::botapi::json;
use crate::botapi::keyboard::Markup;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

enum Change {
    Text(Formatted),
    Caption(Formatted),
    MarkupOnly,
}

pub(super) fn text(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    if request.params.has("rich_message") {
        return Err(Refusal::bad("the double knows no rich messages"));
    }
    request.object("link_preview_options", "link preview options", &send::LINK_PREVIEW)?;
    let content = send::text(request)?;
    edit(world, request, Change::Text(content))
}

pub(super) fn caption(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let caption = send::caption(request)?;
    edit(world, request, Change::Caption(caption))
}

pub(super) fn markup(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    edit(world, request, Change::MarkupOnly)
}

fn edit(world: &mut World, request: &mut Request<'_>, change: Change) -> Result<Value, Refusal> {
    let markup = request.markup()?;
    let id = request.params.int("message_id").filter(|id| *id > 0);
    if !request.params.has("chat_id") && id.is_none() {
        return Err(Refusal::bad("message identifier is not specified"));
    }
    let chat = world.writable_chat(&request.params.text("chat_id"))?;
    let message = world.message(chat, id, "message to edit")?;
    let foreign_markup = matches!(message.markup, Markup::Other(_));
    if message.from != world.bot.id || message.service.is_some() || foreign_markup {
        return Err(Refusal::bad("message can't be edited"));
    }
    let markup = markup.inline_only()?;
    let content = match change {
        Change::Text(_) if message.file.is_some() => {
            return Err(Refusal::bad("there is no text in the message to edit"));
        }
        Change::Caption(_) if message.file.is_none() => {
            return Err(Refusal::bad("there is no caption in the message to edit"));
        }
        // Only here the server behind answers with its own code, not with a sentence.
        Change::Text(content) if utf16_len(&content.text) > send::LONGEST_TEXT => {
            return Err(Refusal::bad("MESSAGE_TOO_LONG"));
        }
        Change::Text(content) | Change::Caption(content) => content,
        Change::MarkupOnly => message.content.clone(),
    };
    if content == message.content && markup == message.markup {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a \
             current content and reply markup of the message",
        ));
    }
    let now = world.clock.now();
    let mut message = message.clone();
    message.content = content;
    message.markup = markup;
    message.edited = Some(now);
    message.version += 1;
    world.messages.insert((chat, message.id), message.clone());
    Ok(json::message(world, &message))
}
