//! The three things that are sent: a prompt, how it ended, a reply.

use std::sync::Arc;

use pager_core::{ApprovalId, Notice, present};
use teloxide_core::payloads::{EditMessageText, SendMessage};
use teloxide_core::prelude::*;
use teloxide_core::types::{
    ChatId, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageId, ParseMode,
};
use tokio::time::Instant;

use super::{Outbox, STORE_RETRY, Step};
use crate::engine::EngineError;
use crate::surfaces::telegram::DOOR;
use crate::surfaces::telegram::api::Failure;
use crate::surfaces::telegram::callback::{Nonce, Sent};
use crate::surfaces::telegram::render::{self, Card};
use crate::surfaces::telegram::seen::sequence;
use crate::surfaces::telegram::throttle::Urgency;

/// No page that a command names is fetched for a picture of it.
const NO_PREVIEW: LinkPreviewOptions = LinkPreviewOptions {
    is_disabled: true,
    url: None,
    prefer_small_media: false,
    prefer_large_media: false,
    show_above_text: false,
};

impl Outbox {
    /// Sends a prompt, unless it is there or no longer wanted.
    pub(super) async fn ask(&mut self, id: ApprovalId, task: i64) -> Result<Step, EngineError> {
        let (approval, notes) = self.door.look(id).await?;
        let asked = notes.iter().any(|(_, sent)| sent.message.is_some());
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
        let Card { html, offers, .. } = render::question(&approval, false);
        let buttons = offers
            .iter()
            .map(|choice| InlineKeyboardButton::callback(choice.label(), nonce.data(*choice, &id)))
            .collect::<Vec<_>>();
        let mut call = SendMessage::new(ChatId(chat), html)
            .parse_mode(ParseMode::Html)
            .link_preview_options(NO_PREVIEW);
        if !buttons.is_empty() {
            call = call.reply_markup(InlineKeyboardMarkup::new([buttons]));
        }
        let slot = nonce.digest().to_string();
        let bot = self.door.api.bot_id().to_owned();
        let sent = Sent { bot, chat, message: None, perhaps: None, offers, settled: false };
        // Before it is sent: a tap may come before the server's answer does, or instead of it.
        self.door.put_note(id, slot.clone(), sent.clone()).await?;
        match self.door.api.call(&call).await {
            Ok(MessageId(message)) => {
                self.reached(chat);
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
                store.put_fact_relaxed(&last_key, &message.to_string())?;
                door.seen().note(chat, message);
                store.finish_task(task)
            })
            .await?;
        Ok(Step::Over)
    }

    /// Shows on every message of an approval how it ended.
    pub(super) async fn settle(
        &mut self,
        id: ApprovalId,
        task: Option<i64>,
    ) -> Result<Step, EngineError> {
        let (approval, mut notes) = self.door.look(id).await?;
        let evidence = self.door.handle.with_store(move |store, _| store.evidence(&id)).await?;
        let settled = approval.and_then(|approval| {
            let resolution = approval.resolution.clone()?;
            Some(render::settled(&approval, &resolution, evidence.as_ref()))
        });
        let Some(html) = settled else { return self.finish_some(task).await };
        // What another bot sent, this one cannot edit.
        notes.retain(|(_, sent)| sent.bot == self.door.api.bot_id());
        for (slot, sent) in &mut notes {
            let known = sent.message.or(sent.perhaps);
            let Some(message) = known.filter(|_| !sent.settled) else { continue };
            if let Err(at) = self.throttle.take(sent.chat, Urgency::Other, Instant::now()) {
                return Ok(Step::NotBefore(at));
            }
            // Without a keyboard of its own an edit takes the one that is there away.
            let call = EditMessageText::new(ChatId(sent.chat), MessageId(message), html.clone())
                .parse_mode(ParseMode::Html)
                .link_preview_options(NO_PREVIEW);
            match self.door.api.call::<_, serde::de::IgnoredAny>(&call).await {
                Ok(_) => self.reached(sent.chat),
                Err(failure) if failure.is_not_modified() => {}
                Err(Failure::Refused(why)) => {
                    tracing::debug!(
                        "message {message} in chat {} is left as it is: {why}",
                        sent.chat
                    );
                }
                Err(Failure::Migrated(to)) => self.door.migrated(sent.chat, to).await?,
                Err(failure) => return self.failed(sent.chat, failure, None).await,
            }
            sent.settled = true;
            self.door.put_note(id, slot.clone(), sent.clone()).await?;
        }
        // A message that may still turn up keeps the notes: a tap on it is told how things ended.
        if notes.iter().all(|(_, sent)| sent.message.is_some() && sent.settled) {
            self.door.handle.with_store(move |store, _| store.drop_notes(DOOR, &id)).await?;
        }
        self.finish_some(task).await
    }

    /// Tells the person something that asks nothing of them.
    pub(super) async fn tell(&mut self, notice: &Notice, task: i64) -> Result<Step, EngineError> {
        let Some(chat) = self.door.home() else { return self.finish(task).await };
        match self.say(chat, present::notice(notice)).await? {
            Step::Over => self.finish(task).await,
            later @ Step::NotBefore(_) => Ok(later),
        }
    }

    pub(super) async fn say(&mut self, chat: i64, text: String) -> Result<Step, EngineError> {
        if let Err(at) = self.throttle.take(chat, Urgency::Other, Instant::now()) {
            return Ok(Step::NotBefore(at));
        }
        let call = SendMessage::new(ChatId(chat), text).link_preview_options(NO_PREVIEW);
        match self.door.api.call(&call).await {
            Ok(MessageId(message)) => {
                self.reached(chat);
                self.door.seen().note(chat, message);
                let key = self.last_key(chat);
                self.door
                    .handle
                    .with_store(move |store, _| store.put_fact_relaxed(&key, &message.to_string()))
                    .await?;
                Ok(Step::Over)
            }
            Err(Failure::Refused(why)) => {
                tracing::debug!("a reply to chat {chat} could not be delivered: {why}");
                Ok(Step::Over)
            }
            Err(failure) => self.failed(chat, failure, None).await,
        }
    }

    /// Where the number of the last message sent is remembered.
    fn last_key(&self, chat: i64) -> String {
        format!("telegram.last.{}.{}", self.door.api.bot_id(), sequence(chat))
    }
}
