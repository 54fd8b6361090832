//! Sending: the message that asks for a verdict, the one that asks for words, and plain replies.

use std::sync::Arc;

use pager_core::ApprovalId;
use pager_core::approval::Kind;
use pager_core::question::Question;
use teloxide_core::payloads::SendMessage;
use teloxide_core::prelude::*;
use teloxide_core::types::{
    ChatId, ForceReply, MessageId, ParseMode, ReplyMarkup, ReplyParameters,
};
use tokio::time::Instant;

use super::{Outbox, STORE_RETRY, Step};
use crate::engine::EngineError;
use crate::faults::{self, Point};
use crate::redaction;
use crate::surfaces::telegram::DOOR;
use crate::surfaces::telegram::api::{Failure, NO_PREVIEW};
use crate::surfaces::telegram::callback::{Nonce, Sent};
use crate::surfaces::telegram::dialogue::{self, Prompt, Purpose};
use crate::surfaces::telegram::form;
use crate::surfaces::telegram::job::Job;
use crate::surfaces::telegram::keyboard;
use crate::surfaces::telegram::render;
use crate::surfaces::telegram::seen::sequence;
use crate::surfaces::telegram::throttle::Urgency;

/// What became of a message.
pub(super) enum Posted {
    /// It has this number.
    At(i32),
    /// It is to be tried again, or never.
    Not(Step),
}

impl Outbox {
    /// Sends a prompt, unless it is there or no longer wanted.
    pub(super) async fn ask(&mut self, id: ApprovalId, task: i64) -> Result<Step, EngineError> {
        let (approval, notes) = self.door.look(id).await?;
        let own = |sent: &Sent| sent.bot == self.door.api.bot_id();
        let asked = notes.iter().any(|(_, sent)| own(sent) && sent.message.is_some());
        let Some(approval) = approval.filter(|approval| approval.is_pending() && !asked) else {
            return self.finish(task).await;
        };
        let Some(chat) = self.door.home() else {
            let trouble = "there is nobody to ask: set telegram.allowed_users or telegram.chat";
            self.door.board.trouble(Some(trouble.to_owned()));
            return self.finish(task).await;
        };
        if let Err(at) = self.throttle.take(chat, Urgency::Prompt, Instant::now()) {
            return Ok(Step::NotBefore(at));
        }
        let Ok(nonce) = Nonce::fresh() else {
            return Ok(Step::NotBefore(Instant::now() + STORE_RETRY));
        };
        let bot = self.door.api.bot_id().to_owned();
        let dialogue = self.door.dialogue(id).await?;
        let shown = dialogue.is_shown(&bot, chat);
        let card = render::question(&approval, shown);
        let offers = keyboard::offers(&approval, card.whole || shown);
        let keys = keyboard::keys(&approval, &offers, &dialogue);
        let drawn = Some(super::draw::digests(&card.html, &keys));
        let mut call = SendMessage::new(ChatId(chat), card.html)
            .parse_mode(ParseMode::Html)
            .link_preview_options(NO_PREVIEW);
        if !keys.is_empty() {
            call = call.reply_markup(keyboard::markup(&keys, &nonce, &id));
        }
        let slot = nonce.digest().to_string();
        self.door.remember(&slot, nonce);
        let sent = Sent {
            bot,
            chat,
            message: None,
            perhaps: None,
            offers,
            settled: false,
            drawn,
            redrawn: false,
        };
        // Before it is sent: a tap may come before the server's answer does, or instead of it.
        self.door.put_note(id, slot.clone(), sent.clone()).await?;
        match self.door.api.call(&call).await {
            Ok(MessageId(message)) => {
                self.reached(chat);
                faults::pass(Point::Sent);
                self.asked(id, task, slot, Sent { message: Some(message), ..sent }, &notes).await
            }
            Err(failure) => {
                if !matches!(failure, Failure::Unreachable { perhaps_done: true, .. }) {
                    self.door
                        .handle
                        .with_store(move |store, _| store.drop_note(DOOR, &id, &slot))
                        .await?;
                }
                self.failed(chat, failure, Some(task)).await
            }
        }
    }

    /// Writes down that a prompt was sent, and which message an earlier, unconfirmed one may be.
    async fn asked(
        &mut self,
        id: ApprovalId,
        task: i64,
        slot: String,
        sent: Sent,
        notes: &[(String, Sent)],
    ) -> Result<Step, EngineError> {
        let (chat, message) = (sent.chat, sent.message.unwrap_or_default());
        let mut lost: Vec<_> = notes
            .iter()
            .filter(|(_, note)| (&note.bot, note.chat, note.message) == (&sent.bot, chat, None))
            .cloned()
            .collect();
        let door = Arc::clone(&self.door);
        let last_key = self.last_key(chat);
        self.door
            .handle
            .with_store(move |store, _| {
                let last = store.fact(&last_key)?.and_then(|last| last.parse().ok());
                let missing = door.seen().missing(chat, last.unwrap_or(0), message, lost.len());
                for ((slot, note), perhaps) in lost.iter_mut().zip(missing) {
                    note.perhaps = Some(perhaps);
                    store.put_note(DOOR, &id, slot, note)?;
                }
                store.put_note(DOOR, &id, &slot, &sent)?;
                dialogue::anchor(store, &id, &door.place(chat, message), Purpose::Verdict)?;
                store.put_fact_relaxed(&last_key, &message.to_string())?;
                door.seen().note(chat, message);
                store.finish_task(task)
            })
            .await?;
        Ok(Step::Over)
    }

