//! Bringing the messages of a pending approval up to date: other buttons, another text.

use pager_core::{Approval, ApprovalId, Sha256Hex};
use teloxide_core::payloads::{EditMessageReplyMarkup, EditMessageText};
use teloxide_core::prelude::*;
use teloxide_core::types::{ChatId, MessageId, ParseMode};
use tokio::time::Instant;

use super::{Outbox, STORE_RETRY, Step};
use crate::engine::EngineError;
use crate::surfaces::telegram::api::{Failure, NO_PREVIEW};
use crate::surfaces::telegram::callback::{Nonce, Sent};
use crate::surfaces::telegram::dialogue::Dialogue;
use crate::surfaces::telegram::keyboard::{self, Keys};
use crate::surfaces::telegram::render;
use crate::surfaces::telegram::throttle::Urgency;

/// What a message shows, to know whether it has changed: its text and its buttons.
pub(super) fn digests(html: &str, keys: &Keys) -> (Sha256Hex, Sha256Hex) {
    (Sha256Hex::of(html.as_bytes()), Sha256Hex::of(keyboard::text(keys).as_bytes()))
}

impl Outbox {
    /// Edits every message of an approval that does not show what it is to show now.
    pub(super) async fn draw(&mut self, id: ApprovalId) -> Result<Step, EngineError> {
        let (approval, notes) = self.door.look(id).await?;
        let Some(approval) = approval.filter(Approval::is_pending) else { return Ok(Step::Over) };
        let dialogue = self.door.dialogue(id).await?;
        for (slot, sent) in notes {
            let drawable = sent.bot == self.door.api.bot_id() && !sent.redrawn;
            let Some(message) = sent.message.filter(|_| drawable) else { continue };
            let step = self.redraw(&approval, &dialogue, slot, sent, message).await?;
            if let later @ Step::NotBefore(_) = step {
                return Ok(later);
            }
        }
        Ok(Step::Over)
    }

    /// Does the same because what is asked has changed.
    pub(super) async fn renew(&mut self, id: ApprovalId, task: i64) -> Result<Step, EngineError> {
        match self.draw(id).await? {
            Step::Over => self.finish(task).await,
            later @ Step::NotBefore(_) => Ok(later),
        }
    }

    async fn redraw(
        &mut self,
        approval: &Approval,
        dialogue: &Dialogue,
        slot: String,
        sent: Sent,
        message: i32,
    ) -> Result<Step, EngineError> {
        let (id, chat) = (approval.id, sent.chat);
        let shown = dialogue.is_shown(&sent.bot, chat);
        let card = render::question(approval, shown);
        let offers = keyboard::offers(approval, card.whole || shown);
        let keys = keyboard::keys(approval, &offers, dialogue);
        let drawn = digests(&card.html, &keys);
        let known = sent.drawn.as_ref();
        if known == Some(&drawn) {
            return Ok(Step::Over);
        }
        if let Err(at) = self.throttle.take(chat, Urgency::Other, Instant::now()) {
            return Ok(Step::NotBefore(at));
        }
        let same_text = known.is_some_and(|known| known.0 == drawn.0);
        // The store has no nonces: after a restart the buttons get a new one.
        let (slot, sent, nonce) = match self.door.recall(&slot) {
            Some(nonce) => (slot, sent, nonce),
            None => {
                let Ok(nonce) = Nonce::fresh() else {
                    return Ok(Step::NotBefore(Instant::now() + STORE_RETRY));
                };
                let old = Sent { redrawn: true, ..sent.clone() };
                let (new_slot, new) = (nonce.digest().to_string(), sent);
                self.door.put_note(id, new_slot.clone(), new.clone()).await?;
                self.door.put_note(id, slot, old).await?;
                self.door.remember(&new_slot, nonce.clone());
                (new_slot, new, nonce)
            }
        };
        // What the buttons offer counts from before they are seen; what they no longer offer, from
        // after.
        let mut sent = Sent { offers, drawn: None, ..sent };
        self.door.put_note(id, slot.clone(), sent.clone()).await?;
        let markup = keyboard::markup(&keys, &nonce, &id);
        let (chat_id, message_id) = (ChatId(chat), MessageId(message));
        let edited = if same_text {
            let call = EditMessageReplyMarkup::new(chat_id, message_id).reply_markup(markup);
            self.door.api.call::<_, serde::de::IgnoredAny>(&call).await
        } else {
            let call = EditMessageText::new(chat_id, message_id, card.html)
                .parse_mode(ParseMode::Html)
                .link_preview_options(NO_PREVIEW)
                .reply_markup(markup);
            self.door.api.call(&call).await
        };
        match edited {
            Ok(_) => self.reached(chat),
            Err(failure) if failure.is_not_modified() => {}
            Err(Failure::Refused(why)) => {
                tracing::debug!("message {message} in chat {chat} is left as it is: {why}");
            }
            Err(Failure::Migrated(to)) => self.door.migrated(chat, to).await?,
            Err(failure) => return self.failed(chat, failure, None).await,
        }
        sent.drawn = Some(drawn);
        self.door.put_note(id, slot, sent).await?;
        Ok(Step::Over)
    }
}
