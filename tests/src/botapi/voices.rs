//! In what other manner people speak: in a forum's topic, as the group or as a channel of theirs, by a
//! reaction.

use serde_json::json;

use super::json::{chat, user};
use super::person::Person;
use super::world::{ChatKind, Message, User, World};

/// The account that stands for every anonymous administrator.
const ANONYMOUS: i64 = 1_087_968_824;
/// The account that stands for whoever speaks as a channel.
const CHANNEL: i64 = 136_817_688;

/// In what manner a person speaks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// The topic of a forum; none is the general one.
    topic: Option<i64>,
    /// The account that is shown for theirs, and the chat in whose name they speak.
    hidden: Option<(i64, i64)>,
}

impl Manner {
    /// The account that everybody sees.
    pub(crate) fn account(&self, own: i64) -> i64 {
        self.hidden.map_or(own, |(account, _)| account)
    }

    /// Makes a message what it is in this manner.
    pub(crate) fn apply(&self, world: &mut World, message: &mut Message) {
        if let Some(topic) = self.topic {
            let there = world.messages.get(&(message.chat, topic));
            let is_topic = there.and_then(|opened| opened.service.as_ref());
            assert!(
                is_topic.is_some_and(|(what, _)| what == "forum_topic_created"),
                "chat {} has no topic {topic}",
                message.chat
            );
            message.topic = Some(topic);
        }
        if let Some((account, name)) = self.hidden {
            world.users.entry(account).or_insert_with(|| User {
                name: if account == ANONYMOUS { "Group" } else { "Channel" }.into(),
                username: None,
                is_bot: true,
                started: false,
                blocked: false,
            });
            message.from = account;
            message.sender_chat = Some(name);
        }
        if world.chats.get(&message.chat).is_some_and(|chat| chat.kind == ChatKind::Channel) {
            message.sender_chat = Some(message.chat);
        }
    }
}

impl Person {
    /// The same person in a topic of the forum they are in.
    #[must_use]
    pub fn in_topic(&self, topic: i64) -> Self {
        let manner = Manner { topic: Some(topic), ..self.manner };
        Self { manner, ..self.clone() }
    }

    /// The same person as an anonymous administrator of the group they are in.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        let manner = Manner { hidden: Some((ANONYMOUS, self.chat)), ..self.manner };
        Self { manner, ..self.clone() }
    }

    /// The same person, speaking in the name of a channel.
    #[must_use]
    pub fn as_channel(&self, channel: i64) -> Self {
        let manner = Manner { hidden: Some((CHANNEL, channel)), ..self.manner };
        Self { manner, ..self.clone() }
    }

    /// Puts an emoji under a message.
    pub fn react(&self, message: i64, emoji: &str) {
        self.shared.change(|world| {
            let body = json!({
                "chat": chat(world, self.chat),
                "message_id": message,
                "user": user(world, self.id),
                "date": world.clock.now().as_second(),
                "old_reaction": [],
                "new_reaction": [{ "type": "emoji", "emoji": emoji }],
            });
            let now = world.clock.now();
            world.updates.push(now, "message_reaction", body);
        });
    }
}
