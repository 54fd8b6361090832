//! A person with a phone: writes, taps, deletes, blocks; and what a forger would try in their name.

use std::time::Duration;

use jiff::SignedDuration;
use thiserror::Error;

use super::entities::{Entity, Formatted, find_entities, utf16_len};
use super::json;
use super::keyboard::Action;
use super::shared::Shared;
use super::view::MessageView;
use super::voices::Manner;
use super::world::{Callback, ChatKind, Message, World};

/// A person in one of their chats.
#[derive(Clone, Debug)]
pub struct Person {
    pub(crate) shared: Shared,
    pub(crate) id: i64,
    pub(crate) chat: i64,
    pub(crate) ago: Duration,
    pub(crate) manner: Manner,
}

/// What a person tried to do and the screen did not let them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PersonError {
    /// The message is not there (any more).
    #[error("person {user} sees no message {message} in chat {chat}")]
    NoMessage {
        /// Who looked.
        user: i64,
        /// Where.
        chat: i64,
        /// For what.
        message: i64,
    },
    /// The message has no such button (any more).
    #[error("message {message} in chat {chat} has no button {wanted:?}; it has {there:?}")]
    NoButton {
        /// Where.
        chat: i64,
        /// Under which message.
        message: i64,
        /// What was wanted.
        wanted: String,
        /// The labels that are there.
        there: Vec<String>,
    },
    /// The person is not in the chat.
    #[error("person {user} is not in chat {chat}")]
    NotThere {
        /// Who.
        user: i64,
        /// Where.
        chat: i64,
    },
    /// People change only what they wrote themselves.
    #[error("message {message} in chat {chat} was not written by person {user}")]
    NotTheirs {
        /// Who tried.
        user: i64,
        /// Where.
        chat: i64,
        /// What.
        message: i64,
    },
}

/// A tap that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// The callback query's id.
    pub id: String,
}

impl Person {
    /// Finds or makes a person; `started` opens their private chat.
    pub(crate) fn meet(shared: &Shared, id: i64, started: bool) -> Self {
        shared.change(|world| world.add_user(id, started));
        Self {
            shared: shared.clone(),
            id,
            chat: id,
            ago: Duration::ZERO,
            manner: Manner::default(),
        }
    }

    /// The person's id, which is the id of their private chat too.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The same person in another chat.
    #[must_use]
    pub fn in_chat(&self, chat: i64) -> Self {
        Self { chat, manner: Manner::default(), ..self.clone() }
    }

    /// The same person, whose next doings carry a date this far in the past, as after an outage.
    #[must_use]
    pub fn dated(&self, ago: Duration) -> Self {
        Self { ago, ..self.clone() }
    }

    /// Gives the person a user name.
    pub fn set_username(&self, username: &str) {
        self.shared.change(|world| {
            if let Some(user) = world.users.get_mut(&self.id) {
                user.username = Some(username.into());
            }
        });
    }

