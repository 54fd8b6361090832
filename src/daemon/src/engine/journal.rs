//! What the journal is told of what has happened. Never a whole tool input, never a secret.

use pager_core::audit::Head;
use pager_core::message_id::{
    ACCESS_CHANGED, APPROVAL_CANCELLED, APPROVAL_EXPIRED, APPROVAL_REFUSED, APPROVAL_REQUESTED,
    APPROVAL_RESOLVED, AUDIT_NOTED, FILE_EXCHANGED, GRANT_REVOKED, PANIC, SESSION_BUSY,
    SESSION_IMPOSTOR, SESSION_PAUSED, TOKEN_ROTATED,
};
use pager_core::{Event, Machine, News, Notice, State, present};

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
        Event::ApprovalCounted { id, yeses } => {
            let Some(approval) = machine.approval(id) else { return };
            let Some(yes) = yeses.last() else { return };
            tracing::info!(
                pager_approval = %id,
                pager_session = %approval.session,
                pager_actor = %yes.by,
                pager_tool = approval.tool,
                pager_decision = yes.verdict.action(),
                pager_audit_seq = head.map(|head| head.seq),
                pager_audit_hash = head.map(|head| head.hash.as_str()),
                "A yes {}, {} of {} ({})",
                yes.by.words(), yeses.len(), approval.needed, present::headline(approval)
            );
        }
        Event::SessionChanged { session } => tracing::debug!(
            pager_session = %session.id,
            "session {} is {}", session.label, machine.session_state(session)
        ),
        Event::ApprovalJudged { id, judgement } => tracing::debug!(
            pager_approval = %id,
            "the policy now says {} to it", judgement.ruling.as_str()
        ),
        Event::GrantRevoked { id, revocation } => tracing::info!(
            message_id = GRANT_REVOKED,
            pager_approval = %id,
            pager_actor = %revocation.by,
            pager_audit_seq = head.map(|head| head.seq),
            pager_audit_hash = head.map(|head| head.hash.as_str()),
            "The rule granted with approval {id} was taken back {}", revocation.by.words()
        ),
        Event::Noticed { notice } => notice_of(notice, head),
        // What of it a person should know comes as a notice.
        Event::AccessChanged { .. }
        | Event::SessionForgotten { .. }
        | Event::ApprovalForgotten { .. }
        | Event::ApprovalAnnounced { .. } => {}
    }
}

fn notice_of(notice: &Notice, head: Option<&Head>) {
    let message_id = match notice.news {
        News::SelfApproval { .. } | News::Meddled { .. } | News::Misfit { .. } => APPROVAL_REFUSED,
        News::Impostor { .. } => SESSION_IMPOSTOR,
        News::Busy { .. } | News::Queued { .. } => SESSION_BUSY,
        News::Paused { .. } | News::Resumed => SESSION_PAUSED,
        News::Acknowledged { .. } => AUDIT_NOTED,
        News::Knocked { .. }
        | News::LetIn { .. }
        | News::TurnedAway { .. }
        | News::Removed { .. }
        | News::WrongCode => ACCESS_CHANGED,
        News::Rotated { .. } => TOKEN_ROTATED,
        News::Locked { .. } | News::Secured { .. } | News::Unlocked => PANIC,
        News::FileReceived { .. } | News::FileSent { .. } => FILE_EXCHANGED,
    };
    tracing::warn!(
        message_id,
        pager_approval = notice.approval().map(tracing::field::display),
        pager_session = notice.session.as_ref().map(tracing::field::display),
        pager_actor = %notice.by,
        pager_audit_seq = head.map(|head| head.seq),
        pager_audit_hash = head.map(|head| head.hash.as_str()),
        "{}", present::notice(notice).replace('\n', " ")
    );
}
