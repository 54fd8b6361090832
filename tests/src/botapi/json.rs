//! Users, chats, messages and taps as the Bot API writes them.

use serde_json::{Value, json};

use super::keyboard::{self, Markup};
use super::world::{Callback, Chat, ChatKind, File, Message, World};

pub(crate) fn user(world: &World, id: i64) -> Value {
    if id == world.bot.id {
        return json!({
            "id": id, "is_bot": true, "first_name": world.bot.name, "username": world.bot.username,
        });
    }
    let name = world.users.get(&id).map_or("Unknown", |user| user.name.as_str());
    let is_bot = world.users.get(&id).is_some_and(|user| user.is_bot);
    let mut object = json!({ "id": id, "is_bot": is_bot, "first_name": name });
    if !is_bot {
        object["language_code"] = "en".into();
    }
    if let Some(username) = world.users.get(&id).and_then(|user| user.username.as_ref()) {
        object["username"] = username.clone().into();
    }
    object
}

pub(crate) fn chat(world: &World, id: i64) -> Value {
    let Some(chat) = world.chats.get(&id) else { return json!({ "id": id, "type": "private" }) };
    let mut object = json!({ "id": id, "type": chat.kind.name() });
    if chat.kind == ChatKind::Private {
        let user = user(world, id);
        for field in ["first_name", "username"] {
            if let Some(value) = user.get(field) {
                object[field] = value.clone();
            }
        }
    } else {
        object["title"] = chat.title.clone().into();
        if chat.is_forum {
            object["is_forum"] = true.into();
        }
        if chat.kind == ChatKind::Group {
            object["all_members_are_administrators"] = false.into();
        }
    }
    object
}

pub(crate) fn message(world: &World, message: &Message) -> Value {
    let mut object = bare_message(world, message);
    if let Some(original) = message.reply_to.and_then(|id| world.messages.get(&(message.chat, id)))
        && !original.deleted
    {
        object["reply_to_message"] = bare_message(world, original);
    } else if let Some(opened) = message.topic.filter(|opened| *opened != message.id)
        && message.reply_to.is_none()
        && let Some(opened) = world.messages.get(&(message.chat, opened))
    {
        // What replies to nothing in a topic is shown as a reply to what opened it.
        object["reply_to_message"] = bare_message(world, opened);
    }
    if let Some((in_chat, id)) = message.reply_elsewhere
        && let Some(original) = world.messages.get(&(in_chat, id))
    {
        object["external_reply"] = json!({
            "origin": origin(world, original.from, original.date),
            "chat": chat(world, in_chat),
            "message_id": id,
        });
    }
    object
}

fn is_channel(chat: &Chat) -> bool {
    chat.kind == ChatKind::Channel
}

/// A `MessageOrigin` of somebody who hides nothing.
fn origin(world: &World, from: i64, date: jiff::Timestamp) -> Value {
    json!({ "type": "user", "sender_user": user(world, from), "date": date.as_second() })
}

/// A message without the one it replies to: replies are shown one level deep.
fn bare_message(world: &World, message: &Message) -> Value {
    let mut object = json!({
        "message_id": message.id,
        "from": user(world, message.from),
        "chat": chat(world, message.chat),
        "date": message.date.as_second(),
    });
    if let Some(name) = message.sender_chat {
        object["sender_chat"] = chat(world, name);
        if name == message.chat && world.chats.get(&name).is_some_and(is_channel) {
            object.as_object_mut().map(|object| object.remove("from"));
        }
    }
    if let Some(topic) = message.topic {
        object["message_thread_id"] = topic.into();
        object["is_topic_message"] = true.into();
    }
    if let Some(edited) = message.edited {
        object["edit_date"] = edited.as_second().into();
    }
    if let Some((from, date)) = message.forwarded {
        object["forward_origin"] = origin(world, from, date);
    }
    if let Some((field, value)) = &message.service {
        object[field.as_str()] = value.clone();
        return object;
    }
    let (text, entities) = match &message.file {
        Some(sent) => {
            object[sent.kind.as_str()] = match sent.kind.as_str() {
                "photo" => photo(sent),
                _ => file(sent),
            };
            if let Some(album) = &message.album {
                object["media_group_id"] = album.clone().into();
            }
            ("caption", "caption_entities")
        }
        None => ("text", "entities"),
    };
    if !message.content.text.is_empty() {
        object[text] = message.content.text.clone().into();
    }
    if !message.content.entities.is_empty() {
        let list: Vec<Value> =
            message.content.entities.iter().map(super::entities::Entity::to_json).collect();
        object[entities] = list.into();
    }
    if let Markup::Inline(rows) = &message.markup {
        object["reply_markup"] = keyboard::to_json(rows);
    }
    object
}

fn file(file: &File) -> Value {
    let mut object = json!({
        "file_id": file.file_id,
        "file_unique_id": unique_id(file),
        "file_size": file.announced(),
        "mime_type": file.mime_type,
    });
    if file.kind != "document" {
        object["duration"] = 1.into();
    }
    if matches!(file.kind.as_str(), "video" | "animation") {
        (object["width"], object["height"]) = (320.into(), 240.into());
    }
    if file.kind != "voice" {
        object["file_name"] = file.name.clone().into();
    }
    object
}

/// A picture comes in several sizes, the largest last, and without a name.
fn photo(file: &File) -> Value {
    json!([
        { "file_id": format!("{}s", file.file_id), "file_unique_id": format!("{}s", unique_id(file)),
          "file_size": 1, "width": 90, "height": 67 },
        { "file_id": file.file_id, "file_unique_id": unique_id(file),
          "file_size": file.announced(), "width": 1280, "height": 960 },
    ])
}

pub(crate) fn unique_id(file: &File) -> String {
    format!("AgAD{}", &file.file_id[file.file_id.len().saturating_sub(8)..])
}

pub(crate) fn callback(world: &World, callback: &Callback) -> Value {
    let standing = world.messages.get(&(callback.chat, callback.message)).filter(|m| !m.deleted);
    let origin = match standing {
        Some(standing) => message(world, standing),
        // What the server can no longer show comes with a date of zero.
        None => {
            json!({ "chat": chat(world, callback.chat), "message_id": callback.message, "date": 0 })
        }
    };
    json!({
        "id": callback.id,
        "from": user(world, callback.user),
        "message": origin,
        "chat_instance": format!("{}", callback.chat.wrapping_mul(-7_919)),
        "data": callback.data,
    })
}

/// A `ChatMemberUpdated` about the bot itself.
pub(crate) fn membership(world: &World, in_chat: i64, by: i64, was: &str, is: &str) -> Value {
    let member = |status: &str| {
        let mut member = json!({ "user": user(world, world.bot.id), "status": status });
        if status == "kicked" {
            member["until_date"] = 0.into();
        }
        member
    };
    json!({
        "chat": chat(world, in_chat),
        "from": user(world, by),
        "date": world.clock.now().as_second(),
        "old_chat_member": member(was),
        "new_chat_member": member(is),
    })
}
