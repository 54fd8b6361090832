//! Reading the state back.

use std::sync::Arc;

use pager_core::audit::Head;
use pager_core::{Approval, ApprovalId, Event, Machine, Notice, Session, Sha256Hex};
use rusqlite::{Connection, OptionalExtension, Row};

use super::write::EVIDENCE;
use super::{Store, StoreError};

/// An event with its place in the log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its number; later events have greater ones.
    pub seq: u64,
    /// What happened.
    pub event: Event,
}

impl Store {
    /// The machine as its events left it, and the number of the last of them.
    ///
    /// # Errors
    /// A record that cannot be read: the state is then not guessed at.
    pub fn load(&self) -> Result<(Machine, u64), StoreError> {
        let mut machine = Machine::new();
        let mut sessions = self.db.prepare("SELECT body FROM sessions")?;
        for body in sessions.query_map([], |row| row.get::<_, String>(0))? {
            let session: Session = serde_json::from_str(&body?)?;
            machine.apply(&Event::SessionChanged { session });
        }
        let mut approvals = self.db.prepare(
            "SELECT a.body, i.text FROM approvals a
             LEFT JOIN inputs i ON i.sha256 = a.body ->> '$.input.sha256' WHERE at_hand = 1",
        )?;
        for row in approvals.query_map([], body_and_input)? {
            let approval = Box::new(approval(row?)?);
            machine.apply(&Event::ApprovalRequested { approval });
        }
        let mut access = self.db.prepare("SELECT body FROM access")?;
        for body in access.query_map([], |row| row.get::<_, String>(0))? {
            machine.apply(&serde_json::from_str(&body?)?);
        }
        Ok((machine, self.last_seq()?))
    }

