//! Everything the double knows: people, chats, messages, and what the bot has set.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::clock::Clock;
use super::entities::Formatted;
use super::faults::Faults;
use super::flood::Flood;
use super::journal::Journal;
use super::keyboard::Markup;
use super::refusal::Refusal;
use super::updates::Updates;

/// Who the bot is.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) username: String,
    /// Without privacy mode the bot sees every message of its groups.
    pub(crate) reads_groups: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) username: Option<String>,
    /// Is another bot; bots never hear each other.
    pub(crate) is_bot: bool,
    /// Has opened the private chat; until then a bot may not write.
    pub(crate) started: bool,
    pub(crate) blocked: bool,
}

/// What a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatKind {
    /// One person and the bot; the chat's id is the person's.
    Private,
    /// A basic group.
    Group,
    /// A supergroup, whose messages are numbered on their own.
    Supergroup,
    /// A channel, in which only its own name speaks.
    Channel,
}

impl ChatKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Channel => "channel",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Chat {
    pub(crate) kind: ChatKind,
    pub(crate) title: String,
    pub(crate) members: BTreeSet<i64>,
    pub(crate) bot_is_member: bool,
    pub(crate) bot_is_admin: bool,
    /// Is a forum, whose messages are in topics.
    pub(crate) is_forum: bool,
    pub(crate) migrated_to: Option<i64>,
    pub(crate) pinned: Option<i64>,
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// `document`, `voice`, …: the field of the message it is in.
    pub kind: String,
    /// The bot's handle on it.
    pub file_id: String,
    /// The name it was sent under.
    pub name: String,
    /// What its sender said it is.
    pub mime_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// How many bytes it is said to have, where that is not true.
    pub said: Option<usize>,
}

impl File {
    /// How many bytes it is said to have.
    pub(crate) fn announced(&self) -> usize {
        self.said.unwrap_or(self.bytes.len())
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) chat: i64,
    pub(crate) id: i64,
    pub(crate) from: i64,
    /// The chat in whose name it was sent.
    pub(crate) sender_chat: Option<i64>,
    /// The forum's topic it is in, by the number of the message that opened it; none is the general
    /// one.
    pub(crate) topic: Option<i64>,
    pub(crate) date: Timestamp,
    pub(crate) edited: Option<Timestamp>,
    pub(crate) content: Formatted,
    pub(crate) file: Option<File>,
    /// The album it is a part of.
    pub(crate) album: Option<String>,
    pub(crate) markup: Markup,
    pub(crate) reply_to: Option<i64>,
    /// The chat and number of a message elsewhere that this one replies to.
    pub(crate) reply_elsewhere: Option<(i64, i64)>,
    /// For a forwarded message: who wrote it, and when.
    pub(crate) forwarded: Option<(i64, Timestamp)>,
    /// For a service message: the field it carries and that field's value.
    pub(crate) service: Option<(String, Value)>,
    pub(crate) silent: bool,
    pub(crate) deleted: bool,
    pub(crate) reaction: Option<String>,
    /// How often its content changed, so that a watcher can tell versions apart.
    pub(crate) version: u32,
}

/// A tap, and what the bot answered to it.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    pub(crate) id: String,
    pub(crate) user: i64,
    pub(crate) chat: i64,
    pub(crate) message: i64,
    pub(crate) data: String,
    pub(crate) at: Timestamp,
    pub(crate) answer: Option<Answer>,
}

/// What a person sees after a tap: a short notice, or a box to be closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// May be empty: then only the spinner on the button stops.
    pub text: String,
    /// Shown as a box.
    pub alert: bool,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) bot: Bot,
    pub(crate) users: BTreeMap<i64, User>,
    pub(crate) chats: BTreeMap<i64, Chat>,
    pub(crate) messages: BTreeMap<(i64, i64), Message>,
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) commands: BTreeMap<String, Value>,
    pub(crate) updates: Updates,
    pub(crate) faults: Faults,
    pub(crate) flood: Flood,
    pub(crate) journal: Journal,
    /// Numbers shared by private chats and basic groups, as on the real server.
    pub(crate) last_message: i64,
    pub(crate) last_callback: u64,
    pub(crate) last_file: u64,
    pub(crate) last_album: u64,
    /// The files that the bot has asked for and may therefore fetch.
    pub(crate) fetchable: BTreeSet<String>,
}

