//! What becomes of an update: a tap, something said, a file.

use std::sync::Arc;
use std::time::Duration;

use pager_core::access::{Access, Action, Form, Why};
use teloxide_core::payloads::AnswerCallbackQuery;
use teloxide_core::prelude::*;
use teloxide_core::types::{CallbackQuery, Message, MessageKind, True};
use tokio::time::Instant;

use super::super::api::Failure;
use super::super::commands::Wish;
use super::super::job::Job;
use super::super::tap::Toast;
use super::super::throttle::Backoff;
use super::super::{Door, files};
use super::Poller;
use crate::engine::EngineError;
use crate::redaction;

/// How many exchanges of files wait or are on their way at once.
const EXCHANGES: usize = 32;
/// A tap's answer is of no use after about 15 seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(12);
/// How many taps are answered at a time: a server that does not answer must not fill the memory.
const ANSWERS: usize = 1_000;

impl Poller {
    pub(super) async fn tapped(&mut self, query: CallbackQuery) -> Result<(), EngineError> {
        let toast = self.door.judge(&query, self.caught_up).await?;
        if self.answers.len() >= ANSWERS {
            tracing::debug!("a tap is not answered: too many others are");
            return Ok(());
        }
        let door = Arc::clone(&self.door);
        self.answers.spawn(async move { answer(&door, query, toast).await });
        Ok(())
    }

    pub(super) async fn said(&mut self, message: &Message) -> Result<(), EngineError> {
        let chat = message.chat.id.0;
        self.door.saw(chat, message.id.0);
        let home = self.door.home();
        if let Some(to) = message.migrate_to_chat_id() {
            if home == Some(chat) || self.door.rules.groups.contains_key(&chat) {
                self.door.migrated(chat, to.0).await?;
            }
            return Ok(());
        }
        // A topic was opened, somebody came, something was pinned: nobody has said anything.
        if !matches!(message.kind, MessageKind::Common(_)) {
            return Ok(());
        }
        if files::concerns(message, &self.bot) {
            return self.exchange(message).await;
        }
        if let Some(answer) = self.door.replied(message, &self.bot, self.caught_up).await? {
            if let Some(text) = answer {
                self.door.later(Job::Say { chat, text, to: Some(message.id.0) });
            }
            return Ok(());
        }
        let private = message.chat.is_private();
        // In a group it is seen who is answered, and the answer is in their topic.
        let to = (!private).then_some(message.id.0);
        let wish = message.text().and_then(|text| Wish::read(text, &self.bot, private));
        let (form, action) = what_of(message, wish);
        match self.door.judge_message(message, &self.bot, form, action).await? {
            Access::Granted(_) => {}
            Access::Refused(Why::MayKnock) => return self.door.knocked(message).await,
            Access::Refused(why) => {
                tracing::debug!("a message to the bot is not heeded: {why}");
                if let Some(answer) = why.answer().filter(|_| self.door.has_patience(message)) {
                    self.door.later(Job::Say { chat, text: answer.to_owned(), to });
                }
                return Ok(());
            }
        }
        if form != Form::Voice && wish.is_none() {
            return Ok(());
        }
        if action.is_limited() && !self.door.has_patience(message) {
            return Ok(());
        }
        let Some(wish) = wish else {
            let text = "Voice messages are not understood yet. Write it, please.".to_owned();
            self.door.later(Job::Say { chat, text, to: Some(message.id.0) });
            return Ok(());
        };
        let halted = match wish {
            Wish::Stop => Some(self.door.stop(message, self.caught_up).await?),
            Wish::Panic => Some(self.door.panic(message).await?),
            _ => None,
        };
        if let Some(text) = halted {
            self.door.later(Job::Say { chat, text, to: Some(message.id.0) });
            return Ok(());
        }
        let text = self
            .door
            .handle
            .with_store(move |_, machine| Ok(wish.reply(machine, chat, home)))
            .await?;
        self.door.later(Job::Say { chat, text, to });
        Ok(())
    }

    /// Takes up what a message wants with files.
    async fn exchange(&mut self, message: &Message) -> Result<(), EngineError> {
        let Some(work) = self.door.consider(message, &self.bot).await? else { return Ok(()) };
        if self.exchanges.len() >= EXCHANGES {
            let (chat, to) = (message.chat.id.0, Some(message.id.0));
            let text = "Not taken: too many files are on their way. Send it later.".to_owned();
            self.door.later(Job::Say { chat, text, to });
            return Ok(());
        }
        // Its update is confirmed next, and comes no more.
        let noted = files::noted(message, &self.bot);
        self.door.begun(&noted).await?;
        let (door, bot) = (Arc::clone(&self.door), self.bot.clone());
        self.exchanges.spawn(async move { door.exchange(work, &bot, noted).await });
        Ok(())
    }
}

/// What a message is, and what its sender wants by it.
fn what_of(message: &Message, wish: Option<Wish>) -> (Form<'_>, Action) {
    if message.voice().is_some() {
        return (Form::Voice, Action::Prompt);
    }
    let Some(text) = message.text() else { return (Form::File, Action::Files) };
    match wish {
        Some(Wish::Unknown) | None if !text.starts_with('/') => (Form::Message, Action::Prompt),
        _ => {
            let name = text.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
            let name = name.split_once('@').map_or(name, |(name, _)| name);
            let action = match wish {
                Some(Wish::Stop) => Action::Stop,
                Some(Wish::Panic) => Action::Panic,
                _ => Action::Look,
            };
            (Form::Command(name), action)
        }
    }
}

/// Answers a tap: until the server has said anything at all, or it is of no use any more.
async fn answer(door: &Door, query: CallbackQuery, toast: Toast) {
    let deadline = Instant::now() + ANSWER_WITHIN;
    let mut backoff = Backoff::default();
    let origin = query.message.as_ref().map(|message| (message.chat().id.0, message.id().0));
    let call = AnswerCallbackQuery::new(query.id)
        .text(redaction::for_chat(&toast.text))
        .show_alert(toast.alert);
    loop {
        match door.api.call::<_, True>(&call).await {
            Ok(True) => return,
            Err(failure) if failure.is_too_old() => {
                tracing::debug!("a tap's answer came too late, or twice");
                if let Some((chat, message)) = origin.filter(|_| toast.stale) {
                    let text = "A tap on this did not count, as it was made while pager was away. \
                                If it still holds, tap again.";
                    door.later(Job::Say { chat, text: text.to_owned(), to: Some(message) });
                }
                return;
            }
            Err(failure @ Failure::Unreachable { .. }) => {
                let wait = backoff.next();
                if Instant::now() + wait > deadline {
                    tracing::debug!("a tap could not be answered: {failure}");
                    return;
                }
                tokio::time::sleep(wait).await;
            }
            Err(failure) => {
                tracing::debug!("a tap could not be answered: {failure}");
                return;
            }
        }
    }
}
