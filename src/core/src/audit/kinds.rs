//! The kinds of records: what each event that belongs into the log says there, and what the log says
//! of itself.

use jiff::Timestamp;

use super::{Head, Record};
use crate::approval::{Approval, Resolution, Revocation, SUMMARY_MAX, State, Yes};
use crate::sanitize::one_line;
use crate::{Actor, Event, News, Notice, present};

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
/// A person knows of a break in the chain before this record.
pub const ACKNOWLEDGED: Note = Note { event: "log.acknowledged", action: "acknowledge" };
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

/// The record of an event, to follow `head`; none for what does not belong into the log. `approval`
/// is the one the event is about ([`Event::approval`]), as it was before.
///
/// A new kind of record is a new arm here; where it is written and published needs no change.
pub fn of_event(head: &Head, event: &Event, approval: Option<&Approval>) -> Option<Record> {
    match event {
        Event::ApprovalResolved { resolution, .. } => {
            approval.map(|approval| resolved(head, approval, resolution))
        }
        Event::ApprovalCounted { yeses, .. } => {
            approval.zip(yeses.last()).map(|(approval, yes)| counted(head, approval, yes))
        }
        Event::GrantRevoked { revocation, .. } => {
            approval.map(|approval| revoked(head, approval, revocation))
        }
        Event::Noticed { notice } => noticed(head, notice, approval),
        Event::ApprovalAnnounced { .. }
        | Event::ApprovalJudged { .. }
        | Event::AccessChanged { .. }
        | Event::SessionChanged { .. }
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

/// The record of one yes of several, to follow `head`.
fn counted(head: &Head, approval: &Approval, yes: &Yes) -> Record {
    let Yes { by, verdict, at } = yes.clone();
    let verdict = Some(verdict);
    let resolution = Resolution { state: State::Pending, verdict, by, at, message_id: None };
    Record { event: "approval.counted".to_owned(), ..resolved(head, approval, &resolution) }
}

/// The record of a notice that is evidence, to follow `head`; none for one that is not.
fn noticed(head: &Head, notice: &Notice, approval: Option<&Approval>) -> Option<Record> {
    let (event, action) = notice.audited()?;
    let words = match &notice.news {
        // What a program reads back.
        News::Acknowledged { gap, reason } => gap.acknowledged(reason),
        _ => present::notice(notice),
    };
    Some(Record {
        event: event.to_owned(),
        session: notice.session.clone(),
        label: notice.session.is_some().then(|| notice.label.clone()),
        action: action.to_owned(),
        tool: approval.map(|approval| approval.tool.clone()),
        summary: Some(one_line(&words, SUMMARY_MAX)),
        input_sha256: match notice.file() {
            Some(file) => Some(file.sha256.clone()),
            None => approval.map(|approval| approval.input.sha256().clone()),
        },
        approval: notice.approval(),
        by: notice.by.clone(),
        ..blank(head, notice.at)
    })
}

/// The record that the rule granted with an approval was taken back, to follow `head`.
fn revoked(head: &Head, approval: &Approval, revocation: &Revocation) -> Record {
    let rule = approval.always.as_ref().map(|always| one_line(&always.rule, SUMMARY_MAX));
    Record {
        event: "grant.revoked".to_owned(),
        session: Some(approval.session.clone()),
        label: Some(approval.label.clone()),
        action: "revoke".to_owned(),
        tool: Some(approval.tool.clone()),
        summary: rule,
        input_sha256: Some(approval.input.sha256().clone()),
        approval: Some(approval.id),
        by: revocation.by.clone(),
        ..blank(head, revocation.at)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_explains_what_the_log_says_of_itself() {
        let manual = include_str!("../../../../man/pager-audit.5");
        for note in [ROTATED, CONTINUED, TORN, REPLACED, KEPT, ACKNOWLEDGED, VOID] {
            assert!(manual.contains(&format!(".It Li {}\n", note.event)), "{}", note.event);
            assert!(manual.contains(&format!(".Ql {}", note.action)), "{}", note.action);
        }
    }
}