impl World {
    pub(crate) fn new(bot: Bot) -> Self {
        Self {
            clock: Clock::new(),
            bot,
            users: BTreeMap::new(),
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            callbacks: Vec::new(),
            commands: BTreeMap::new(),
            updates: Updates::new(),
            faults: Faults::default(),
            flood: Flood::default(),
            journal: Journal::default(),
            last_message: 0,
            last_callback: 4_000_000_000_000_000,
            last_file: 0,
            last_album: 13_700_000_000_000_000,
            fetchable: BTreeSet::new(),
        }
    }

    pub(crate) fn add_user(&mut self, id: i64, started: bool) {
        self.users.entry(id).or_insert_with(|| User {
            name: format!("Person {id}"),
            username: None,
            is_bot: false,
            started: false,
            blocked: false,
        });
        self.chats.entry(id).or_insert_with(|| Chat {
            kind: ChatKind::Private,
            title: String::new(),
            members: BTreeSet::from([id]),
            bot_is_member: true,
            bot_is_admin: false,
            is_forum: false,
            migrated_to: None,
            pinned: None,
        });
        if started && let Some(user) = self.users.get_mut(&id) {
            user.started = true;
        }
    }

    /// Finds a chat the bot may write to, or says why it may not.
    pub(crate) fn writable_chat(&self, chat: &str) -> Result<i64, Refusal> {
        let id = self.readable_chat(chat)?;
        let chat = &self.chats[&id];
        if let Some(to) = chat.migrated_to {
            return Err(Refusal::migrated(to));
        }
        if chat.kind == ChatKind::Private {
            return match self.users.get(&id) {
                Some(user) if user.blocked => {
                    Err(Refusal::new(403, "Forbidden: bot was blocked by the user"))
                }
                Some(user) if user.started => Ok(id),
                _ => {
                    Err(Refusal::new(403, "Forbidden: bot can't initiate conversation with a user"))
                }
            };
        }
        if !chat.bot_is_member {
            let kind = chat.kind.name();
            return Err(Refusal::new(
                403,
                format!("Forbidden: bot was kicked from the {kind} chat"),
            ));
        }
        Ok(id)
    }

    /// Finds a chat the bot has heard of.
    pub(crate) fn readable_chat(&self, chat: &str) -> Result<i64, Refusal> {
        if chat.is_empty() {
            return Err(Refusal::bad("chat_id is empty"));
        }
        let id = chat.trim().parse().ok().filter(|id| self.chats.contains_key(id));
        id.ok_or_else(|| Refusal::bad("chat not found"))
    }

    /// Finds a message that still stands; `what` names it in the refusal.
    pub(crate) fn message(
        &self,
        chat: i64,
        id: Option<i64>,
        what: &str,
    ) -> Result<&Message, Refusal> {
        let message = id.and_then(|id| self.messages.get(&(chat, id)));
        message.filter(|m| !m.deleted).ok_or_else(|| Refusal::bad(format!("{what} not found")))
    }

    /// Puts a message into a chat and gives it the chat's next number.
    pub(crate) fn post(&mut self, mut message: Message) -> Message {
        let own_numbers = self
            .chats
            .get(&message.chat)
            .is_some_and(|c| matches!(c.kind, ChatKind::Supergroup | ChatKind::Channel));
        message.id = if own_numbers {
            let last =
                self.messages.range((message.chat, 0)..=(message.chat, i64::MAX)).next_back();
            last.map_or(1, |((_, id), _)| id + 1)
        } else {
            self.last_message += 1;
            self.last_message
        };
        self.messages.insert((message.chat, message.id), message.clone());
        message
    }

    pub(crate) fn draft(&self, chat: i64, from: i64) -> Message {
        Message {
            chat,
            id: 0,
            from,
            sender_chat: None,
            topic: None,
            date: self.clock.now(),
            edited: None,
            content: Formatted::default(),
            file: None,
            album: None,
            markup: Markup::None,
            reply_to: None,
            reply_elsewhere: None,
            forwarded: None,
            service: None,
            silent: false,
            deleted: false,
            reaction: None,
            version: 0,
        }
    }

    pub(crate) fn new_file(
        &mut self,
        kind: &str,
        name: &str,
        mime_type: &str,
        bytes: Vec<u8>,
    ) -> File {
        self.last_file += 1;
        File {
            kind: kind.into(),
            file_id: format!("BQACAgIAAxkB{:08}", self.last_file),
            name: name.into(),
            mime_type: mime_type.into(),
            bytes,
            said: None,
        }
    }

    pub(crate) fn file(&self, file_id: &str) -> Option<&File> {
        self.messages.values().filter_map(|m| m.file.as_ref()).find(|file| file.file_id == file_id)
    }
}