    /// Asks for words, unless nobody needs them any more.
    pub(super) async fn prompt(
        &mut self,
        id: ApprovalId,
        chat: i64,
        message: i32,
        purpose: Purpose,
    ) -> Result<Step, EngineError> {
        let approval = self.door.handle.approval(id).await?;
        let Some(approval) = approval.filter(pager_core::Approval::is_pending) else {
            return Ok(Step::Over);
        };
        let (question, placeholder) = match (purpose, approval.kind) {
            (Purpose::Answer(at), _) => {
                let questions = form::askable(approval.input.text());
                let asked = questions.get(usize::from(at)).map(Question::titled);
                let asked = redaction::line(&asked.unwrap_or_default(), 500);
                (format!("Your answer to \u{201c}{asked}\u{201d}?"), "Your answer")
            }
            (_, Kind::Plan) => ("What is to be planned otherwise?".to_owned(), "What to change"),
            _ => ("Why not? The agent is told.".to_owned(), "The reason"),
        };
        let about = approval.id.short();
        let text = format!("{question}\nReply to this message, or reply /cancel. ({about})");
        let force = ForceReply::new().input_field_placeholder(placeholder.to_owned());
        let call = SendMessage::new(ChatId(chat), text)
            .link_preview_options(NO_PREVIEW)
            .reply_parameters(reply_to(message))
            .reply_markup(ReplyMarkup::ForceReply(force));
        let message = match self.post(chat, &call, Urgency::Other).await? {
            Posted::At(message) => message,
            Posted::Not(step) => return Ok(step),
        };
        let place = self.door.place(chat, message);
        self.door.put_anchor(id, place.clone(), purpose).await?;
        // Only the newest of its kind is of use.
        let old = self
            .door
            .converse(id, move |dialogue| {
                let here = |old: &Prompt| old.purpose == purpose && old.place.chat == place.chat;
                let (old, others) = dialogue.prompts.drain(..).partition(here);
                dialogue.prompts = others;
                dialogue.prompts.push(Prompt { place, purpose });
                let old: Vec<Prompt> = old;
                old
            })
            .await?;
        for Prompt { place, .. } in old {
            self.add(Job::Retract { id, place });
        }
        Ok(Step::Over)
    }

    /// Says something that asks nothing.
    pub(super) async fn say(
        &mut self,
        chat: i64,
        text: String,
        to: Option<i32>,
    ) -> Result<Step, EngineError> {
        let text = redaction::for_chat(&text);
        let mut call = SendMessage::new(ChatId(chat), text).link_preview_options(NO_PREVIEW);
        if let Some(to) = to {
            call = call.reply_parameters(reply_to(to));
        }
        Ok(match self.post(chat, &call, Urgency::Other).await? {
            Posted::At(_) => Step::Over,
            Posted::Not(step) => step,
        })
    }

    /// Sends a message that is not asked to have an effect: what is refused is not tried again.
    pub(super) async fn post(
        &mut self,
        chat: i64,
        call: &SendMessage,
        urgency: Urgency,
    ) -> Result<Posted, EngineError> {
        if let Err(at) = self.throttle.take(chat, urgency, Instant::now()) {
            return Ok(Posted::Not(Step::NotBefore(at)));
        }
        match self.door.api.call(call).await {
            Ok(MessageId(message)) => {
                self.posted(chat, message).await?;
                Ok(Posted::At(message))
            }
            Err(Failure::Refused(why)) => {
                tracing::debug!("a message to chat {chat} could not be delivered: {why}");
                Ok(Posted::Not(Step::Over))
            }
            Err(failure) => Ok(Posted::Not(self.failed(chat, failure, None).await?)),
        }
    }

    /// A message of ours is in the chat.
    pub(super) async fn posted(&mut self, chat: i64, message: i32) -> Result<(), EngineError> {
        self.reached(chat);
        self.door.seen().note(chat, message);
        let key = self.last_key(chat);
        self.door
            .handle
            .with_store(move |store, _| store.put_fact_relaxed(&key, &message.to_string()))
            .await
    }

    /// Where the number of the last message sent is remembered.
    fn last_key(&self, chat: i64) -> String {
        format!("telegram.last.{}.{}", self.door.api.bot_id(), sequence(chat))
    }
}

/// A reply, whether or not what it replies to still stands.
pub(super) fn reply_to(message: i32) -> ReplyParameters {
    ReplyParameters::new(MessageId(message)).allow_sending_without_reply()
}
