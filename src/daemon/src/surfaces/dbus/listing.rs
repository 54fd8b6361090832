//! What there is and how it does, in rows, numbers and words.

use pager_core::{Approval, Phase, Session};
use zbus::zvariant::OwnedObjectPath;

use super::context::{Context, plain};
use super::names::{approval_path, session_path};
use crate::engine::{EngineError, Health};

/// A session: id, path, label, state and folder.
pub(super) type SessionRow = (String, OwnedObjectPath, String, String, String);

/// An approval that waits: id, path, kind, summary and session's id.
pub(super) type ApprovalRow = (String, OwnedObjectPath, String, String, String);

/// The sessions known, the oldest first.
pub(super) async fn sessions(context: &Context) -> Result<Vec<SessionRow>, EngineError> {
    let sessions = context.handle().with_store(|_, machine| {
        let mut sessions: Vec<_> = machine.sessions().collect();
        sessions.sort_by_key(|session| (session.started, &session.id));
        let row = |session: &&Session| {
            (
                session.id.to_string(),
                session_path(&session.id),
                plain(&session.label),
                machine.session_state(session).to_owned(),
                plain(&session.cwd),
            )
        };
        Ok(sessions.iter().map(row).collect())
    });
    sessions.await
}

/// The approvals that wait, the oldest first.
pub(super) async fn approvals(context: &Context) -> Result<Vec<ApprovalRow>, EngineError> {
    let approvals = context.handle().with_store(|_, machine| {
        let mut pending: Vec<_> = machine.pending().collect();
        pending.sort_by_key(|approval| (approval.created, approval.id));
        let row = |approval: &&Approval| {
            (
                approval.id.to_string(),
                approval_path(&approval.id),
                approval.kind.as_str().to_owned(),
                plain(&approval.summary),
                approval.session.to_string(),
            )
        };
        Ok(pending.iter().map(row).collect())
    });
    approvals.await
}

/// How many approvals wait.
pub(super) async fn waiting(context: &Context) -> Result<u32, EngineError> {
    let count = context.handle().with_store(|_, machine| Ok(machine.pending().count()));
    Ok(to_u32(count.await?))
}

/// How many sessions are known that have not ended.
pub(super) async fn active(context: &Context) -> Result<u32, EngineError> {
    let count = context.handle().with_store(|_, machine| {
        Ok(machine.sessions().filter(|session| session.phase != Phase::Ended).count())
    });
    Ok(to_u32(count.await?))
}

/// The word for the daemon's health.
pub(super) fn health_word(health: &Health) -> &'static str {
    match health {
        Health::Ready => "ready",
        Health::Degraded { .. } => "degraded",
    }
}

/// What the configuration allows and had better not, a sentence each.
pub(super) fn warnings(context: &Context) -> Vec<String> {
    context.shared.controls.warnings.borrow().iter().map(|warning| plain(warning)).collect()
}

/// A count as D-Bus carries it.
pub(super) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
