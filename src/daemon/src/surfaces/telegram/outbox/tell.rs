//! Notices: what a person is told though nothing is asked of them. What changes by and by (a queue, a
//! pause) is one message that is edited; what is new is a message of its own.

use jiff::{SignedDuration, Timestamp};
use pager_core::{Machine, News, Notice, SessionId, Sha256Hex, present};
use serde::{Deserialize, Serialize};
use teloxide_core::payloads::{EditMessageText, SendMessage};
use teloxide_core::prelude::*;
use teloxide_core::types::{
    ChatId, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, MessageId,
};
use tokio::time::Instant;

use super::send::Posted;
use super::{Outbox, STORE_RETRY, Step};
use crate::engine::EngineError;
use crate::redaction;
use crate::store::{Store, StoreError};
use crate::surfaces::telegram::api::{Failure, NO_PREVIEW};
use crate::surfaces::telegram::callback::Nonce;
use crate::surfaces::telegram::dialogue::Place;
use crate::surfaces::telegram::render::utf16_len;
use crate::surfaces::telegram::throttle::Urgency;

/// Where it is remembered what the buttons mean that resume sessions.
pub(super) const RESUME: &str = "telegram.resume.";
/// Where it is remembered which messages tell what changes by and by.
const NOTICE: &str = "telegram.notice.";

/// How long a button that resumed a session, or no longer can, is known for one: a tap that comes
/// late is told so, and is no forgery.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What the button means that resumes a session, by its nonce's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::surfaces::telegram) struct Paused {
    bot: String,
    chat: i64,
    /// The message, once it is known.
    message: Option<i32>,
    /// The session.
    pub(in crate::surfaces::telegram) session: SessionId,
    /// When it was paused.
    pub(in crate::surfaces::telegram) at: Timestamp,
}

impl Paused {
    /// Where it is remembered.
    pub(in crate::surfaces::telegram) fn key(digest: &Sha256Hex) -> String {
        format!("{RESUME}{digest}")
    }

    /// Whether a tap on this message can be one on its button.
    pub(in crate::surfaces::telegram) fn fits(&self, bot: &str, chat: i64, message: i32) -> bool {
        let known = self.message.is_none_or(|known| known == message);
        self.bot == bot && self.chat == chat && known
    }
}

impl Outbox {
    /// Tells the person something that asks nothing of them.
    pub(super) async fn tell(&mut self, notice: &Notice, task: i64) -> Result<Step, EngineError> {
        let Some(chat) = self.door.home() else { return self.finish(task).await };
        let standing = match notice.news {
            News::Queued { .. } | News::Resumed => self.standing(notice).await?,
            _ => None,
        };
        let step = match standing {
            Some(place) => self.retell(notice, place, chat).await?,
            None => self.tell_anew(notice, chat).await?,
        };
        match step {
            Step::Over => self.finish(task).await,
            later @ Step::NotBefore(_) => Ok(later),
        }
    }

    async fn tell_anew(&mut self, notice: &Notice, chat: i64) -> Result<Step, EngineError> {
        let (text, bold) = words(notice);
        let mut call =
            SendMessage::new(ChatId(chat), text).entities([bold]).link_preview_options(NO_PREVIEW);
        if !is_loud(&notice.news) {
            call = call.disable_notification(true);
        }
        let paused = match (&notice.news, &notice.session) {
            (News::Paused { .. }, Some(session)) => {
                let Ok(nonce) = Nonce::fresh() else {
                    return Ok(Step::NotBefore(Instant::now() + STORE_RETRY));
                };
                let button = InlineKeyboardButton::callback("Resume", nonce.resume_data());
                call = call.reply_markup(InlineKeyboardMarkup::new([[button]]));
                let (bot, session) = (self.door.api.bot_id().to_owned(), session.clone());
                let paused = Paused { bot, chat, message: None, session, at: notice.at };
                let key = Paused::key(&nonce.digest());
                self.put(key.clone(), Some(&paused)).await?;
                self.sweep().await?;
                Some((key, paused))
            }
            _ => None,
        };
        let message = match self.post(chat, &call, Urgency::Other).await? {
            Posted::At(message) => message,
            Posted::Not(step) => return Ok(step),
        };
        if let Some((key, paused)) = paused {
            self.put(key, Some(&Paused { message: Some(message), ..paused })).await?;
        }
        if stays(&notice.news) {
            self.put(self.key(notice), Some(&self.door.place(chat, message))).await?;
        }
        Ok(Step::Over)
    }

