//! What there is to be seen on the bus, as one moment's look at the machine.

use std::collections::BTreeMap;

use pager_core::{ApprovalId, Lock, Machine, Phase, SessionId};

use super::approval::Marks;
use super::context::Context;
use super::session::View;
use crate::engine::EngineError;

/// Everything exported, but for what an approval says: that never changes.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// The approvals at hand, and what of them can change.
    pub(super) approvals: BTreeMap<ApprovalId, Marks>,
    pub(super) sessions: BTreeMap<SessionId, View>,
    /// The panic that has shut everything.
    pub(super) lock: Option<Lock>,
}

impl Look {
    pub(super) async fn take(context: &Context) -> Result<Self, EngineError> {
        context.handle().with_store(|_, machine| Ok(Self::of(machine))).await
    }

    fn of(machine: &Machine) -> Self {
        let view = |session: &pager_core::Session| View {
            session: session.clone(),
            state: machine.session_state(session),
        };
        Self {
            approvals: machine.approvals().map(|one| (one.id, Marks::of(one))).collect(),
            sessions: machine.sessions().map(|one| (one.id.clone(), view(one))).collect(),
            lock: machine.locked().cloned(),
        }
    }

    pub(super) fn pending(&self) -> usize {
        self.approvals.values().filter(|marks| marks.pending).count()
    }

    pub(super) fn active(&self) -> usize {
        self.sessions.values().filter(|view| view.session.phase != Phase::Ended).count()
    }
}
