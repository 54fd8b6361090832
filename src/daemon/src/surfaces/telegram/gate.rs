//! Who is heard: what is known of an update, said in the words of the one judgement.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use pager_core::access::{
    Access, Action, Addressed, Form, Inquiry, Pattern, Place, Rules, Sender, SlidingWindow, Wait,
    Why,
};
use pager_core::{AccessCommand, Actor, Command, Machine, Reply};
use teloxide_core::types::{
    CallbackQuery, Chat, ChatKind, MaybeInaccessibleMessage, Message, MessageEntityKind,
    PublicChatKind, User,
};

use super::Door;
use super::job::Job;
use crate::engine::EngineError;
use crate::redaction;

/// Where an update comes from and who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) place: Place,
    pub(super) sender: Sender,
}

impl Seen {
    /// Whoever wrote a message, and where.
    pub(super) fn of_message(message: &Message) -> Self {
        // A channel, or a group that speaks through its anonymous administrator.
        let own = message.sender_chat.is_none();
        let sender = message.from.as_ref().filter(|_| own).map_or(Sender::Nobody, account);
        Self { place: place(&message.chat, topic(message)), sender }
    }

    /// Whoever tapped a button, and where.
    pub(super) fn of_tap(query: &CallbackQuery) -> Self {
        let place = match &query.message {
            Some(MaybeInaccessibleMessage::Regular(message)) => {
                place(&message.chat, topic(message))
            }
            // In which topic it stood nobody can tell.
            Some(MaybeInaccessibleMessage::Inaccessible(message)) if message.chat.is_private() => {
                place(&message.chat, None)
            }
            Some(MaybeInaccessibleMessage::Inaccessible(_)) | None => Place::Unknown,
        };
        Self { place, sender: account(&query.from) }
    }

    /// The sender's number; 0 for nobody's.
    pub(super) fn user(&self) -> i64 {
        match self.sender {
            Sender::Person(user) => user,
            Sender::Host | Sender::Nobody => 0,
        }
    }
}

fn account(user: &User) -> Sender {
    i64::try_from(user.id.0).map_or(Sender::Nobody, |id| Sender::account(id, user.is_bot))
}

fn topic(message: &Message) -> Option<i32> {
    message.thread_id.filter(|_| message.is_topic_message).map(|thread| thread.0.0)
}

fn place(chat: &Chat, topic: Option<i32>) -> Place {
    match &chat.kind {
        ChatKind::Private(_) => Place::Direct { chat: chat.id.0 },
        ChatKind::Public(public) => match public.kind {
            PublicChatKind::Group | PublicChatKind::Supergroup(_) => {
                Place::Group { chat: chat.id.0, topic }
            }
            PublicChatKind::Channel(_) => Place::Channel,
        },
    }
}

/// The message that this one replies to. In a forum's topic whatever replies to nothing comes as a
/// reply to the message that opened the topic, which speaks to nobody.
pub(super) fn replied_to(message: &Message) -> Option<&Message> {
    message.reply_to_message().filter(|original| original.forum_topic_created().is_none())
}

/// Whether a message speaks to the bot: by its name, by a reply to it, or by one of the group's own
/// names for it. Who names somebody else speaks to them.
pub(super) fn addressed(
    message: &Message,
    bot_id: &str,
    bot: &str,
    names: &[Pattern],
) -> Addressed {
    let replied = replied_to(message).and_then(|original| original.from.as_ref());
    if replied.is_some_and(|from| from.id.0.to_string() == bot_id) {
        return Addressed::Yes;
    }
    let entities = message.parse_entities().or_else(|| message.parse_caption_entities());
    let mut others = false;
    for entity in entities.unwrap_or_default() {
        let named = match entity.kind() {
            MessageEntityKind::Mention => entity.text().strip_prefix('@'),
            MessageEntityKind::BotCommand => entity.text().split_once('@').map(|(_, bot)| bot),
            MessageEntityKind::TextMention { user } if user.id.0.to_string() == bot_id => {
                return Addressed::Yes;
            }
            MessageEntityKind::TextMention { .. } => {
                others = true;
                None
            }
            _ => None,
        };
        match named {
            // Until the server has said what the bot is called, any name may be its.
            Some(_) if bot.is_empty() => return Addressed::Unknown,
            Some(name) if name.eq_ignore_ascii_case(bot) => return Addressed::Yes,
            Some(_) => others = true,
            None => {}
        }
    }
    let text = message.text().or_else(|| message.caption()).unwrap_or_default();
    if !others && names.iter().any(|name| name.is_in(text)) {
        Addressed::Yes
    } else {
        Addressed::No
    }
}

