//! The one way anything is written: a commit.

use std::borrow::Cow;
use std::path::Path;

use pager_core::audit::{self, Head};
use pager_core::{AccessChange, Approval, ApprovalId, Durability, Effect, Event, Machine};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::Serialize;

use super::{AUDIT_LOG, DATABASE, Store, StoreError, outbox};
use crate::faults::{self, Point};
use crate::redaction;

/// What one command came to, to be made durable as a whole or not at all.
#[derive(Debug, Clone, Copy)]
pub struct Commit<'a> {
    /// The state before, for what the events only name.
    pub machine: &'a Machine,
    /// What happened.
    pub events: &'a [Event],
    /// What is to be done.
    pub effects: &'a [Effect],
    /// The doors that want it done durably.
    pub doors: &'a [&'static str],
}

/// What a commit made durable.
#[derive(Debug)]
pub struct Committed {
    /// The number of the last event.
    pub seq: u64,
    /// For each event in its order, the audit log's head with its record, if it has one.
    pub evidence: Vec<Option<Head>>,
}

impl<'a> Commit<'a> {
    /// An approval as it was before, or as it comes with this commit.
    fn approval(&self, id: &ApprovalId) -> Option<&'a Approval> {
        let new = || {
            self.events.iter().find_map(|event| match event {
                Event::ApprovalRequested { approval } if approval.id == *id => Some(&**approval),
                _ => None,
            })
        };
        self.machine.approval(id).or_else(new)
    }
}

/// Whose note, and which, says what record of the audit log an approval ended with.
pub(super) const EVIDENCE: &str = "audit";

impl Store {
    /// Makes a command's outcome durable: the audit log first, so that no verdict takes effect
    /// without its evidence, then everything else in one transaction. Where that fails, the audit
    /// log is taken back to where it was.
    ///
    /// # Errors
    /// The disk's or the database's; nothing has happened then.
    pub fn commit(&mut self, commit: Commit<'_>) -> Result<Committed, StoreError> {
        let before = self.audit.position();
        faults::write(Point::Evidence).map_err(StoreError::io(Path::new(AUDIT_LOG)))?;
        let evidence = self.write_evidence(commit)?;
        match self.write_transaction(commit, &evidence) {
            Ok(seq) => {
                self.rotate_full_audit_log();
                Ok(Committed { seq, evidence })
            }
            Err(error) => {
                if evidence.iter().any(Option::is_some) {
                    self.audit.roll_back(before)?;
                }
                Err(error)
            }
        }
    }

    /// What is decided stands, whether the log goes on in a new file or in the old one.
    fn rotate_full_audit_log(&mut self) {
        if self.audit.bytes() < self.rotate_audit_at.max(self.rotate_audit_again_at) {
            return;
        }
        self.rotate_audit_again_at = 0;
        let rotated = self.audit.rotate().map_err(StoreError::from);
        if let Err(error) = rotated.and_then(|()| set_audit_head(&self.db, self.audit.head())) {
            self.rotate_audit_again_at = self.audit.bytes() + self.rotate_audit_at;
            tracing::error!(
                message_id = pager_core::message_id::AUDIT_TROUBLE,
                "no new file could be begun, the old one grows on: {error}"
            );
        }
    }

    fn write_evidence(&mut self, commit: Commit<'_>) -> Result<Vec<Option<Head>>, StoreError> {
        let mut lines = Vec::new();
        let mut evidence = Vec::new();
        let mut head = self.audit.head().clone();
        for event in commit.events {
            let about = self.about(commit, event)?;
            let Some(mut record) = audit::of_event(&head, event, about.as_deref()) else {
                evidence.push(None);
                continue;
            };
            // The log is kept for years and handed on; the input's digest names what is left out.
            record.summary = record.summary.map(|text| redaction::clean(&text).into_owned());
            let line = audit::write(&record)?;
            head = line.head.clone();
            lines.push(line);
            evidence.push(Some(head.clone()));
        }
        if !lines.is_empty() {
            self.audit.append(&lines)?;
        }
        Ok(evidence)
    }

    /// The approval an event is about; one that was granted long ago the machine has forgotten.
    fn about<'a>(
        &self,
        commit: Commit<'a>,
        event: &Event,
    ) -> Result<Option<Cow<'a, Approval>>, StoreError> {
        let Some(id) = event.approval() else { return Ok(None) };
        match commit.approval(&id) {
            Some(approval) => Ok(Some(Cow::Borrowed(approval))),
            None if matches!(event, Event::GrantRevoked { .. }) => {
                Ok(self.approval(&id)?.map(Cow::Owned))
            }
            None => Ok(None),
        }
    }

    fn write_transaction(
        &mut self,
        commit: Commit<'_>,
        evidence: &[Option<Head>],
    ) -> Result<u64, StoreError> {
        faults::write(Point::Commit).map_err(StoreError::io(Path::new(DATABASE)))?;
        let full = commit.events.iter().any(|event| event.durability() == Durability::Full);
        self.db.pragma_update(None, "synchronous", if full { "FULL" } else { "NORMAL" })?;
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut seq = 0;
        for (event, head) in commit.events.iter().zip(evidence) {
            seq = append(&tx, event)?;
            project(&tx, event)?;
            if let (Event::ApprovalResolved { id, .. }, Some(head)) = (event, head) {
                put_evidence(&tx, id, head)?;
            }
        }
        for effect in commit.effects {
            for door in commit.doors {
                outbox::put(&tx, door, effect)?;
            }
        }
        if let Some(head) = evidence.iter().flatten().last() {
            set_audit_head(&tx, head)?;
        }
        tx.commit()?;
        Ok(seq)
    }
}

