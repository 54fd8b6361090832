//! Everything that has happened. Events are the log the state is made of: once written they are
//! never changed, and a form once released is read for ever.

use serde::{Deserialize, Serialize};

use crate::approval::{Approval, Resolution};
use crate::session::Session;
use crate::{ApprovalId, SessionId};

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A session is new, or something about it has changed: the whole of it as it is now.
    SessionChanged {
        /// The session.
        session: Session,
    },
    /// A session that is long over is no longer kept at hand.
    SessionForgotten {
        /// Which.
        id: SessionId,
    },
    /// An agent asks.
    ApprovalRequested {
        /// The approval, pending.
        approval: Box<Approval>,
    },
    /// An approval has its one, final answer.
    ApprovalResolved {
        /// Which.
        id: ApprovalId,
        /// How.
        resolution: Resolution,
    },
    /// A settled approval is no longer kept at hand; the store still has it.
    ApprovalForgotten {
        /// Which.
        id: ApprovalId,
    },
}

/// How hard an event must be on the disk before anyone is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// It may be lost with the power: the next event of the same kind tells it again.
    Relaxed,
    /// A person decided it, or would miss it.
    Full,
}

impl Event {
    /// How hard it must be on the disk.
    pub const fn durability(&self) -> Durability {
        match self {
            Self::ApprovalRequested { .. } | Self::ApprovalResolved { .. } => Durability::Full,
            Self::SessionChanged { .. }
            | Self::SessionForgotten { .. }
            | Self::ApprovalForgotten { .. } => Durability::Relaxed,
        }
    }
}

/// What must be done outside because of what happened. Doors that need durable delivery get a row
/// in the outbox for each; the others follow the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Show the approval and ask for a verdict.
    Ask(ApprovalId),
    /// Show how the approval ended and take the question back.
    Settle(ApprovalId),
}
