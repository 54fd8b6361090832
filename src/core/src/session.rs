//! A session: one conversation with an agent, learned from its hook events.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sanitize::one_line;
use crate::{Actor, Origin, SessionId};

/// A coding agent by its short name: `claude`, `codex`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Agent(String);

impl Agent {
    /// Takes a short name.
    pub fn new(name: &str) -> Self {
        Self(one_line(name, 32))
    }

    /// Claude Code.
    pub fn claude() -> Self {
        Self("claude".to_owned())
    }

    /// The short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name a person knows it by: "Claude Code".
    pub fn title(&self) -> &str {
        match self.0.as_str() {
            "claude" => "Claude Code",
            "codex" => "Codex",
            other => other,
        }
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a session is doing, apart from waiting for an approval, which is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// In a turn.
    Working,
    /// Between turns.
    Idle,
    /// Over.
    Ended,
}

impl Phase {
    /// The word used on every door.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Ended => "ended",
        }
    }
}

/// One conversation with an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The agent's own id for it.
    pub id: SessionId,
    /// Whose conversation it is.
    pub agent: Agent,
    /// What a person calls it; by default the name of its folder.
    pub label: String,
    /// The folder it works in.
    pub cwd: String,
    /// The model's name, empty until known.
    pub model: String,
    /// The agent's permission mode (`default`, `acceptEdits`, …), empty until known.
    pub permission_mode: String,
    /// What it is doing.
    pub phase: Phase,
    /// How full its context window is, in percent, where the agent said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_percent: Option<f64>,
    /// What it has cost so far in US dollars, where the agent said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// The process that first spoke for it, and may alone speak for it while it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Who last told it what to do: by a prompt, an answer, or the words of a no. None where nobody has
    /// yet, as far as pager knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Actor>,
    /// How often in a row a person denied what it wanted to do.
    #[serde(default)]
    pub denials: u32,
    /// Since when it stands still, as it was denied too often; none while it may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Timestamp>,
    /// When pager first heard of it.
    pub started: Timestamp,
    /// When something of the above last changed.
    pub changed: Timestamp,
}

/// What a hook event says of the session it comes from. Unknown is `None` and changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The session.
    pub session: SessionId,
    /// The agent.
    pub agent: Agent,
    /// Its folder.
    pub cwd: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// Its permission mode.
    pub permission_mode: Option<String>,
    /// Its context window's fill in percent.
    pub context_percent: Option<f64>,
    /// Its cost in US dollars.
    pub cost_usd: Option<f64>,
    /// The process that speaks.
    pub origin: Option<Origin>,
}

impl Facts {
    /// Facts that name the session and say nothing else of it.
    pub fn new(session: SessionId, agent: Agent) -> Self {
        Self {
            session,
            agent,
            cwd: None,
            model: None,
            permission_mode: None,
            context_percent: None,
            cost_usd: None,
            origin: None,
        }
    }
}

/// The label a folder gives: its last name, or the session's first digits where there is none.
pub fn label_for(cwd: &str, session: &SessionId) -> String {
    let name = cwd.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = one_line(name, 40);
    if name.is_empty() { session.as_str().chars().take(8).collect() } else { name }
}
