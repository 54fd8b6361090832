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

/// Why it is not clear which session somebody means.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// There are none.
    #[error("There is no session.")]
    None,
    /// None is called that.
    #[error("There is no session {0}.")]
    Unknown(String),
    /// Several could be meant: each by its label and the beginning of its id.
    #[error("Which session? {}", .0.join(", "))]
    Several(Vec<String>),
}

/// The one session that somebody means who gives its label or the beginning of its id; without a name
/// the only one that runs, or else the only one there is.
///
/// # Errors
/// [`Unclear`]: none or several fit.
pub fn choose<'a>(
    sessions: impl Iterator<Item = &'a Session>,
    name: Option<&str>,
) -> Result<&'a Session, Unclear> {
    let all: Vec<_> = sessions.collect();
    let fitting = |fits: &dyn Fn(&Session) -> bool| -> Vec<&'a Session> {
        all.iter().copied().filter(|session| fits(session)).collect()
    };
    let found = match name {
        None => match fitting(&|session| session.phase != Phase::Ended) {
            live if live.is_empty() => all.clone(),
            live => live,
        },
        Some(name) => {
            let label = name.to_lowercase();
            match fitting(&|session| session.label.to_lowercase() == label) {
                // One that runs is meant rather than one that is over.
                labelled if labelled.len() > 1 => {
                    let live = labelled.iter().filter(|session| session.phase != Phase::Ended);
                    match live.copied().collect::<Vec<_>>() {
                        live if live.is_empty() => labelled,
                        live => live,
                    }
                }
                labelled if !labelled.is_empty() => labelled,
                _ => fitting(&|session| session.id.as_str().starts_with(name)),
            }
        }
    };
    match (found.as_slice(), name) {
        ([session], _) => Ok(session),
        ([], None) => Err(Unclear::None),
        ([], Some(name)) => Err(Unclear::Unknown(one_line(name, 60))),
        (several, _) => Err(Unclear::Several(
            several
                .iter()
                .map(|session| {
                    let id: String = session.id.as_str().chars().take(8).collect();
                    format!("{} ({id})", one_line(&session.label, 60))
                })
                .collect(),
        )),
    }
}

/// The label a folder gives: its last name, or the session's first digits where there is none.
pub fn label_for(cwd: &str, session: &SessionId) -> String {
    let name = cwd.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = one_line(name, 40);
    if name.is_empty() { session.as_str().chars().take(8).collect() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, label: &str, phase: Phase) -> Session {
        Session {
            id: SessionId::from_agent(id),
            agent: Agent::claude(),
            label: label.to_owned(),
            cwd: format!("/home/ada/{label}"),
            model: String::new(),
            permission_mode: String::new(),
            phase,
            context_percent: None,
            cost_usd: None,
            origin: None,
            denials: 0,
            driver: None,
            paused: None,
            started: Timestamp::UNIX_EPOCH,
            changed: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_session_is_named_by_its_label_or_its_id_or_not_at_all() {
        use Phase::{Ended, Idle, Working};
        let all = [
            session("aa11", "web", Working),
            session("aa22", "api", Ended),
            session("bb33", "Docs", Idle),
            session("bb44", "docs", Ended),
        ];
        let chosen = |name| choose(all.iter(), name).map(|session| session.id.as_str());
        assert_eq!(chosen(Some("web")), Ok("aa11"));
        assert_eq!(chosen(Some("API")), Ok("aa22"));
        assert_eq!(chosen(Some("docs")), Ok("bb33"));
        assert_eq!(chosen(Some("bb4")), Ok("bb44"));
        assert_eq!(chosen(Some("nope")), Err(Unclear::Unknown("nope".to_owned())));
        let told = chosen(Some("aa")).unwrap_err().to_string();
        assert_eq!(told, "Which session? web (aa11), api (aa22)");
        let told = chosen(None).unwrap_err().to_string();
        assert_eq!(told, "Which session? web (aa11), Docs (bb33)");
        let first = |sessions: &[Session]| {
            choose(sessions.iter(), None).map(|session| session.id.as_str().to_owned())
        };
        assert_eq!(first(&all[..2]), Ok("aa11".to_owned()));
        assert_eq!(first(&all[1..2]), Ok("aa22".to_owned()));
        assert_eq!(first(&[]), Err(Unclear::None));
    }
}
