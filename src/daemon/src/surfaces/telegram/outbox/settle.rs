//! Showing how an approval ended, and taking back what asked about it.

use pager_core::ApprovalId;
use teloxide_core::payloads::{DeleteMessage, EditMessageText};
use teloxide_core::prelude::*;
use teloxide_core::types::{ChatId, MessageId, ParseMode};
use tokio::time::Instant;

use super::{Outbox, Step};
use crate::engine::EngineError;
use crate::faults::{self, Point};
use crate::surfaces::telegram::api::{Failure, NO_PREVIEW};
use crate::surfaces::telegram::dialogue::{Place, Prompt};
use crate::surfaces::telegram::render;
use crate::surfaces::telegram::throttle::Urgency;

impl Outbox {
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
            let Some(message) = known.filter(|_| !sent.settled && !sent.redrawn) else { continue };
            if let Err(at) = self.throttle.take(sent.chat, Urgency::Other, Instant::now()) {
                return Ok(Step::NotBefore(at));
            }
            // Without a keyboard of its own an edit takes the one that is there away.
            let call = EditMessageText::new(ChatId(sent.chat), MessageId(message), html.clone())
                .parse_mode(ParseMode::Html)
                .link_preview_options(NO_PREVIEW);
            match self.door.api.call::<_, serde::de::IgnoredAny>(&call).await {
                Ok(_) => {
                    self.reached(sent.chat);
                    faults::pass(Point::Sent);
                }
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
        for (slot, _) in &notes {
            self.door.forget(slot);
        }
        // The notes stay: a tap that comes late is told how things ended, a false one is known as such.
        for Prompt { place, .. } in self.door.dialogue(id).await?.prompts {
            if let later @ Step::NotBefore(_) = self.delete(&place).await? {
                return Ok(later);
            }
        }
        self.door.end_dialogue(id).await?;
        self.finish_some(task).await
    }

    /// Takes a message back that asks for words.
    pub(super) async fn retract(
        &mut self,
        id: ApprovalId,
        place: Place,
    ) -> Result<Step, EngineError> {
        if let later @ Step::NotBefore(_) = self.delete(&place).await? {
            return Ok(later);
        }
        self.door
            .converse(id, move |dialogue| dialogue.prompts.retain(|prompt| prompt.place != place))
            .await?;
        Ok(Step::Over)
    }

    async fn delete(&mut self, place: &Place) -> Result<Step, EngineError> {
        if place.bot != self.door.api.bot_id() {
            return Ok(Step::Over);
        }
        if let Err(at) = self.throttle.take(place.chat, Urgency::Other, Instant::now()) {
            return Ok(Step::NotBefore(at));
        }
        let call = DeleteMessage::new(ChatId(place.chat), MessageId(place.message));
        match self.door.api.call::<_, serde::de::IgnoredAny>(&call).await {
            Ok(_) => self.reached(place.chat),
            // It has gone already, or is too old to be taken back.
            Err(Failure::Refused(why)) => tracing::debug!("a message stays as it is: {why}"),
            Err(Failure::Migrated(to)) => self.door.migrated(place.chat, to).await?,
            Err(failure) => return self.failed(place.chat, failure, None).await,
        }
        Ok(Step::Over)
    }
}
