//! `getChat` and `sendChatAction`.

use serde_json::{Value, json};

use super::Request;
use crate::botapi::json;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

const ACTIONS: [&str; 12] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
    "cancel",
];

pub(super) fn action(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    if !ACTIONS.contains(&request.params.text("action").as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    world.writable_chat(&request.params.text("chat_id"))?;
    Ok(true.into())
}

pub(super) fn get(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let id = world.readable_chat(&request.params.text("chat_id"))?;
    let mut chat = json::chat(world, id);
    chat["accent_color_id"] = 0.into();
    chat["max_reaction_count"] = 11.into();
    chat["accepted_gift_types"] = json!({
        "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
        "premium_subscription": false, "gifts_from_channels": false,
    });
    let pinned = world.chats.get(&id).and_then(|chat| chat.pinned);
    if let Some(pinned) = pinned.and_then(|pinned| world.messages.get(&(id, pinned))) {
        chat["pinned_message"] = json::message(world, pinned);
    }
    Ok(chat)
}
