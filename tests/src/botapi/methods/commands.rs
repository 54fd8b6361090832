//! `setMyCommands`, `getMyCommands` and `deleteMyCommands`.

use serde_json::{Value, json};

use super::Request;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

const MOST_COMMANDS: usize = 100;
const SCOPES: [&str; 7] = [
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
];

pub(super) fn set(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let commands = request.params.json("commands", "commands")?.unwrap_or_else(|| json!([]));
    let Some(list) = commands.as_array() else {
        return Err(Refusal::bad("expected an Array of BotCommand"));
    };
    for command in list {
        check(command)?;
    }
    if list.len() > MOST_COMMANDS {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    let scope = scope(world, request)?;
    world.commands.insert(scope, commands);
    Ok(true.into())
}

fn check(command: &Value) -> Result<(), Refusal> {
    let wrong = |why: String| Refusal::bad(format!("can't parse BotCommand: {why}"));
    let field = |name: &str| {
        let text = command.get(name).and_then(Value::as_str);
        text.ok_or_else(|| wrong(format!("can't find field \"{name}\"")))
    };
    let (name, description) = (field("command")?, field("description")?);
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !(1..=32).contains(&name.len()) || !name.chars().all(letters) {
        return Err(Refusal::bad("BOT_COMMAND_INVALID"));
    }
    if !(1..=256).contains(&description.chars().count()) {
        return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
    }
    Ok(())
}

pub(super) fn get(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let scope = scope(world, request)?;
    Ok(world.commands.get(&scope).cloned().unwrap_or_else(|| json!([])))
}

pub(super) fn delete(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let scope = scope(world, request)?;
    world.commands.remove(&scope);
    Ok(true.into())
}

/// One key for each scope and language.
fn scope(world: &World, request: &mut Request<'_>) -> Result<String, Refusal> {
    let scope = request.object("scope", "BotCommandScope", &["type", "chat_id", "user_id"])?;
    let scope = scope.unwrap_or_else(|| json!({ "type": "default" }));
    let wrong = |why: &str| Refusal::bad(format!("can't parse BotCommandScope: {why}"));
    let kind = scope.get("type").and_then(Value::as_str).unwrap_or_default();
    if !SCOPES.contains(&kind) {
        return Err(wrong("unsupported type specified"));
    }
    if kind.starts_with("chat") {
        let chat = scope.get("chat_id").map(ToString::to_string).unwrap_or_default();
        world.readable_chat(chat.trim_matches('"'))?;
    }
    if kind == "chat_member" && scope.get("user_id").and_then(Value::as_i64).unwrap_or(0) <= 0 {
        return Err(wrong("invalid user_id specified"));
    }
    Ok(format!("{scope} {}", request.params.text("language_code")))
}
