//! What can be seen from outside: the chats as a person has them on a screen, and what the bot called.

use serde_json::{Value, json};

use super::entities::Formatted;
use super::journal::Call;
use super::keyboard::{self, Action, Markup, Rows};
use super::world::{Answer, File, Message, World};

/// The double at one moment.
#[derive(Clone, Debug)]
pub struct View {
    /// Every chat, by id.
    pub chats: Vec<ChatView>,
    /// Every call, in order.
    pub calls: Vec<Call>,
    /// Every tap, in order.
    pub taps: Vec<TapView>,
    /// Does the bot wait for updates?
    pub polling: bool,
    /// Updates the bot has not confirmed.
    pub pending_updates: usize,
}

/// A chat.
#[derive(Clone, Debug)]
pub struct ChatView {
    /// The chat's id.
    pub id: i64,
    /// Its messages, oldest first, without those that were deleted.
    pub messages: Vec<MessageView>,
}

/// A message as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageView {
    /// The chat it is in.
    pub chat: i64,
    /// Its number.
    pub id: i64,
    /// Who sent it.
    pub from: i64,
    /// Was that the bot?
    pub from_bot: bool,
    /// Text or caption, with entities.
    pub content: Formatted,
    /// The buttons, in rows.
    pub rows: Rows,
    /// The forum's topic it is in.
    pub topic: Option<i64>,
    /// The message it replies to.
    pub reply_to: Option<i64>,
    /// Whether it has clients begin a reply to it.
    pub forces_reply: bool,
    /// How many times it was edited.
    pub edits: u32,
    /// The file it brought.
    pub file: Option<File>,
    /// For a service message: what it tells.
    pub service: Option<String>,
    /// Came without a sound.
    pub silent: bool,
    /// Is the chat's pinned message.
    pub pinned: bool,
    /// The bot's reaction on it.
    pub reaction: Option<String>,
}

/// A tap on a button.
#[derive(Clone, Debug, PartialEq)]
pub struct TapView {
    /// The callback query's id.
    pub id: String,
    /// Who tapped.
    pub user: i64,
    /// Where.
    pub chat: i64,
    /// On which message.
    pub message: i64,
    /// The button's data.
    pub data: String,
    /// What the bot answered, if it did.
    pub answer: Option<Answer>,
}

impl View {
    pub(crate) fn of(world: &World) -> Self {
        let messages = |chat: i64| {
            let all = world.messages.range((chat, 0)..=(chat, i64::MAX));
            all.filter(|(_, m)| !m.deleted).map(|(_, m)| MessageView::of(world, m)).collect()
        };
        let chats =
            world.chats.keys().map(|id| ChatView { id: *id, messages: messages(*id) }).collect();
        let taps = world.callbacks.iter().map(|tap| TapView {
            id: tap.id.clone(),
            user: tap.user,
            chat: tap.chat,
            message: tap.message,
            data: tap.data.clone(),
            answer: tap.answer.clone(),
        });
        Self {
            chats,
            calls: world.journal.calls.clone(),
            taps: taps.collect(),
            polling: world.updates.polling.is_some(),
            pending_updates: world.updates.pending(),
        }
    }

    /// The messages of a chat, oldest first; none if there is no such chat.
    #[must_use]
    pub fn messages(&self, chat: i64) -> &[MessageView] {
        self.chats.iter().find(|one| one.id == chat).map_or(&[], |one| &one.messages)
    }

    /// The newest message of a chat that fits.
    pub fn find(&self, chat: i64, fits: impl Fn(&MessageView) -> bool) -> Option<&MessageView> {
        self.messages(chat).iter().rev().find(|message| fits(message))
    }

    /// A message by its number, if it still stands.
    #[must_use]
    pub fn message(&self, chat: i64, id: i64) -> Option<&MessageView> {
        self.messages(chat).iter().find(|message| message.id == id)
    }

    /// The calls of one method, oldest first.
    #[must_use]
    pub fn calls_of(&self, method: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.method.eq_ignore_ascii_case(method)).collect()
    }
}

impl TapView {
    /// The tap as JSON, for the control interface.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let answer = self.answer.as_ref();
        json!({
            "tap": self.id,
            "user": self.user,
            "chat": self.chat,
            "message": self.message,
            "data": self.data,
            "answer": answer.map(|answer| json!({ "text": answer.text, "alert": answer.alert })),
        })
    }
}

impl MessageView {
    pub(crate) fn of(world: &World, message: &Message) -> Self {
        let pinned = world.chats.get(&message.chat).and_then(|chat| chat.pinned);
        Self {
            chat: message.chat,
            id: message.id,
            from: message.from,
            from_bot: message.from == world.bot.id,
            content: message.content.clone(),
            rows: message.markup.rows().to_vec(),
            topic: message.topic,
            reply_to: message.reply_to,
            forces_reply: matches!(
                &message.markup,
                Markup::Other(markup) if markup.get("force_reply").is_some()
            ),
            edits: message.version,
            file: message.file.clone(),
            service: message.service.as_ref().map(|(name, _)| name.clone()),
            silent: message.silent,
            pinned: pinned == Some(message.id),
            reaction: message.reaction.clone(),
        }
    }

    /// The text, without formatting.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.content.text
    }

    /// The labels of all buttons, row after row.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        self.rows.iter().flatten().map(|button| button.label.as_str()).collect()
    }

    /// What each button sends, for those that send something.
    #[must_use]
    pub fn data(&self) -> Vec<&str> {
        let sent = self.rows.iter().flatten().filter_map(|button| match &button.action {
            Action::Callback(data) => Some(data.as_str()),
            Action::Url(_) | Action::Copy(_) | Action::Other(..) => None,
        });
        sent.collect()
    }

    /// The message as JSON, for the control interface.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let entities: Vec<Value> =
            self.content.entities.iter().map(super::entities::Entity::to_json).collect();
        json!({
            "chat": self.chat,
            "message": self.id,
            "from": self.from,
            "from_bot": self.from_bot,
            "text": self.content.text,
            "entities": entities,
            "buttons": keyboard::to_json(&self.rows)["inline_keyboard"],
            "reply_to": self.reply_to,
            "edits": self.edits,
            "file": self.file.as_ref().map(|file| json!({ "name": file.name, "size": file.bytes.len() })),
            "service": self.service,
            "silent": self.silent,
            "pinned": self.pinned,
            "reaction": self.reaction,
            "card": self.render_text(),
        })
    }
}