    /// Writes a message; gives its number.
    ///
    /// # Panics
    /// If the person is not in the chat.
    pub fn send(&self, text: &str) -> i64 {
        self.try_send(text, None).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Replies to a message.
    ///
    /// # Panics
    /// If the person is not in the chat.
    pub fn reply(&self, to: i64, text: &str) -> i64 {
        self.try_send(text, Some(to)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Replies, in this chat, to a message of another chat.
    ///
    /// # Panics
    /// If the person is not in the chat.
    pub fn reply_elsewhere(&self, chat: i64, to: i64, text: &str) -> i64 {
        let sent = self.post(text, None, |_, message| message.reply_elsewhere = Some((chat, to)));
        sent.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Forwards a message of another chat into this one; its buttons that ask the bot stay behind.
    ///
    /// # Errors
    /// If there is no such message.
    pub fn forward(&self, chat: i64, message: i64) -> Result<i64, PersonError> {
        let original = self.in_chat(chat);
        let original = original.seen(&self.shared.look(), message)?.clone();
        self.post(&original.content.text, None, |_, copy| {
            copy.content = original.content.clone();
            copy.file = original.file.clone();
            copy.forwarded = Some((original.from, original.date));
        })
    }

    /// Makes of this account another bot.
    pub fn be_a_bot(&self) {
        self.shared.change(|world| {
            if let Some(user) = world.users.get_mut(&self.id) {
                user.is_bot = true;
            }
        });
    }

    /// Sends a file: `kind` is `document`, `photo`, `voice`, `audio` or `video`.
    ///
    /// # Panics
    /// If the person is not in the chat.
    pub fn send_file(
        &self,
        kind: &str,
        name: &str,
        mime_type: &str,
        bytes: &[u8],
        caption: &str,
    ) -> i64 {
        let sent = self.try_send_file(kind, name, mime_type, bytes, caption);
        sent.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_send_file(
        &self,
        kind: &str,
        name: &str,
        mime_type: &str,
        bytes: &[u8],
        caption: &str,
    ) -> Result<i64, PersonError> {
        self.post(caption, None, |world, message| {
            message.file = Some(world.new_file(kind, name, mime_type, bytes.to_vec()));
        })
    }

    pub(crate) fn try_send(&self, text: &str, reply_to: Option<i64>) -> Result<i64, PersonError> {
        self.post(text, reply_to, |_, _| {})
    }

    pub(super) fn post(
        &self,
        text: &str,
        reply_to: Option<i64>,
        change: impl FnOnce(&mut World, &mut Message),
    ) -> Result<i64, PersonError> {
        self.shared.change(|world| {
            self.check_membership(world)?;
            if self.chat == self.id
                && let Some(user) = world.users.get_mut(&self.id)
            {
                (user.started, user.blocked) = (true, false);
            }
            let mut message = world.draft(self.chat, self.id);
            message.date = self.date(world);
            message.content = Formatted { text: text.into(), entities: find_entities(text) };
            message.reply_to = reply_to;
            self.manner.apply(world, &mut message);
            change(world, &mut message);
            let message = world.post(message);
            if bot_sees(world, &message) {
                let body = json::message(world, &message);
                world.updates.push(message.date, kind_of_update(world, &message), body);
            }
            Ok(message.id)
        })
    }

    fn date(&self, world: &World) -> jiff::Timestamp {
        let ago = SignedDuration::try_from(self.ago).unwrap_or(SignedDuration::MAX);
        world.clock.now().saturating_sub(ago).unwrap_or(jiff::Timestamp::MIN)
    }

    fn check_membership(&self, world: &World) -> Result<(), PersonError> {
        let inside =
            world.chats.get(&self.chat).is_some_and(|chat| chat.members.contains(&self.id));
        if inside { Ok(()) } else { Err(PersonError::NotThere { user: self.id, chat: self.chat }) }
    }

    fn seen<'w>(&self, world: &'w World, message: i64) -> Result<&'w Message, PersonError> {
        self.check_membership(world)?;
        let standing = world.messages.get(&(self.chat, message)).filter(|m| !m.deleted);
        standing.ok_or(PersonError::NoMessage { user: self.id, chat: self.chat, message })
    }

    /// Taps the button with this label under a message, as it stands now.
    ///
    /// # Errors
    /// If the message or the button is gone.
    pub fn tap(&self, message: i64, label: &str) -> Result<Tap, PersonError> {
        self.tap_where(message, label, |_, button_label| button_label == label)
    }

    /// Taps the button that sends this data.
    ///
    /// # Errors
    /// If the message or the button is gone.
    pub fn tap_data(&self, message: i64, data: &str) -> Result<Tap, PersonError> {
        self.tap_where(message, data, |button_data, _| button_data == data)
    }

    fn tap_where(
        &self,
        id: i64,
        wanted: &str,
        fits: impl Fn(&str, &str) -> bool,
    ) -> Result<Tap, PersonError> {
        self.shared.change(|world| {
            let message = self.seen(world, id)?;
            let buttons = || message.markup.rows().iter().flatten();
            let data = buttons().find_map(|button| match &button.action {
                Action::Callback(data) if fits(data, &button.label) => Some(data.clone()),
                _ => None,
            });
            let data = data.ok_or_else(|| PersonError::NoButton {
                chat: self.chat,
                message: id,
                wanted: wanted.into(),
                there: buttons().map(|button| button.label.clone()).collect(),
            })?;
            Ok(self.send_callback(world, self.chat, id, data))
        })
    }

    /// Sends a tap that no screen offers: data nobody was given, a message of another chat, a button long gone.
    pub fn forge(&self, chat: i64, message: i64, data: &str) -> Tap {
        self.shared.change(|world| self.send_callback(world, chat, message, data.into()))
    }

    fn send_callback(&self, world: &mut World, chat: i64, message: i64, data: String) -> Tap {
        world.last_callback += 1;
        let callback = Callback {
            id: world.last_callback.to_string(),
            user: self.id,
            chat,
            message,
            data,
            at: self.date(world),
            answer: None,
        };
        let body = json::callback(world, &callback);
        world.updates.push(callback.at, "callback_query", body);
        let tap = Tap { id: callback.id.clone() };
        world.callbacks.push(callback);
        tap
    }

    /// Deletes a message for everybody; the bot is not told.
    ///
    /// # Errors
    /// If it is not there, or in a group not theirs.
    pub fn delete(&self, id: i64) -> Result<(), PersonError> {
        self.shared.change(|world| {
            let message = self.seen(world, id)?;
            if message.from != self.id && self.chat != self.id {
                return Err(PersonError::NotTheirs { user: self.id, chat: self.chat, message: id });
            }
            if let Some(message) = world.messages.get_mut(&(self.chat, id)) {
                message.deleted = true;
            }
            Ok(())
        })
    }

    /// Edits a message of their own.
    ///
    /// # Errors
    /// If it is not there or not theirs.
    pub fn edit(&self, id: i64, text: &str) -> Result<(), PersonError> {
        self.shared.change(|world| {
            let mut message = self.seen(world, id)?.clone();
            if message.from != self.manner.account(self.id) {
                return Err(PersonError::NotTheirs { user: self.id, chat: self.chat, message: id });
            }
            message.content = Formatted { text: text.into(), entities: find_entities(text) };
            message.edited = Some(world.clock.now());
            message.version += 1;
            world.messages.insert((self.chat, id), message.clone());
            if bot_sees(world, &message) {
                let (now, body) = (world.clock.now(), json::message(world, &message));
                world.updates.push(now, "edited_message", body);
            }
            Ok(())
        })
    }

    /// Blocks the bot, or takes it back.
    pub fn block(&self, blocked: bool) {
        self.shared.change(|world| {
            if let Some(user) = world.users.get_mut(&self.id) {
                user.blocked = blocked;
            }
            let (was, is) = if blocked { ("member", "kicked") } else { ("kicked", "member") };
            let body = json::membership(world, self.id, self.id, was, is);
            let now = world.clock.now();
            world.updates.push(now, "my_chat_member", body);
        });
    }

    /// What the person sees of a message now.
    #[must_use]
    pub fn sees(&self, message: i64) -> Option<MessageView> {
        let world = self.shared.look();
        self.seen(&world, message).ok().map(|message| MessageView::of(&world, message))
    }
}

/// What is said in a channel is an update of a kind of its own.
fn kind_of_update(world: &World, message: &Message) -> &'static str {
    let chat = world.chats.get(&message.chat);
    if chat.is_some_and(|chat| chat.kind == ChatKind::Channel) { "channel_post" } else { "message" }
}

/// In privacy mode a bot sees of a group only what is meant for it.
fn bot_sees(world: &World, message: &Message) -> bool {
    let Some(chat) = world.chats.get(&message.chat) else { return false };
    // Bots do not hear each other, but those that stand for people who hide.
    let hides = message.sender_chat.is_some();
    if !hides && world.users.get(&message.from).is_some_and(|user| user.is_bot) {
        return false;
    }
    if matches!(chat.kind, ChatKind::Private | ChatKind::Channel) {
        return true;
    }
    if !chat.bot_is_member {
        return false;
    }
    let text = &message.content.text;
    let to_bot = message.reply_to.and_then(|id| world.messages.get(&(message.chat, id)));
    world.bot.reads_groups
        || chat.bot_is_admin
        || message.content.entities.first().is_some_and(is_leading_command)
        || text.contains(&format!("@{}", world.bot.username))
        || to_bot.is_some_and(|original| original.from == world.bot.id)
        || (utf16_len(text) == 0 && message.service.is_some())
}

fn is_leading_command(entity: &Entity) -> bool {
    entity.kind == "bot_command" && entity.offset == 0
}