    /// The number of the last event; 0 before the first.
    ///
    /// # Errors
    /// The database's.
    pub fn last_seq(&self) -> Result<u64, StoreError> {
        Ok(self.db.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))?)
    }

    /// What has happened after event `seq`, at most `limit` of it, in order.
    ///
    /// # Errors
    /// The database's, or a record that cannot be read.
    pub fn events_since(&self, seq: u64, limit: usize) -> Result<Vec<Logged>, StoreError> {
        let mut events = self.db.prepare_cached(
            "SELECT e.seq, e.body, i.text FROM events e
             LEFT JOIN inputs i ON i.sha256 = e.body ->> '$.approval.input.sha256'
             WHERE e.seq > ?1 ORDER BY e.seq LIMIT ?2",
        )?;
        let rows = events.query_map((seq, limit), |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
        })?;
        let mut logged = Vec::new();
        for row in rows {
            let (seq, body, input) = row?;
            let mut event: Event = serde_json::from_str(&body)?;
            if let Event::ApprovalRequested { approval } = &mut event {
                restore(approval, input)?;
            }
            logged.push(Logged { seq, event });
        }
        Ok(logged)
    }

    /// What a person was told after event `seq`, in order.
    ///
    /// # Errors
    /// The database's, or a record that cannot be read.
    pub fn notices_since(&self, seq: u64) -> Result<Vec<Notice>, StoreError> {
        let mut notices = self.db.prepare_cached(
            "SELECT body FROM events
             WHERE seq > ?1 AND body ->> '$.event' = 'noticed' ORDER BY seq",
        )?;
        let mut told = Vec::new();
        for body in notices.query_map([seq], |row| row.get::<_, String>(0))? {
            if let Event::Noticed { notice } = serde_json::from_str(&body?)?
                && notice.is_told()
            {
                told.push(notice);
            }
        }
        Ok(told)
    }

    /// The approvals with which a rule was granted that nobody has taken back, the oldest first.
    ///
    /// # Errors
    /// The database's, or a record that cannot be read.
    pub fn grants(&self) -> Result<Vec<Approval>, StoreError> {
        let mut grants = self.db.prepare_cached(
            "SELECT a.body, i.text FROM approvals a
             LEFT JOIN inputs i ON i.sha256 = a.body ->> '$.input.sha256'
             WHERE a.state = 'allowed' AND a.body ->> '$.revoked' IS NULL
             AND a.body ->> '$.resolution.verdict.verdict' = 'allow_always'
             ORDER BY a.body ->> '$.resolution.at'",
        )?;
        grants.query_map([], body_and_input)?.map(|row| approval(row?)).collect()
    }

    /// An approval of any age.
    ///
    /// # Errors
    /// The database's, or a record that cannot be read.
    pub fn approval(&self, id: &ApprovalId) -> Result<Option<Approval>, StoreError> {
        let row = self
            .db
            .prepare_cached(
                "SELECT a.body, i.text FROM approvals a
                 LEFT JOIN inputs i ON i.sha256 = a.body ->> '$.input.sha256' WHERE a.id = ?1",
            )?
            .query_row([id.to_string()], body_and_input)
            .optional()?;
        row.map(approval).transpose()
    }

    /// The audit log's head with the record of how an approval ended; none while it waits.
    ///
    /// # Errors
    /// The database's.
    pub fn evidence(&self, id: &ApprovalId) -> Result<Option<Head>, StoreError> {
        Ok(self.notes(EVIDENCE, id)?.pop().map(|(_, head)| head))
    }

    /// The ids of approvals of any age that begin with `prefix` (hexadecimal digits), at most two:
    /// enough to tell whether the prefix is unique.
    ///
    /// # Errors
    /// The database's.
    pub fn ids_with_prefix(&self, prefix: &str) -> Result<Vec<ApprovalId>, StoreError> {
        let mut ids = self.db.prepare_cached(
            "SELECT id FROM approvals WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT 2",
        )?;
        let rows = ids.query_map([prefix], |row| row.get::<_, String>(0))?;
        rows.map(|id| id.map(|id| id.parse().ok()))
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()
            .map_err(Into::into)
    }

    /// The latest approvals of any state, newest first.
    ///
    /// # Errors
    /// The database's, or a record that cannot be read.
    pub fn recent_approvals(&self, limit: usize) -> Result<Vec<Approval>, StoreError> {
        let mut recent = self.db.prepare_cached(
            "SELECT a.body, i.text FROM approvals a
             LEFT JOIN inputs i ON i.sha256 = a.body ->> '$.input.sha256'
             ORDER BY a.body ->> '$.created' DESC LIMIT ?1",
        )?;
        recent.query_map([limit], body_and_input)?.map(|row| approval(row?)).collect()
    }
}

type BodyAndInput = (String, Option<String>);

fn body_and_input(row: &Row<'_>) -> rusqlite::Result<BodyAndInput> {
    Ok((row.get(0)?, row.get(1)?))
}

fn approval((body, input): BodyAndInput) -> Result<Approval, StoreError> {
    let mut approval: Approval = serde_json::from_str(&body)?;
    restore(&mut approval, input)?;
    Ok(approval)
}

/// Gives an approval its input back; one that is not the input it had is never shown for it.
fn restore(approval: &mut Approval, input: Option<String>) -> Result<(), StoreError> {
    let restored = input.is_some_and(|text| approval.input.restore(Arc::from(text)));
    if restored {
        return Ok(());
    }
    let error = format!("the input of approval {} is not the one it had", approval.id);
    Err(StoreError::Json(serde::de::Error::custom(error)))
}

/// Where the audit log stood at the last commit.
pub(super) fn audit_head(db: &Connection) -> Result<Head, StoreError> {
    let fact = |key: &str| -> Result<Option<String>, StoreError> {
        let mut value = db.prepare_cached("SELECT value FROM facts WHERE key = ?1")?;
        Ok(value.query_row([key], |row| row.get(0)).optional()?)
    };
    let seq = fact("audit.seq")?.and_then(|seq| seq.parse().ok());
    let hash = fact("audit.hash")?.as_deref().and_then(Sha256Hex::parse);
    Ok(match (seq, hash) {
        (Some(seq), Some(hash)) => Head { seq, hash },
        _ => Head::default(),
    })
}
