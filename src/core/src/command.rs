//! Everything that can be asked of the machine, and what it answers.

use jiff::{SignedDuration, Timestamp};

use crate::approval::{Request, Resolution, Verdict};
use crate::session::Facts;
use crate::{ApprovalId, Effect, Event, Sha256Hex};

/// What comes from outside with a command, so that the machine needs no clock, no randomness and
/// no configuration of its own.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The time.
    pub now: Timestamp,
    /// 128 random bits for a new id.
    pub fresh: [u8; 16],
    /// How long an approval waits for a person (`approvals.window`).
    pub window: SignedDuration,
}

/// Something asked of the machine.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// A hook event that asks nothing.
    Observe {
        /// What it says of the session.
        facts: Facts,
        /// What happened.
        activity: Activity,
    },
    /// An agent wants an answer.
    Ask {
        /// What the event says of the session.
        facts: Facts,
        /// The question.
        request: Box<Request>,
    },
    /// Somebody decides.
    Resolve {
        /// Which approval.
        id: ApprovalId,
        /// What they say.
        verdict: Verdict,
        /// The chat message whose button was tapped, where there was one.
        message_id: Option<i64>,
    },
    /// The hook that asked no longer waits.
    Withdraw {
        /// Which approval.
        id: ApprovalId,
        /// Why.
        why: Withdrawal,
    },
    /// The time has come for whatever is due: expiry, and forgetting what is long over.
    Tick,
}

/// What happened in a session, as far as the machine cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// The session began or was taken up again.
    Started,
    /// The person gave the agent a prompt.
    Prompted,
    /// A tool is about to be used.
    ToolStarting,
    /// A tool was used, well or badly: whatever asked for it has been answered.
    ToolFinished {
        /// The tool.
        tool: String,
        /// Digest of its input's canonical form.
        fingerprint: Sha256Hex,
        /// The subagent that used it, if any.
        subagent: Option<String>,
    },
    /// All tool calls of one answer of the model's have their results, some of which may be a
    /// person's no: nothing the same thread asked before can still be waiting.
    CallsFinished {
        /// The subagent whose calls they were; none for the main turn's.
        subagent: Option<String>,
    },
    /// The main turn ended.
    TurnEnded,
    /// A subagent ended.
    SubagentEnded {
        /// Which, where the agent says.
        subagent: Option<String>,
    },
    /// The session ended.
    Ended,
    /// The agent said something of itself (its status line, a notification, an event of a newer
    /// release): facts may have changed, nothing else.
    Told,
}

/// Why a hook no longer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// The agent ended the hook: the person said no, or left the dialog.
    Terminated,
    /// The agent is gone.
    AgentGone,
    /// The hook went without a word.
    Disconnected,
}

/// What the machine made of a command. Nothing has changed yet: the events are to be committed,
/// then applied.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// What happened, in order; empty where nothing changes.
    pub events: Vec<Event>,
    /// What must be done outside once the events are durable.
    pub effects: Vec<Effect>,
    /// What the asker is told, once the events are durable.
    pub reply: Result<Reply, Refusal>,
}

/// A command was carried out.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Nothing more to say.
    Done,
    /// The approval that stands for the request, new or known; its resolution if it has one.
    Asked {
        /// The approval.
        id: ApprovalId,
        /// How it ended, if it has.
        resolution: Option<Resolution>,
    },
    /// The verdict counts.
    Resolved(Resolution),
}

/// A command was refused; nothing changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There is no such approval.
    #[error("there is no approval {0}")]
    NotFound(String),
    /// Somebody was first.
    #[error("already {} {} at {}", .0.state.as_str(), .0.by.words(), .0.at.strftime("%H:%M:%S UTC"))]
    AlreadyResolved(Resolution),
    /// It makes no sense as asked.
    #[error("{0}")]
    InvalidArgument(String),
}