impl Door {
    /// The rules as they are now: the configuration's, whoever was let in, and whether all is shut.
    pub(super) async fn rules(&self) -> Result<Rules, EngineError> {
        let mut rules = self.rules.clone();
        self.handle
            .with_store(move |store, machine| {
                for (chat, group) in rules.groups.clone() {
                    // A group that has become a supergroup is the same people.
                    let to = super::moved(store, chat)?;
                    rules.groups.entry(to).or_insert(group);
                }
                Ok(current(rules, machine))
            })
            .await
    }

    /// Judges what somebody wants by a tap.
    pub(super) async fn judge_tap(
        &self,
        seen: Seen,
        action: Action,
    ) -> Result<Access, EngineError> {
        let Seen { place, sender } = seen;
        let (form, addressed) = (Form::Callback, Addressed::Yes);
        Ok(self.rules().await?.judge(&Inquiry { place, sender, form, addressed, action }))
    }

    /// Since when everything is shut, for somebody whose tap would count otherwise: to others it is
    /// as it always is.
    pub(super) async fn shut_since(
        &self,
        seen: Seen,
        action: Action,
    ) -> Result<Option<Timestamp>, EngineError> {
        let lock = self.handle.with_store(|_, machine| Ok(machine.locked().cloned())).await?;
        let Some(lock) = lock else { return Ok(None) };
        let rules = Rules { locked: false, ..self.rules().await? };
        let Seen { place, sender } = seen;
        let (form, addressed) = (Form::Callback, Addressed::Yes);
        let judged = rules.judge(&Inquiry { place, sender, form, addressed, action });
        Ok(matches!(judged, Access::Granted(_)).then_some(lock.at))
    }

    /// Judges what somebody wants by a message.
    pub(super) async fn judge_message(
        &self,
        message: &Message,
        bot: &str,
        form: Form<'_>,
        action: Action,
    ) -> Result<Access, EngineError> {
        let rules = self.rules().await?;
        let Seen { place, sender } = Seen::of_message(message);
        let addressed = match place {
            Place::Group { chat, .. } => {
                let names = rules.groups.get(&chat).map_or(&[][..], |group| &group.mentions);
                addressed(message, self.api.bot_id(), bot, names)
            }
            _ => Addressed::Yes,
        };
        let judged = rules.judge(&Inquiry { place, sender, form, addressed, action });
        if let (Access::Refused(Why::GroupOff), Place::Group { chat, topic: None }) =
            (&judged, place)
        {
            self.unlisted(chat);
        }
        Ok(judged)
    }

    /// Says once in the journal how a group would be heard.
    fn unlisted(&self, chat: i64) {
        let known = self.rules.groups.contains_key(&chat);
        if !known && super::lock(&self.unlisted).first(chat) {
            tracing::info!(
                "group {chat} is not heard: [telegram.groups.\"{chat}\"] in pager.toml would change \
                 that"
            );
        }
    }
}

fn current(mut rules: Rules, machine: &Machine) -> Rules {
    for principal in machine.principals() {
        // What the configuration says of somebody counts for more.
        rules.people.entry(principal.user).or_insert_with(|| principal.role.clone());
    }
    rules.locked |= machine.locked().is_some();
    rules
}

