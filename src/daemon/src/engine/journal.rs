//! What the journal is told of what has happened. Never a whole tool input, never a secret.

use pager_core::audit::Head;
use pager_core::message_id::{
    APPROVAL_CANCELLED, APPROVAL_EXPIRED, APPROVAL_REQUESTED, APPROVAL_RESOLVED,
};
use pager_core::{Event, Machine, State, present};

/// Logs an event that has been applied; `head` is the audit log's with its record, if it has one.
pub(super) fn log(machine: &Machine, event: &Event, head: Option<&Head>) {
    match event {
        Event::ApprovalRequested { approval } => tracing::info!(
            message_id = APPROVAL_REQUESTED,
            pager_approval = %approval.id,
            pager_session = %approval.session,
            pager_tool = approval.tool,
            pager_input_sha256 = %approval.input.sha256(),
            "{}", present::headline(approval)
        ),
        Event::ApprovalResolved { id, resolution } => {
            let Some(approval) = machine.approval(id) else { return };
            let message_id = match resolution.state {
                State::Expired => APPROVAL_EXPIRED,
                State::Cancelled | State::Elsewhere => APPROVAL_CANCELLED,
                State::Pending | State::Allowed | State::Denied | State::Answered => {
                    APPROVAL_RESOLVED
                }
            };
            tracing::info!(
                message_id,
                pager_approval = %id,
                pager_session = %approval.session,
                pager_actor = %resolution.by,
                pager_tool = approval.tool,
                pager_decision = resolution.action(),
                pager_input_sha256 = %approval.input.sha256(),
                pager_audit_seq = head.map(|head| head.seq),
                pager_audit_hash = head.map(|head| head.hash.as_str()),
                "{} ({})", present::settlement(resolution), present::headline(approval)
            );
        }
        Event::SessionChanged { session } => tracing::debug!(
            pager_session = %session.id,
            "session {} is {}", session.label, machine.session_state(session)
        ),
        Event::SessionForgotten { .. } | Event::ApprovalForgotten { .. } => {}
    }
}