fn append(tx: &Transaction<'_>, event: &Event) -> Result<u64, StoreError> {
    if let Event::ApprovalRequested { approval } = event {
        let mut input =
            tx.prepare_cached("INSERT OR IGNORE INTO inputs (sha256, text) VALUES (?1, ?2)")?;
        input.execute((approval.input.sha256().as_str(), &**approval.input.text()))?;
    }
    let mut row = tx.prepare_cached("INSERT INTO events (body) VALUES (?1) RETURNING seq")?;
    Ok(row.query_row([serde_json::to_string(event)?], |row| row.get(0))?)
}

fn project(tx: &Transaction<'_>, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::SessionChanged { session } => {
            tx.prepare_cached("INSERT OR REPLACE INTO sessions (id, body) VALUES (?1, ?2)")?
                .execute((session.id.as_str(), serde_json::to_string(session)?))?;
        }
        Event::SessionForgotten { id } => {
            tx.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id.as_str()])?;
        }
        Event::ApprovalRequested { approval } => put_approval(tx, approval)?,
        Event::ApprovalResolved { id, resolution } => {
            set(tx, id, "resolution", resolution)?;
            tx.prepare_cached("UPDATE approvals SET state = ?2 WHERE id = ?1")?
                .execute((id.to_string(), resolution.state.as_str()))?;
        }
        Event::ApprovalAnnounced { id, at } => set(tx, id, "announced", at)?,
        Event::ApprovalJudged { id, judgement } => set(tx, id, "judgement", judgement)?,
        Event::ApprovalCounted { id, yeses } => set(tx, id, "yeses", yeses)?,
        Event::GrantRevoked { id, revocation } => set(tx, id, "revoked", revocation)?,
        Event::AccessChanged { change, .. } => put_access(tx, change, event)?,
        Event::Noticed { .. } => {}
        Event::ApprovalForgotten { id } => {
            tx.prepare_cached("UPDATE approvals SET at_hand = 0 WHERE id = ?1")?
                .execute([id.to_string()])?;
        }
    }
    Ok(())
}

fn put_access(
    tx: &Transaction<'_>,
    change: &AccessChange,
    event: &Event,
) -> Result<(), StoreError> {
    let pairing = |user: i64| format!("pairing:{user}");
    let principal = |user: i64| format!("principal:{user}");
    let (key, stays) = match change {
        AccessChange::Pairing { pairing: waiting } => (pairing(waiting.user), true),
        AccessChange::PairingEnded { user } => (pairing(*user), false),
        AccessChange::LetIn { principal: known } => (principal(known.user), true),
        AccessChange::Removed { user } => (principal(*user), false),
        AccessChange::Locked { .. } | AccessChange::Unlocked => ("locked".to_owned(), true),
        // Counted while the daemon runs.
        AccessChange::WrongCode => return Ok(()),
    };
    if stays {
        tx.prepare_cached("INSERT OR REPLACE INTO access (key, body) VALUES (?1, ?2)")?
            .execute((key, serde_json::to_string(event)?))?;
    } else {
        tx.prepare_cached("DELETE FROM access WHERE key = ?1")?.execute([key])?;
    }
    Ok(())
}

/// Sets one member of an approval's body.
fn set(
    tx: &Transaction<'_>,
    id: &ApprovalId,
    member: &str,
    value: &impl Serialize,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE approvals SET body = json_set(body, ?2, json(?3)) WHERE id = ?1")?
        .execute((id.to_string(), format!("$.{member}"), serde_json::to_string(value)?))?;
    Ok(())
}

fn put_approval(tx: &Transaction<'_>, approval: &Approval) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO approvals (id, state, at_hand, body) VALUES (?1, ?2, 1, ?3)",
    )?
    .execute((
        approval.id.to_string(),
        approval.state().as_str(),
        serde_json::to_string(approval)?,
    ))?;
    Ok(())
}

/// The record of how an approval ended is what its doors may show of it.
fn put_evidence(tx: &Transaction<'_>, id: &ApprovalId, head: &Head) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO notes (door, approval, slot, body) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((EVIDENCE, id.to_string(), EVIDENCE, serde_json::to_string(head)?))?;
    Ok(())
}

pub(super) fn set_audit_head(db: &Connection, head: &Head) -> Result<(), StoreError> {
    let mut fact =
        db.prepare_cached("INSERT OR REPLACE INTO facts (key, value) VALUES (?1, ?2)")?;
    fact.execute(("audit.seq", head.seq.to_string()))?;
    fact.execute(("audit.hash", head.hash.as_str()))?;
    Ok(())
}

#[cfg(test)]
impl Store {
    /// Makes every write fail, or work again: a disk that a test can break.
    pub(crate) fn set_query_only(&mut self, on: bool) -> Result<(), StoreError> {
        Ok(self.db.pragma_update(None, "query_only", on)?)
    }
}
