//! An approval: one question of an agent's, and the one answer it gets.

mod request;
mod summary;
mod verdict;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Agent, ApprovalId, Facts, Judgement, Origin, RequestId, Require, SessionId, Sha256Hex,
};

pub use request::{AlwaysGrant, Input, Kind, Request};
pub use summary::SUMMARY_MAX;
pub use verdict::{Resolution, Revocation, State, Verdict, Yes};

/// One question of an agent's, durable from before anybody is told until after it is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its name.
    pub id: ApprovalId,
    /// The hook's own name for it.
    pub request: RequestId,
    /// The session that asks.
    pub session: SessionId,
    /// The agent that asks.
    pub agent: Agent,
    /// What sort of answer is wanted.
    pub kind: Kind,
    /// The tool's name.
    pub tool: String,
    /// One line for a person, at most 500 characters, safe to print.
    pub summary: String,
    /// The whole tool input.
    pub input: Input,
    /// Digest of the input's canonical form.
    pub fingerprint: Sha256Hex,
    /// The folder the agent works in.
    pub cwd: String,
    /// The session's label at the time.
    pub label: String,
    /// The subagent that asks, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<String>,
    /// What "always" would grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub always: Option<AlwaysGrant>,
    /// Whether a no can end the agent's turn as well.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub stoppable: bool,
    /// What the call would change, as it was found when it was asked: a unified diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Arc<str>>,
    /// What the person's policy says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// The process that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Whether that process is another than the session's agent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub impostor: bool,
    /// How many different people must say yes.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub needed: u32,
    /// Those who have said yes, in their order, where it takes more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yeses: Vec<Yes>,
    /// When it was asked.
    pub created: Timestamp,
    /// When its turn came to be shown to a person; none while it waits in its session's queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<Timestamp>,
    /// When it expires if nobody answers.
    pub expires: Timestamp,
    /// How it ended; none while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// When and by whom the rule that was granted with it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

fn yes() -> bool {
    true
}

const fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_one(needed: &u32) -> bool {
    *needed == 1
}

impl Approval {
    /// A pending approval that nobody has been shown yet.
    pub fn new(
        id: ApprovalId,
        facts: &Facts,
        request: Request,
        label: String,
        created: Timestamp,
        expires: Timestamp,
    ) -> Self {
        Self {
            id,
            request: request.request,
            session: facts.session.clone(),
            agent: facts.agent.clone(),
            kind: request.kind,
            summary: summary::summary(&request.tool, request.input.text()),
            tool: request.tool,
            input: request.input,
            fingerprint: request.fingerprint,
            cwd: facts.cwd.clone().unwrap_or_default(),
            label,
            subagent: request.subagent,
            always: request.always,
            stoppable: request.stoppable,
            preview: request.preview,
            judgement: request.judgement,
            origin: facts.origin.clone(),
            impostor: false,
            needed: 1,
            yeses: Vec::new(),
            created,
            announced: None,
            expires,
            resolution: None,
            revoked: None,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.resolution.as_ref().map_or(State::Pending, |resolution| resolution.state)
    }

    /// The doors a yes must come through.
    pub fn require(&self) -> Require {
        self.judgement.as_ref().map_or_else(Require::default, |judgement| judgement.require)
    }

    /// Whether it waits in its session's queue, as the session asked too much.
    pub fn is_queued(&self) -> bool {
        self.is_pending() && self.announced.is_none()
    }

    /// Whether it still waits for a verdict.
    pub fn is_pending(&self) -> bool {
        self.resolution.is_none()
    }
}
