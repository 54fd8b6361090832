//! The kinds of records: what each event that belongs into the log says there, and what the log says
//! of itself.

use jiff::Timestamp;

use super::{Head, Record};
use crate::approval::{Approval, Resolution};
use crate::{Actor, Event, Machine};

/// What the name of every event begins with that is about the log itself: it holds because it is
/// written, whatever the database says.
pub const ABOUT_THE_LOG: &str = "log.";
/// The file ends here; the next one follows.
pub const ROTATED: Note = Note { event: "log.rotated", action: "rotate" };
/// The file begins here, after another.
pub const CONTINUED: Note = Note { event: "log.continued", action: "continue" };
/// Half a last line was found and set aside.
pub const TORN: Note = Note { event: "log.torn", action: "recover" };
/// The log was not the one the database knows.
pub const REPLACED: Note = Note { event: "log.replaced", action: "remark" };
/// The database knows no record, but there was a log.
pub const KEPT: Note = Note { event: "log.kept", action: "remark" };
/// A record before this one did not take effect.
pub const VOID: Note = Note { event: "record.void", action: "remark" };

/// What the log says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The record's `event`.
    pub event: &'static str,
    /// Its `action`.
    pub action: &'static str,
}

/// The record of an event, to follow `head`; none for what does not belong into the log. `machine`
/// is the state before the event.
///
/// A new kind of record is a new arm here; where it is written and published needs no change.
pub fn of_event(head: &Head, machine: &Machine, event: &Event) -> Option<Record> {
    match event {
        Event::ApprovalResolved { id, resolution } => {
            machine.approval(id).map(|approval| resolved(head, approval, resolution))
        }
        Event::SessionChanged { .. }
        | Event::SessionForgotten { .. }
        | Event::ApprovalRequested { .. }
        | Event::ApprovalForgotten { .. } => None,
    }
}

/// The record of something about the log itself, to follow `head`.
pub fn note(head: &Head, at: Timestamp, note: Note, summary: String) -> Record {
    Record {
        event: note.event.to_owned(),
        action: note.action.to_owned(),
        summary: Some(summary),
        by: Actor::Pager,
        ..blank(head, at)
    }
}

/// The record of how an approval ended, to follow `head`.
pub fn resolved(head: &Head, approval: &Approval, resolution: &Resolution) -> Record {
    let latency = resolution.at.duration_since(approval.created).as_millis();
    Record {
        event: "approval.resolved".to_owned(),
        session: Some(approval.session.clone()),
        label: Some(approval.label.clone()),
        action: resolution.action().to_owned(),
        tool: Some(approval.tool.clone()),
        summary: Some(approval.summary.clone()),
        input_sha256: Some(approval.input.sha256().clone()),
        approval: Some(approval.id),
        by: resolution.by.clone(),
        message_id: resolution.message_id,
        latency_ms: Some(u64::try_from(latency).unwrap_or(0)),
        ..blank(head, resolution.at)
    }
}

/// A record that says nothing yet, in its place.
fn blank(head: &Head, ts: Timestamp) -> Record {
    Record {
        seq: head.seq + 1,
        ts,
        event: String::new(),
        session: None,
        label: None,
        action: String::new(),
        tool: None,
        summary: None,
        input_sha256: None,
        approval: None,
        by: Actor::Pager,
        message_id: None,
        latency_ms: None,
        prev_hash: head.hash.clone(),
    }
}
