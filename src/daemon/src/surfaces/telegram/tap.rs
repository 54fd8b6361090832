//! A tap on a button: who may, whether it is genuine, and what the person is told.

mod choose;
mod resume;

use jiff::Timestamp;
use pager_core::access::{Access, Action};
use pager_core::approval::Verdict;
use pager_core::{Actor, Approval, ApprovalId, Assurance, Command, Refusal, Reply, present};
use teloxide_core::types::CallbackQuery;

use super::Door;
use super::callback::{Argument, Choice, Claim, Sent};
use super::dialogue::Purpose;
use super::gate::Seen;
use super::job::Job;
use crate::engine::EngineError;
use crate::redaction;

/// What a person sees after a tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toast {
    pub(super) text: String,
    /// A box to be closed instead of a line that goes by itself.
    pub(super) alert: bool,
    /// Whether the tap may be too old for its person to see this: they are to be told in the chat.
    pub(super) stale: bool,
}

impl Door {
    /// Makes of a tap what it is worth. What the person is told is true when it is told. `since` is
    /// the time before which it cannot have been made.
    ///
    /// # Errors
    /// [`EngineError::Stopped`]: nothing was done, the next daemon is to see this tap.
    pub(super) async fn judge(
        &self,
        query: &CallbackQuery,
        since: Timestamp,
    ) -> Result<Toast, EngineError> {
        match self.weigh(query, since).await {
            Err(error @ EngineError::StoreUnavailable(_)) => {
                tracing::warn!("a tap came to nothing: {error}");
                let text = "Nothing was decided: pager cannot write it down".to_owned();
                Ok(Toast { text, alert: true, stale: false })
            }
            judged => judged,
        }
    }

    async fn weigh(&self, query: &CallbackQuery, since: Timestamp) -> Result<Toast, EngineError> {
        let claim = query.data.as_deref().and_then(Claim::read);
        let seen = Seen::of_tap(query);
        let user = seen.user();
        let action = claim.as_ref().map_or(Action::Look, Claim::action);
        if let Access::Refused(why) = self.judge_tap(seen, action).await? {
            let about = match &claim {
                Some(Claim::Choice { approval, .. }) => self.known(*approval).await?,
                _ => None,
            };
            self.misfit(user, about, why.words()).await?;
            if let Some(since) = self.shut_since(seen, action).await? {
                return Ok(alert(&present::shut(since)));
            }
            return Ok(toast(why.answer().unwrap_or("You may not do this")));
        }
        let (Some(claim), Some(message)) = (claim, &query.message) else {
            self.misfit(user, None, "a tap on something that is no button of ours").await?;
            return Ok(toast("This is no button of pager's"));
        };
        let (chat, message) = (message.chat().id.0, message.id().0);
        self.saw(chat, message);
        let (choice, argument, id, nonce) = match claim {
            Claim::Resume { nonce } => {
                return self.resume(user, chat, message, &nonce, since).await;
            }
            Claim::Choice { choice, argument, approval, nonce } => {
                (choice, argument, approval, nonce)
            }
        };
        let (approval, notes) = self.look(id).await?;
        let Some(approval) = approval else {
            self.misfit(user, None, "a tap for an approval that there is not").await?;
            return Ok(toast("pager knows nothing of this"));
        };
        let digest = nonce.digest();
        let note = notes.into_iter().find(|(slot, _)| slot == digest.as_str());
        let genuine = note.filter(|(_, sent)| sent.fits(self.api.bot_id(), chat, message));
        if let Some((slot, sent)) = &genuine {
            self.remember(slot, nonce);
            if sent.message.is_none() {
                self.learn(id, slot, sent, message).await;
            }
        }
        if let Some(resolution) = &approval.resolution {
            match genuine {
                Some((_, sent)) if !sent.settled => self.later(Job::Settle(id)),
                Some(_) => {}
                None => {
                    let why = "a tap on a button that was not made for this chat and message";
                    self.misfit(user, Some(id), why).await?;
                }
            }
            return Ok(toast(&present::late(resolution)));
        }
        let Some((_, sent)) = genuine else {
            let why = "a tap on a button that was not made for this chat and message";
            self.misfit(user, Some(id), why).await?;
            return Ok(toast("This button is not valid here"));
        };
        if !sent.offers.contains(&choice) {
            self.misfit(user, Some(id), "a tap on a button that the message does not have").await?;
            return Ok(toast("This message does not offer that"));
        }
        if self.is_stale(since.max(approval.created)) {
            return Ok(stale());
        }
        let tap = Tap { approval: &approval, sent: &sent, user, message };
        self.choose(&tap, choice, argument).await
    }

    /// The approval of that name, if there is one.
    async fn known(&self, id: ApprovalId) -> Result<Option<ApprovalId>, EngineError> {
        Ok(self.handle.approval(id).await?.map(|approval| approval.id))
    }

    /// Decides. `Err` in the result is what the person is told where it does not count.
    pub(super) async fn decide(
        &self,
        id: ApprovalId,
        user: i64,
        message: i32,
        verdict: Verdict,
    ) -> Result<Result<(), String>, EngineError> {
        let command = Command::Resolve {
            id,
            verdict,
            message_id: Some(i64::from(message)),
            assurance: Assurance::Door,
        };
        match self.handle.submit(Actor::Telegram { user }, command).await {
            Ok(Reply::Counted { given, needed }) => Ok(Err(present::is_counted(given, needed))),
            Ok(_) => Ok(Ok(())),
            Err(EngineError::Refused(Refusal::AlreadyResolved(resolution))) => {
                Ok(Err(present::late(&resolution)))
            }
            Err(EngineError::Refused(refusal)) => {
                tracing::info!("a verdict of telegram:{user} was refused: {refusal}");
                Ok(Err(refusal.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// The tap tells which message it is whose sending was never confirmed.
    async fn learn(&self, id: ApprovalId, slot: &str, sent: &Sent, message: i32) {
        let learned =
            Sent { message: Some(message), perhaps: None, settled: false, ..sent.clone() };
        let place = self.place(sent.chat, message);
        let written = match self.put_note(id, slot.to_owned(), learned).await {
            Ok(()) => self.put_anchor(id, place, Purpose::Verdict).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!("a message's number could not be written down: {error}");
        }
    }
}

/// A tap that is genuine, on an approval that is pending.
struct Tap<'a> {
    approval: &'a Approval,
    sent: &'a Sent,
    user: i64,
    message: i32,
}

/// A line that goes by itself.
fn toast(text: &str) -> Toast {
    // Telegram takes 200 UTF-16 units; a character may be two.
    Toast { text: redaction::line(text, 95), alert: false, stale: false }
}

/// A box to be closed.
fn alert(text: &str) -> Toast {
    Toast { alert: true, ..toast(text) }
}

fn stale() -> Toast {
    Toast { stale: true, ..alert("This tap may be an old one, so it did not count. Tap again.") }
}
