//! Agents by name, and what pager needs of each: its events as commands, its form of a verdict.

use pager_core::{Approval, Command, RequestId};
use serde_json::value::RawValue;

use crate::{claude, codex};

/// An agent that pager understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Adapter {
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
}

/// Why an event cannot be understood. The event is refused; the agent's own dialog decides.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// It is not a JSON object.
    #[error("the event is not a JSON object: {0}")]
    NotJson(#[from] serde_json::Error),
    /// A field without which nothing can be made of it is missing, or is no text.
    #[error("the event has no {0}")]
    Missing(&'static str),
    /// The agent has no status line, so this is none of its making.
    #[error("this agent has no status line")]
    NoStatusLine,
}

impl Adapter {
    /// The adapter for an agent's short name.
    pub fn named(agent: &str) -> Option<Self> {
        match agent {
            "claude" => Some(Self::Claude),
            "codex" => Some(Self::Codex),
            _ => None,
        }
    }

    /// Makes a command of a hook event, as the agent wrote it. An event of an unknown kind is a sign
    /// of life and nothing else: every release of an agent adds some.
    ///
    /// # Errors
    /// [`AdapterError`], where the event does not even say whose it is.
    pub fn event(self, raw: &str, request: RequestId) -> Result<Command, AdapterError> {
        match self {
            Self::Claude => claude::event(raw, request),
            Self::Codex => codex::event(raw, request),
        }
    }

    /// Makes a command of what the agent gives its status line.
    ///
    /// # Errors
    /// [`AdapterError`].
    pub fn status_line(self, raw: &str) -> Result<Command, AdapterError> {
        match self {
            Self::Claude => claude::status_line(raw),
            Self::Codex => Err(AdapterError::NoStatusLine),
        }
    }

    /// What the agent is to be told of a settled approval, in its own form; none where nobody gave a
    /// verdict, so that its own dialog decides.
    pub fn decision(self, approval: &Approval) -> Option<Box<RawValue>> {
        match self {
            Self::Claude => claude::decision(approval),
            Self::Codex => codex::decision(approval),
        }
    }

    /// Whether it kills a waiting hook, so that nothing can be said on the way, when the person leaves
    /// the question, and tells of that in another event.
    pub fn kills_hooks(self) -> bool {
        match self {
            Self::Claude => false,
            Self::Codex => true,
        }
    }
}
