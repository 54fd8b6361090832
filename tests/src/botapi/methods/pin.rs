//! `pinChatMessage` and `unpinChatMessage`.

use serde_json::Value;

use super::Request;
use crate::botapi::json;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::{ChatKind, World};

pub(super) fn pin(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let chat = world.writable_chat(&request.params.text("chat_id"))?;
    let message = world.message(chat, request.params.int("message_id"), "message to pin")?;
    let (id, pinned) = (message.id, json::message(world, message));
    may_pin(world, chat)?;
    if let Some(chat) = world.chats.get_mut(&chat) {
        chat.pinned = Some(id);
    }
    // The bot hears of its own pin as a message of its own.
    let mut note = world.draft(chat, world.bot.id);
    note.service = Some(("pinned_message".into(), pinned));
    note.silent = request.params.flag("disable_notification");
    let note = world.post(note);
    let body = json::message(world, &note);
    world.updates.push(note.date, "message", body);
    Ok(true.into())
}

pub(super) fn unpin(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let chat = world.writable_chat(&request.params.text("chat_id"))?;
    may_pin(world, chat)?;
    let id = request.params.int("message_id");
    let pinned = world.chats.get(&chat).and_then(|chat| chat.pinned);
    if pinned.is_none() || (id.is_some() && id != pinned) {
        return Err(Refusal::bad("message to unpin not found"));
    }
    if let Some(chat) = world.chats.get_mut(&chat) {
        chat.pinned = None;
    }
    Ok(true.into())
}

fn may_pin(world: &World, chat: i64) -> Result<(), Refusal> {
    let chat = &world.chats[&chat];
    if chat.kind == ChatKind::Private || chat.bot_is_admin {
        return Ok(());
    }
    Err(Refusal::bad("not enough rights to manage pinned messages in the chat"))
}
