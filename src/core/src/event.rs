//! Everything that has happened. Events are the log the state is made of: once written they are
//! never changed, and a form once released is read for ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{Pairing, Principal};
use crate::approval::{Approval, Resolution, Revocation, Yes};
use crate::session::Session;
use crate::{Actor, ApprovalId, Judgement, Notice, SessionId};

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
    /// An approval that waited in its session's queue is shown to a person.
    ApprovalAnnounced {
        /// Which.
        id: ApprovalId,
        /// When.
        at: Timestamp,
    },
    /// The policy has changed, and says another thing of a pending approval.
    ApprovalJudged {
        /// Which.
        id: ApprovalId,
        /// What it says now.
        judgement: Judgement,
    },
    /// Somebody has said yes to an approval that takes more than one.
    ApprovalCounted {
        /// Which.
        id: ApprovalId,
        /// All who have by now, in their order.
        yeses: Vec<Yes>,
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
    /// A rule that was granted with an approval was taken back.
    GrantRevoked {
        /// The approval.
        id: ApprovalId,
        /// By whom and when.
        revocation: Revocation,
    },
    /// Who may speak to the bot has changed, or who waits to.
    AccessChanged {
        /// What has changed.
        change: AccessChange,
        /// When.
        at: Timestamp,
    },
    /// Something a person should know, or that is evidence.
    Noticed {
        /// What.
        notice: Notice,
    },
}

/// What has changed about who may speak to the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum AccessChange {
    /// Somebody waits to be let in, has another code, or was told it.
    Pairing {
        /// Who, and how things stand.
        pairing: Pairing,
    },
    /// Somebody no longer waits.
    PairingEnded {
        /// Their number.
        user: i64,
    },
    /// Somebody tried a code that nobody has.
    WrongCode,
    /// Somebody was let in.
    LetIn {
        /// Who, as what, and by whom.
        principal: Principal,
    },
    /// Somebody who was let in is so no longer.
    Removed {
        /// Their number.
        user: i64,
    },
    /// Everything from outside is shut.
    Locked {
        /// By whom.
        by: Actor,
        /// Why, in their words; may be empty.
        reason: String,
    },
    /// It is open again.
    Unlocked,
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
    /// The approval it is about, if it is about one.
    pub fn approval(&self) -> Option<ApprovalId> {
        match self {
            Self::ApprovalRequested { approval } => Some(approval.id),
            Self::ApprovalAnnounced { id, .. }
            | Self::ApprovalJudged { id, .. }
            | Self::ApprovalCounted { id, .. }
            | Self::ApprovalResolved { id, .. }
            | Self::ApprovalForgotten { id }
            | Self::GrantRevoked { id, .. } => Some(*id),
            Self::Noticed { notice } => notice.approval(),
            Self::SessionChanged { .. }
            | Self::SessionForgotten { .. }
            | Self::AccessChanged { .. } => None,
        }
    }

    /// How hard it must be on the disk.
    pub const fn durability(&self) -> Durability {
        match self {
            Self::ApprovalRequested { .. }
            | Self::ApprovalResolved { .. }
            | Self::ApprovalJudged { .. }
            | Self::ApprovalCounted { .. }
            | Self::AccessChanged { .. }
            | Self::GrantRevoked { .. } => Durability::Full,
            Self::Noticed { notice } if notice.audited().is_some() => Durability::Full,
            Self::SessionChanged { .. }
            | Self::ApprovalAnnounced { .. }
            | Self::Noticed { .. }
            | Self::SessionForgotten { .. }
            | Self::ApprovalForgotten { .. } => Durability::Relaxed,
        }
    }
}

/// What must be done outside because of what happened. Doors that need durable delivery get a row
/// in the outbox for each; the others follow the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Show the approval and ask for a verdict.
    Ask(ApprovalId),
    /// What is shown of a pending approval is so no longer: show it as it is now.
    Renew(ApprovalId),
    /// Show how the approval ended and take the question back.
    Settle(ApprovalId),
    /// Tell the person; a later notice of the same key takes the earlier one's place.
    Tell(Box<Notice>),
}
