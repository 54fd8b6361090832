//! Answers that cannot count are written down, but nobody can fill a disk with them.

use std::collections::HashMap;
use std::time::Duration;

use pager_core::message_id::APPROVAL_REFUSED;
use pager_core::{Actor, ApprovalId, Command, News};
use tokio::time::Instant;

use super::{Door, lock};
use crate::engine::EngineError;

/// How long the same is not written down again.
const SILENCE: Duration = Duration::from_secs(600);
/// How many different ones are written down in that time.
const MOST: usize = 100;

/// What was written down lately.
#[derive(Debug, Default)]
pub(super) struct Misfits {
    lately: HashMap<(i64, Option<ApprovalId>, &'static str), Instant>,
}

impl Misfits {
    fn is_news(&mut self, user: i64, id: Option<ApprovalId>, what: &'static str) -> bool {
        let now = Instant::now();
        self.lately.retain(|_, at| now.duration_since(*at) < SILENCE);
        let room = self.lately.len() < MOST;
        let known = self.lately.contains_key(&(user, id, what));
        if room && !known {
            self.lately.insert((user, id, what), now);
        }
        room && !known
    }
}

impl Door {
    /// Has an answer that cannot count written down; whether that was news.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub(super) async fn misfit(
        &self,
        user: i64,
        approval: Option<ApprovalId>,
        what: &'static str,
    ) -> Result<bool, EngineError> {
        if !lock(&self.misfits).is_news(user, approval, what) {
            tracing::debug!("an answer of telegram:{user} was refused once more: {what}");
            return Ok(false);
        }
        tracing::warn!(
            message_id = APPROVAL_REFUSED,
            pager_approval = approval.map(tracing::field::display),
            pager_actor = %format_args!("telegram:{user}"),
            "an answer on Telegram was refused: {what}"
        );
        let news = News::Misfit { approval, what: what.to_owned() };
        let report = Command::Report { session: None, news };
        match self.handle.submit(Actor::Telegram { user }, report).await {
            Err(EngineError::Stopped) => Err(EngineError::Stopped),
            Err(error) => {
                tracing::warn!("a refused answer could not be written down: {error}");
                Ok(true)
            }
            Ok(_) => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_no_news_and_too_much_is_none_either() {
        let mut misfits = Misfits::default();
        let id = Some(ApprovalId::from_bytes([1; 16]));
        assert!(misfits.is_news(1, id, "a"));
        assert!(!misfits.is_news(1, id, "a"));
        assert!(misfits.is_news(1, id, "b") && misfits.is_news(1, None, "a"));
        let more = (2..1000).filter(|user| misfits.is_news(*user, id, "a")).count();
        assert_eq!(more, MOST - 3);
    }
}
