//! `deleteMessage` and `deleteMessages`.

use jiff::SignedDuration;
use serde_json::Value;

use super::Request;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::{ChatKind, World};

/// Older messages stay.
const DELETABLE_FOR: SignedDuration = SignedDuration::from_hours(48);
const MOST_AT_ONCE: usize = 100;

pub(super) fn one(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    if !request.params.has("chat_id") {
        return Err(Refusal::bad("chat identifier is not specified"));
    }
    let id = request.params.int("message_id").filter(|id| *id > 0);
    if id.is_none() {
        return Err(Refusal::bad("message identifier is not specified"));
    }
    let chat = world.writable_chat(&request.params.text("chat_id"))?;
    delete(world, chat, id)?;
    Ok(true.into())
}

pub(super) fn several(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let ids = request.params.json("message_ids", "message identifiers")?;
    let ids = ids.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    if ids.is_empty() {
        return Err(Refusal::bad("message identifiers are not specified"));
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(Refusal::bad("too many message identifiers specified"));
    }
    let chat = world.writable_chat(&request.params.text("chat_id"))?;
    for id in ids {
        // Those that are gone are passed over.
        if world.message(chat, id.as_i64(), "message to delete").is_ok() {
            delete(world, chat, id.as_i64())?;
        }
    }
    Ok(true.into())
}

fn delete(world: &mut World, chat: i64, id: Option<i64>) -> Result<(), Refusal> {
    let message = world.message(chat, id, "message to delete")?;
    let (key, own) = ((chat, message.id), message.from == world.bot.id);
    if world.clock.now().duration_since(message.date) >= DELETABLE_FOR {
        return Err(Refusal::bad("message can't be deleted for everyone"));
    }
    let chat = &world.chats[&chat];
    if !own && chat.kind != ChatKind::Private && !chat.bot_is_admin {
        return Err(Refusal::bad("message can't be deleted"));
    }
    if let Some(message) = world.messages.get_mut(&key) {
        message.deleted = true;
    }
    Ok(())
}
