//! An approval: one question of an agent's, and the one answer it gets.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, Agent, ApprovalId, Facts, Judgement, Origin, RequestId, Require, SessionId, Sha256Hex,
    present,
};

/// What sort of answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// May this tool be used with this input?
    Permission,
    /// Which of these, or what?
    Question,
    /// Is this plan all right?
    Plan,
}

impl Kind {
    /// The word used on every door: `permission`, `question` or `plan`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Question => "question",
            Self::Plan => "plan",
        }
    }

    /// The kind that [`Kind::as_str`] gives this word for.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Permission, Self::Question, Self::Plan]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

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

/// What the agent would do: its tool input, exactly as the agent wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The JSON text as received, byte for byte. Kept out of the event log, which names it by its
    /// digest: the store keeps each text once.
    #[serde(skip)]
    text: Arc<str>,
    sha256: Sha256Hex,
}

impl Input {
    /// Takes the raw JSON text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let sha256 = Sha256Hex::of(text.as_bytes());
        Self { text, sha256 }
    }

    /// The raw JSON text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The digest of exactly that text.
    pub fn sha256(&self) -> &Sha256Hex {
        &self.sha256
    }

    /// Gives a deserialised input its text back; `false` if the text is not the one it had.
    #[must_use]
    pub fn restore(&mut self, text: Arc<str>) -> bool {
        let same = Sha256Hex::of(text.as_bytes()) == self.sha256;
        if same {
            self.text = text;
        }
        same
    }
}

/// What "always" would grant: one suggestion of the agent's, to be echoed verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlwaysGrant {
    /// The exact rules, one a line, in the agent's notation.
    pub rule: String,
    /// The suggestion as the agent wrote it, raw JSON.
    pub suggestion: String,
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

/// A question as an agent asks it, before it is an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The hook's own name for it: the same request again is the same approval.
    pub request: RequestId,
    /// What sort of answer is wanted.
    pub kind: Kind,
    /// The tool's name as the agent gave it.
    pub tool: String,
    /// The whole tool input.
    pub input: Input,
    /// Digest of the input's canonical form, to find the tool call again in later events.
    pub fingerprint: Sha256Hex,
    /// What "always" would grant, if the agent suggested something that may be granted.
    pub always: Option<AlwaysGrant>,
    /// Whether a no can end the agent's turn as well: not every way back to an agent takes that.
    pub stoppable: bool,
    /// The subagent that asks, if it is not the session's main turn.
    pub subagent: Option<String>,
    /// What the call would change, as it was found when it was asked: a unified diff.
    pub preview: Option<Arc<str>>,
    /// What the person's policy says; none where there was no policy to ask.
    pub judgement: Option<Judgement>,
}

impl Request {
    /// A question of which no more is known than this.
    pub fn new(request: RequestId, kind: Kind, tool: impl Into<String>, input: Input) -> Self {
        Self {
            request,
            kind,
            tool: tool.into(),
            fingerprint: input.sha256().clone(),
            input,
            always: None,
            stoppable: true,
            subagent: None,
            preview: None,
            judgement: None,
        }
    }
}

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
            summary: present::summary(&request.tool, request.input.text()),
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
