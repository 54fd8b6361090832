//! `setMessageReaction`.

use serde_json::Value;

use super::Request;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

/// The emoji that may stand as a reaction.
const EMOJI: &str = "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 \
                     😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡";

pub(super) fn set(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let reaction = request.params.json("reaction", "reaction types")?;
    let list = reaction.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    let chat = world.readable_chat(&request.params.text("chat_id"))?;
    let id = request.params.int("message_id");
    let message = world.message(chat, id, "message to react")?;
    if message.service.is_some() {
        return Err(Refusal::bad("REACTION_INVALID"));
    }
    let key = (chat, message.id);
    if list.len() > 1 {
        return Err(Refusal::bad("REACTIONS_TOO_MANY"));
    }
    let emoji = match list.first() {
        None => None,
        Some(reaction) => {
            let emoji = reaction.get("emoji").and_then(Value::as_str).unwrap_or_default();
            let is_emoji = reaction.get("type").and_then(Value::as_str) == Some("emoji");
            if !is_emoji || !EMOJI.split_whitespace().any(|known| known == emoji) {
                return Err(Refusal::bad("REACTION_INVALID"));
            }
            Some(emoji.to_owned())
        }
    };
    world.writable_chat(&request.params.text("chat_id"))?;
    if let Some(message) = world.messages.get_mut(&key) {
        message.reaction = emoji;
    }
    Ok(true.into())
}
