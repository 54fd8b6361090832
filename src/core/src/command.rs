//! Everything that can be asked of the machine, and what it answers.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::access::{Code, Principal, RoleName, Rules};
use crate::approval::{Approval, Request, Resolution, Verdict};
use crate::session::Facts;
use crate::{ApprovalId, Effect, Event, Judgement, News, SessionId, Sha256Hex};

/// What comes from outside with a command, so that the machine needs no clock, no randomness and
/// no configuration of its own.
#[derive(Debug, Clone)]
pub struct Context {
    /// The time.
    pub now: Timestamp,
    /// 128 random bits for a new id.
    pub fresh: [u8; 16],
    /// How long an approval waits for a person (`approvals.window`).
    pub window: SignedDuration,
    /// How much is too much.
    pub limits: Limits,
    /// How many different people must say yes (`approvals.require_n`).
    pub needed: u32,
    /// Who may do what, by the configuration.
    pub rules: Arc<Rules>,
    /// Whether the process that the command's session is bound to still lives. Where it has ended,
    /// another may take its place: a session that is resumed.
    pub agent_lives: bool,
}

impl Context {
    /// A context with the default limits, and rules by which nobody is known.
    pub fn new(now: Timestamp, fresh: [u8; 16], window: SignedDuration) -> Self {
        let (limits, rules) = (Limits::DEFAULT, Arc::default());
        Self { now, fresh, window, limits, needed: 1, rules, agent_lives: false }
    }
}

/// How much is too much (`[limits]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many approvals of one session reach a person in a minute; the others queue.
    pub approvals_per_minute: u32,
    /// After how many denials in a row a session is paused; 0 for never.
    pub denials_in_a_row: u32,
}

impl Limits {
    /// Ten a minute, and a pause after five denials.
    pub const DEFAULT: Self = Self { approvals_per_minute: 10, denials_in_a_row: 5 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How sure it is that a verdict is the person's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Assurance {
    /// As sure as its door makes it.
    #[default]
    Door,
    /// polkit has had the person authenticate for it.
    Polkit,
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
        /// How sure it is that they are who they seem.
        assurance: Assurance,
    },
    /// Somebody did what they may not; it is written down, and the person is told.
    Report {
        /// The session it is about, if that is known and no approval names it.
        session: Option<SessionId>,
        /// What they did.
        news: News,
    },
    /// Somebody lets a paused session ask again.
    Resume {
        /// Which.
        session: SessionId,
    },
    /// Somebody takes back the rule that was granted with an approval, which may be one the machine
    /// has forgotten.
    Revoke {
        /// The approval.
        approval: Box<Approval>,
    },
    /// The policy has changed: what it says now of what is pending.
    Rejudge {
        /// For each approval its new judgement.
        judgements: Vec<(ApprovalId, Judgement)>,
    },
    /// Something about who may speak to the bot.
    Access(AccessCommand),
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

/// Something asked about who may speak to the bot.
#[derive(Debug, Clone, PartialEq)]
pub enum AccessCommand {
    /// Somebody unknown has written to the bot. Answered with [`Reply::Knocked`].
    Knock {
        /// Their number.
        user: i64,
        /// What they call themselves.
        name: String,
    },
    /// The server has taken the message that tells them their code.
    Told {
        /// Their number.
        user: i64,
    },
    /// The machine's user lets them in. Answered with [`Reply::LetIn`].
    LetIn {
        /// Whom.
        who: Knocker,
        /// What they are let in as.
        role: RoleName,
    },
    /// The machine's user does not.
    TurnAway {
        /// Whom.
        who: Knocker,
    },
    /// Somebody who was let in is so no longer.
    Remove {
        /// Their number.
        user: i64,
    },
    /// The bot's token is another than it was: what waits is asked anew.
    Rotated {
        /// The bot's number.
        bot: String,
    },
    /// Everything from outside is shut, and what waits is cancelled.
    Lock {
        /// Why, in the words of whoever does it; may be empty.
        reason: String,
    },
    /// It is opened again.
    Unlock,
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knocker {
    /// By the code they were told: whoever has it knows them.
    Code(Code),
    /// By their number: whoever names it has been shown who it is.
    User(i64),
}

impl Command {
    /// A verdict that came with no message and no more assurance than its door gives.
    pub const fn resolve(id: ApprovalId, verdict: Verdict) -> Self {
        Self::Resolve { id, verdict, message_id: None, assurance: Assurance::Door }
    }
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
    /// The yes counts, and others are needed as well.
    Counted {
        /// How many there are.
        given: u32,
        /// How many are needed.
        needed: u32,
    },
    /// A stranger was heard; the code they are to be told, if they are to be told one.
    Knocked(Option<Code>),
    /// Somebody was let in.
    LetIn(Principal),
}

/// A command was refused; nothing changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// There is no such approval.
    #[error("there is no approval {0}")]
    NotFound(String),
    /// There is no such session.
    #[error("there is no session {0}")]
    NoSession(String),
    /// Somebody was first.
    #[error("already {} {} at {}", .0.state.as_str(), .0.by.words(), .0.at.strftime("%H:%M:%S UTC"))]
    AlreadyResolved(Resolution),
    /// It makes no sense as asked.
    #[error("{0}")]
    InvalidArgument(String),
    /// Nobody waits, or is known, by that.
    #[error("{0}")]
    Nobody(String),
    /// Whoever asks may not, or not through this door.
    #[error("{0}")]
    NotAllowed(String),
}
