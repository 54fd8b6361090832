//! A tap on a button: who may, whether it is genuine, and what the person is told.

use pager_core::message_id::APPROVAL_REFUSED;
use pager_core::sanitize::one_line;
use pager_core::{Actor, ApprovalId, Assurance, Command, Refusal, Reply, present};
use teloxide_core::types::{CallbackQuery, User};

use super::Door;
use super::callback::{Choice, Claim, Sent};
use super::outbox::Job;
use crate::engine::EngineError;

/// What a person sees after a tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toast {
    pub(super) text: String,
    /// A box to be closed instead of a line that goes by itself.
    pub(super) alert: bool,
}

/// Accounts that stand for no single person: anonymous administrators, posts in a channel's name, and
/// Telegram's own.
const NOT_A_PERSON: [i64; 3] = [1_087_968_824, 136_817_688, 777_000];

impl Door {
    /// The id of somebody who may answer and ask.
    pub(super) fn principal(&self, user: &User) -> Option<i64> {
        let id = i64::try_from(user.id.0).ok()?;
        let person = !user.is_bot && !NOT_A_PERSON.contains(&id);
        (person && self.allowed.contains(&id)).then_some(id)
    }

    /// Makes of a tap what it is worth. What the person is told is true when it is told.
    ///
    /// # Errors
    /// [`EngineError::Stopped`]: nothing was done, the next daemon is to see this tap.
    pub(super) async fn judge(&self, query: &CallbackQuery) -> Result<Toast, EngineError> {
        let Some(user) = self.principal(&query.from) else {
            return Ok(refuse(query, None, "not in allowed_users", "You may not do this"));
        };
        let claim = query.data.as_deref().and_then(Claim::read);
        let (Some(claim), Some(message)) = (claim, &query.message) else {
            return Ok(refuse(query, None, "not a button of ours", "This is no button of pager's"));
        };
        let (chat, message) = (message.chat().id.0, message.id().0);
        self.seen().note(chat, message);
        let id = claim.approval;
        let (approval, notes) = match self.look(id).await {
            Ok(known) => known,
            Err(EngineError::Stopped) => return Err(EngineError::Stopped),
            Err(error) => return Ok(trouble(&error)),
        };
        let Some(approval) = approval else {
            return Ok(refuse(query, Some(id), "no such approval", "pager knows nothing of this"));
        };
        let note = notes.into_iter().find(|(slot, _)| slot == claim.nonce.as_str());
        let genuine = note.filter(|(_, sent)| sent.fits(self.api.bot_id(), chat, message));
        if let Some((slot, sent)) = &genuine
            && sent.message.is_none()
        {
            self.learn(id, slot, sent, message).await;
        }
        if let Some(resolution) = &approval.resolution {
            if genuine.is_some_and(|(_, sent)| !sent.settled) {
                // Nobody listens only where the door closes.
                drop(self.jobs.send(Job::Settle(id)));
            }
            return Ok(toast(&present::late(resolution)));
        }
        match genuine {
            Some((_, sent)) if sent.offers.contains(&claim.choice) => {}
            Some(_) => {
                let why = "the message did not offer this";
                return Ok(refuse(query, Some(id), why, "This message does not offer that"));
            }
            None => {
                let why = "the button was not made for this chat and message";
                return Ok(refuse(query, Some(id), why, "This button is not valid here"));
            }
        }
        self.resolve(&claim, user, message, query).await
    }

    async fn resolve(
        &self,
        claim: &Claim,
        user: i64,
        message: i32,
        query: &CallbackQuery,
    ) -> Result<Toast, EngineError> {
        let command = Command::Resolve {
            id: claim.approval,
            verdict: claim.choice.verdict(),
            message_id: Some(i64::from(message)),
            assurance: Assurance::Door,
        };
        match self.handle.submit(Actor::Telegram { user }, command).await {
            Ok(Reply::Resolved(_) | Reply::Done | Reply::Asked { .. }) => {
                Ok(toast(match claim.choice {
                    Choice::Allow => "Allowed",
                    Choice::Deny => "Denied",
                }))
            }
            Err(EngineError::Refused(Refusal::AlreadyResolved(resolution))) => {
                Ok(toast(&present::late(&resolution)))
            }
            Err(EngineError::Refused(refusal)) => {
                let why = refusal.to_string();
                Ok(refuse(query, Some(claim.approval), &why, &why))
            }
            Err(EngineError::Stopped) => Err(EngineError::Stopped),
            Err(error @ EngineError::StoreUnavailable(_)) => Ok(trouble(&error)),
        }
    }

    /// The tap tells which message it is whose sending was never confirmed.
    async fn learn(&self, id: ApprovalId, slot: &str, sent: &Sent, message: i32) {
        let learned =
            Sent { message: Some(message), perhaps: None, settled: false, ..sent.clone() };
        if let Err(error) = self.put_note(id, slot.to_owned(), learned).await {
            tracing::warn!("a message's number could not be written down: {error}");
        }
    }
}

fn toast(text: &str) -> Toast {
    // Telegram takes 200 UTF-16 units; a character may be two.
    Toast { text: one_line(text, 95), alert: false }
}

fn trouble(error: &EngineError) -> Toast {
    tracing::warn!("a tap came to nothing: {error}");
    Toast { text: "Nothing was decided: pager cannot write it down".to_owned(), alert: true }
}

fn refuse(query: &CallbackQuery, approval: Option<ApprovalId>, why: &str, text: &str) -> Toast {
    tracing::warn!(
        message_id = APPROVAL_REFUSED,
        pager_approval = approval.map(tracing::field::display),
        pager_actor = %format_args!("telegram:{}", query.from.id),
        "a tap was refused: {why}"
    );
    toast(text)
}