    /// Tells it in the place of what was told before.
    async fn retell(
        &mut self,
        notice: &Notice,
        place: Place,
        home: i64,
    ) -> Result<Step, EngineError> {
        if let Err(at) = self.throttle.take(place.chat, Urgency::Other, Instant::now()) {
            return Ok(Step::NotBefore(at));
        }
        let (text, bold) = words(notice);
        let call = EditMessageText::new(ChatId(place.chat), MessageId(place.message), text)
            .entities([bold])
            .link_preview_options(NO_PREVIEW);
        match self.door.api.call::<_, serde::de::IgnoredAny>(&call).await {
            Ok(_) => self.reached(place.chat),
            Err(failure) if failure.is_not_modified() => {}
            // It was deleted, or has moved.
            Err(Failure::Refused(_) | Failure::Migrated(_)) => {
                self.put::<Place>(self.key(notice), None).await?;
                return self.tell_anew(notice, home).await;
            }
            Err(failure) => return self.failed(place.chat, failure, None).await,
        }
        if !stays(&notice.news) {
            self.put::<Place>(self.key(notice), None).await?;
        }
        Ok(Step::Over)
    }

    /// The message that tells what this notice has news of.
    async fn standing(&self, notice: &Notice) -> Result<Option<Place>, EngineError> {
        let key = self.key(notice);
        let fact = self.door.handle.with_store(move |store, _| store.fact(&key)).await?;
        Ok(fact.and_then(|fact| serde_json::from_str(&fact).ok()))
    }

    fn key(&self, notice: &Notice) -> String {
        format!("{NOTICE}{}.{}", self.door.api.bot_id(), notice.key())
    }

    async fn put<T: Serialize>(&self, key: String, fact: Option<&T>) -> Result<(), EngineError> {
        let fact = fact.and_then(|fact| serde_json::to_string(fact).ok());
        let put = move |store: &mut Store, _: &Machine| match fact {
            Some(fact) => store.put_fact_relaxed(&key, &fact),
            None => store.drop_fact(&key),
        };
        self.door.handle.with_store(put).await
    }

    /// Forgets what no message of use is known by any more.
    pub(super) async fn sweep(&self) -> Result<(), EngineError> {
        let before = Timestamp::now().saturating_sub(KEEP).unwrap_or(Timestamp::MIN);
        self.door.handle.with_store(move |store, machine| sweep(store, machine, before)).await
    }
}

fn sweep(store: &mut Store, machine: &Machine, before: Timestamp) -> Result<(), StoreError> {
    for (key, fact) in store.facts_below(RESUME)? {
        let of_use = serde_json::from_str::<Paused>(&fact).is_ok_and(|paused| {
            let still = machine.session(&paused.session).and_then(|session| session.paused);
            paused.at >= before || still == Some(paused.at)
        });
        if !of_use {
            store.drop_fact(&key)?;
        }
    }
    for (key, fact) in store.facts_below(NOTICE)? {
        let session = key.rsplit(' ').next().unwrap_or_default();
        let known = machine.sessions().any(|known| known.id.as_str() == session);
        if fact.is_empty() || !known {
            store.drop_fact(&key)?;
        }
    }
    Ok(())
}

/// Whether a later notice is to be told in this one's place.
fn stays(news: &News) -> bool {
    matches!(news, News::Queued { waiting: 1.. } | News::Paused { .. })
}

/// Whether the phone is to make itself heard.
fn is_loud(news: &News) -> bool {
    matches!(
        news,
        News::SelfApproval { .. }
            | News::Meddled { .. }
            | News::Impostor { .. }
            | News::Paused { .. }
    )
}

/// The words, with their first line in bold, and a sign where somebody is to be alarmed.
fn words(notice: &Notice) -> (String, MessageEntity) {
    let alarm = matches!(
        notice.news,
        News::SelfApproval { .. } | News::Meddled { .. } | News::Impostor { .. }
    );
    let sign = if alarm { "\u{26a0}\u{fe0f} " } else { "" };
    // Before the bold part is measured.
    let text = redaction::for_chat(&format!("{sign}{}", present::notice(notice)));
    let first = text.lines().next().map_or(0, utf16_len);
    let bold = MessageEntity::bold(0, first);
    (text, bold)
}