impl Door {
    /// A stranger has written in a chat of their own.
    pub(super) async fn knocked(&self, message: &Message) -> Result<(), EngineError> {
        let Some(from) = &message.from else { return Ok(()) };
        let user = Seen::of_message(message).user();
        let name = match &from.username {
            Some(username) => format!("{} (@{username})", from.full_name()),
            None => from.full_name(),
        };
        let knock = AccessCommand::Knock { user, name: redaction::line(&name, 80) };
        match self.handle.submit(Actor::Telegram { user }, Command::Access(knock)).await {
            Ok(Reply::Knocked(Some(code))) => self.later(Job::Invite { user, code }),
            Ok(_) => {}
            Err(EngineError::Stopped) => return Err(EngineError::Stopped),
            Err(error) => tracing::warn!("a stranger could not be written down: {error}"),
        }
        Ok(())
    }

    /// Whether one more message of its sender's is taken; where not, they are told how long to wait,
    /// once.
    pub(super) fn has_patience(&self, message: &Message) -> bool {
        let user = Seen::of_message(message).user();
        let taken = super::lock(&self.crowd).take(user, since_boot());
        if let Err(Some(wait)) = taken {
            let text = format!(
                "That is a lot at once. Wait {} s. Buttons, /stop and replies that say no still work.",
                wait.seconds
            );
            self.later(Job::Say { chat: message.chat.id.0, text, to: Some(message.id.0) });
        }
        taken.is_ok()
    }
}

/// The time since boot, which no clock that is set can change.
fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(now).unwrap_or_default()
}

/// How much each of those who are known has said lately.
#[derive(Debug)]
pub(super) struct Crowd {
    requests: u32,
    window: Duration,
    people: HashMap<i64, Spoken>,
}

#[derive(Debug, Default)]
struct Spoken {
    window: SlidingWindow,
    /// Whether they have been told to wait since they were last heard.
    told: bool,
}

impl Crowd {
    /// Of how many it is counted at most.
    const MOST: usize = 1_000;

    /// Nobody has said anything; `requests` are taken of each in a `window`.
    pub(super) fn new(requests: u32, window: Duration) -> Self {
        Self { requests, window, people: HashMap::new() }
    }

    /// Takes one more message of somebody's. The error has the time to wait where they are to be told.
    fn take(&mut self, user: i64, now: Duration) -> Result<(), Option<Wait>> {
        let window = self.window;
        self.people.retain(|_, spoken| !spoken.window.is_over(now, window));
        // Where everybody may speak: rather forget somebody's count than keep everybody's.
        while self.people.len() >= Self::MOST && !self.people.contains_key(&user) {
            let Some(other) = self.people.keys().next().copied() else { break };
            self.people.remove(&other);
        }
        let spoken = self.people.entry(user).or_default();
        match spoken.window.take(now, self.requests, window) {
            Ok(()) => {
                spoken.told = false;
                Ok(())
            }
            Err(wait) => Err((!std::mem::replace(&mut spoken.told, true)).then_some(wait)),
        }
    }
}

/// Groups that were told of.
#[derive(Debug, Default)]
pub(super) struct Unlisted(Vec<i64>);

impl Unlisted {
    /// As many as anybody will look at.
    const MOST: usize = 100;

    fn first(&mut self, chat: i64) -> bool {
        let first = !self.0.contains(&chat) && self.0.len() < Self::MOST;
        if first {
            self.0.push(chat);
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_has_an_end_and_whoever_is_in_it_their_turn() {
        let mut crowd = Crowd::new(2, Duration::from_secs(60));
        let now = Duration::from_secs(1_000);
        for user in 1..=12_000 {
            assert_eq!(crowd.take(user, now), Ok(()));
        }
        assert_eq!(crowd.people.len(), Crowd::MOST);
        assert_eq!(crowd.take(20_000, now), Ok(()));
        assert_eq!(crowd.take(20_000, now), Ok(()));
        assert!(matches!(crowd.take(20_000, now), Err(Some(_))));
        assert_eq!(crowd.take(20_000, now), Err(None), "told once");
        assert_eq!(crowd.take(8, now + Duration::from_secs(60)), Ok(()));
        assert_eq!(crowd.people.len(), 1, "whose time is over is forgotten");
    }
}
