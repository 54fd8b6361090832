//! How an approval is answered, and how it ends.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Actor;

/// Where an approval stands. Every state but [`State::Pending`] is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for a verdict.
    Pending,
    /// A person or a rule of theirs said yes.
    Allowed,
    /// A person or a rule of theirs said no.
    Denied,
    /// A question was answered.
    Answered,
    /// Nobody answered in time; the agent's own dialog remains.
    Expired,
    /// The agent went away before an answer, or a panic shut everything.
    Cancelled,
    /// The person answered at the agent's own dialog.
    Elsewhere,
}

impl State {
    /// The word used on every door.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Answered => "answered",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// A person's or a policy's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum Verdict {
    /// Yes, this once.
    Allow,
    /// Yes, and the agent may remember its suggested rule.
    AllowAlways,
    /// Yes to a plan, and the edits that follow from it need not be asked for.
    AllowEdits,
    /// No.
    Deny {
        /// What the agent is told; empty for a plain no.
        reason: String,
        /// Whether the agent's turn ends as well.
        interrupt: bool,
    },
    /// The answers to its questions, by question text.
    Answer {
        /// For each question the chosen labels or the free text.
        answers: BTreeMap<String, Vec<String>>,
    },
}

impl Verdict {
    /// A plain no.
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::Deny { reason: reason.into(), interrupt: false }
    }

    /// Whether it lets the agent go on with what it asked for: the verdicts that only the right door
    /// and the right person may give.
    pub const fn is_yes(&self) -> bool {
        !matches!(self, Self::Deny { .. })
    }

    /// The state an approval has after this verdict.
    pub const fn state(&self) -> State {
        match self {
            Self::Allow | Self::AllowAlways | Self::AllowEdits => State::Allowed,
            Self::Deny { .. } => State::Denied,
            Self::Answer { .. } => State::Answered,
        }
    }

    /// The audit log's word for it: `allow`, `allow_always`, `allow_edits`, `deny` or `answer`.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::AllowAlways => "allow_always",
            Self::AllowEdits => "allow_edits",
            Self::Deny { .. } => "deny",
            Self::Answer { .. } => "answer",
        }
    }
}

/// How an approval ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The final state; never [`State::Pending`].
    pub state: State,
    /// The verdict that decided; none where the clock, the terminal or the agent's end did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Who decided.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The chat message whose button was tapped, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<i64>,
}

impl Resolution {
    /// The audit log's word for what happened.
    pub fn action(&self) -> &'static str {
        match (&self.verdict, self.state) {
            (Some(verdict), _) => verdict.action(),
            (None, State::Expired) => "expire",
            (None, State::Elsewhere) => "elsewhere",
            (None, _) => "cancel",
        }
    }
}

/// One of the yeses that an approval takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yes {
    /// Whose.
    pub by: Actor,
    /// What they said yes to.
    pub verdict: Verdict,
    /// When.
    pub at: Timestamp,
}

/// A granted rule was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}
