//! How long is kept what nobody needs any more. The audit log is kept for ever: it is the evidence.

use jiff::{SignedDuration, Timestamp};
use rusqlite::TransactionBehavior;

use super::{Store, StoreError};

/// How long a settled approval can be looked up, with its whole input.
const KEEP_APPROVALS: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How many of the latest events are kept; the state is in the read tables.
const KEEP_EVENTS: u64 = 20_000;

impl Store {
    /// Deletes what is past its time: approvals settled long ago, but for those whose granted rule
    /// still stands, events beyond the latest, and tool inputs of which nothing speaks any more.
    ///
    /// # Errors
    /// The database's; nothing is deleted then.
    pub fn prune(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let before = now.saturating_sub(KEEP_APPROVALS).unwrap_or(Timestamp::MIN);
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute(
            "DELETE FROM approvals WHERE at_hand = 0
               AND unixepoch(body ->> '$.resolution.at') < ?1
               AND (body ->> '$.resolution.verdict.verdict' IS NOT 'allow_always'
                    OR body ->> '$.revoked.at' IS NOT NULL)",
            [before.as_second()],
        )?;
        tx.execute(
            "DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?1",
            [KEEP_EVENTS],
        )?;
        tx.execute(
            "DELETE FROM inputs WHERE sha256 NOT IN (
               SELECT body ->> '$.input.sha256' FROM approvals
               UNION
               SELECT body ->> '$.approval.input.sha256' FROM events
               WHERE body ->> '$.event' = 'approval_requested')",
            [],
        )?;
        tx.execute("DELETE FROM notes WHERE approval NOT IN (SELECT id FROM approvals)", [])?;
        tx.commit()?;
        Ok(())
    }
}
