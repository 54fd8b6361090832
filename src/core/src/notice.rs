//! What a person is told though nothing is asked of them: somebody tried what they may not, a session
//! asks too much, a session stands still.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::RoleName;
use crate::audit::{ACKNOWLEDGED, Gap};
use crate::{Actor, Agent, ApprovalId, SessionId, Sha256Hex};

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The session it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// That session's agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
    /// That session's label at the time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Who did it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What it is.
    pub news: News,
}

/// What there is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// A program that lives with an agent tried to answer an approval.
    SelfApproval {
        /// The approval.
        approval: ApprovalId,
        /// How it was recognised: "it runs below the agent (process 4711)".
        how: String,
    },
    /// A program that lives with an agent tried to decide something else that is the person's.
    Meddled {
        /// What it called.
        deed: String,
        /// How it was recognised.
        how: String,
    },
    /// An answer that cannot count: a replay, another member's tap, another chat, forged data.
    Misfit {
        /// The approval it named, where it named one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<ApprovalId>,
        /// What is wrong with it.
        what: String,
    },
    /// A process that is not the session's agent speaks in the session's name.
    Impostor {
        /// The program that started the hook.
        program: String,
        /// Its process id, where it was still there to be looked at.
        pid: Option<u32>,
    },
    /// A session has nearly asked as much as may reach a person in a minute.
    Busy {
        /// How much it has asked in the last minute.
        asked: u32,
        /// How much may reach a person.
        limit: u32,
    },
    /// A session has asked more than may reach a person; what is beyond waits in the queue.
    Queued {
        /// How many wait there now; 0 once the queue is empty again.
        waiting: u32,
    },
    /// A session stands still: it was denied too often in a row.
    Paused {
        /// How often.
        denials: u32,
    },
    /// A paused session may ask again.
    Resumed,
    /// Somebody, as the person, says that they know of a break in the audit log.
    Acknowledged {
        /// The break.
        gap: Gap,
        /// How it came about, in their words.
        reason: String,
    },
    /// Somebody unknown has written to the bot, and waits to be let in.
    Knocked {
        /// Their number.
        user: i64,
        /// What they call themselves.
        name: String,
    },
    /// Somebody was let in.
    LetIn {
        /// Their number.
        user: i64,
        /// What they call themselves.
        name: String,
        /// As what.
        role: RoleName,
    },
    /// Somebody was not let in.
    TurnedAway {
        /// Their number.
        user: i64,
        /// What they call themselves.
        name: String,
    },
    /// Somebody who was let in is so no longer.
    Removed {
        /// Their number.
        user: i64,
        /// What they called themselves.
        name: String,
        /// What they were.
        role: RoleName,
    },
    /// Somebody tried a pairing code that nobody has.
    WrongCode,
    /// Everything from outside is shut.
    Locked {
        /// Why, in the words of whoever did it; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// How many approvals were cancelled.
        #[serde(default)]
        cancelled: u32,
    },
    /// The bot's token is another than it was.
    Rotated {
        /// The bot's number.
        bot: String,
    },
    /// What a panic has done once everything was shut.
    Secured {
        /// The units that were stopped.
        stopped: Vec<String>,
        /// The agents that still run.
        left: Vec<String>,
        /// The folder with the evidence; empty where there is none.
        evidence: String,
        /// What is missing there.
        missing: Vec<String>,
    },
    /// It is open again.
    Unlocked,
    /// Somebody has put a file into the session's folder.
    FileReceived {
        /// Which.
        #[serde(flatten)]
        file: Exchanged,
    },
    /// Somebody is sent a file of the session's folder.
    FileSent {
        /// Which.
        #[serde(flatten)]
        file: Exchanged,
    },
}

/// A file that went into a session's folder or out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// Its path in the folder.
    pub path: String,
    /// How many bytes it has.
    pub size: u64,
    /// What is in it, by its digest.
    pub sha256: Sha256Hex,
}

impl News {
    /// The word for its kind on every door: `self_approval`, `misfit`, `impostor`, `busy`, `queued`,
    /// `paused`, `resumed`, `knocked`, `let_in`, `turned_away`, `removed`, `wrong_code`, `locked`,
    /// `secured`, `unlocked`, `file_received`, `file_sent`, `rotated` or `acknowledged`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::SelfApproval { .. } | Self::Meddled { .. } => "self_approval",
            Self::Misfit { .. } => "misfit",
            Self::Impostor { .. } => "impostor",
            Self::Busy { .. } => "busy",
            Self::Queued { .. } => "queued",
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Knocked { .. } => "knocked",
            Self::LetIn { .. } => "let_in",
            Self::TurnedAway { .. } => "turned_away",
            Self::Removed { .. } => "removed",
            Self::WrongCode => "wrong_code",
            Self::Locked { .. } => "locked",
            Self::Rotated { .. } => "rotated",
            Self::Secured { .. } => "secured",
            Self::Unlocked => "unlocked",
            Self::FileReceived { .. } => "file_received",
            Self::FileSent { .. } => "file_sent",
        }
    }
}

/// How much a note means to those who only look on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A session has finished its turn.
    Finished,
    /// Somebody should look when they can.
    Warning,
    /// Somebody should look now.
    Error,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Finished, Self::Warning, Self::Error];

    /// Its name in pager.toml.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

impl Notice {
    /// What it means to those who only look on; none where it is none of their business.
    pub const fn level(&self) -> Option<Level> {
        match &self.news {
            News::SelfApproval { .. }
            | News::Meddled { .. }
            | News::Impostor { .. }
            | News::Locked { .. } => Some(Level::Error),
            News::Busy { .. }
            | News::Queued { waiting: 1.. }
            | News::Paused { .. }
            | News::Resumed
            | News::WrongCode
            | News::Rotated { .. }
            | News::Unlocked => Some(Level::Warning),
            News::Queued { .. }
            | News::Misfit { .. }
            | News::Acknowledged { .. }
            | News::Secured { .. }
            | News::FileReceived { .. }
            | News::FileSent { .. }
            | News::Knocked { .. }
            | News::LetIn { .. }
            | News::TurnedAway { .. }
            | News::Removed { .. } => None,
        }
    }

    /// Two notices with the same key say the same: a door shows the later in the earlier's place.
    pub fn key(&self) -> String {
        let session = self.session.as_ref().map_or("", SessionId::as_str);
        match &self.news {
            News::SelfApproval { approval, .. } => format!("self {approval} {}", self.by),
            News::Meddled { deed, .. } => format!("self {deed} {}", self.by),
            News::Misfit { approval: Some(approval), what } => {
                format!("misfit {approval} {} {what}", self.by)
            }
            News::Misfit { approval: None, what } => format!("misfit {} {what}", self.by),
            News::Impostor { program, .. } => format!("impostor {session} {program}"),
            News::Busy { .. } => format!("busy {session}"),
            News::Queued { .. } => format!("queued {session}"),
            News::Paused { .. } | News::Resumed => format!("paused {session}"),
            News::Acknowledged { gap, .. } => format!("acknowledged {gap}"),
            News::Knocked { user, .. }
            | News::LetIn { user, .. }
            | News::TurnedAway { user, .. }
            | News::Removed { user, .. } => format!("access {user}"),
            News::WrongCode => format!("wrong code {}", self.by),
            News::Locked { .. } | News::Unlocked => "locked".to_owned(),
            News::Rotated { bot } => format!("rotated {bot}"),
            News::Secured { evidence, .. } => format!("secured {evidence}"),
            News::FileReceived { file } | News::FileSent { file } => {
                format!("{} {session} {} {}", self.news.word(), file.path, file.sha256)
            }
        }
    }

    /// The audit log's words for it, event and action; none where it is no evidence of anything.
    pub const fn audited(&self) -> Option<(&'static str, &'static str)> {
        match &self.news {
            News::SelfApproval { .. } => Some(("approval.self_approval", "refuse")),
            News::Meddled { .. } => Some(("access.self_approval", "refuse")),
            News::Misfit { .. } => Some(("approval.misfit", "refuse")),
            News::Impostor { .. } => Some(("session.impostor", "refuse")),
            News::Paused { .. } => Some(("session.paused", "pause")),
            News::Resumed => Some(("session.resumed", "resume")),
            News::Acknowledged { .. } => Some((ACKNOWLEDGED.event, ACKNOWLEDGED.action)),
            News::Knocked { .. } => Some(("access.asked", "remark")),
            News::LetIn { .. } => Some(("access.granted", "grant")),
            News::TurnedAway { .. } => Some(("access.refused", "refuse")),
            News::Removed { .. } => Some(("access.removed", "revoke")),
            News::WrongCode => Some(("access.wrong_code", "refuse")),
            News::Locked { .. } => Some(("panic.begun", "lock")),
            News::Rotated { .. } => Some(("token.rotated", "remark")),
            News::Secured { .. } => Some(("panic.acted", "remark")),
            News::Unlocked => Some(("panic.ended", "unlock")),
            News::FileReceived { .. } => Some(("file.received", "receive")),
            News::FileSent { .. } => Some(("file.sent", "send")),
            News::Busy { .. } | News::Queued { .. } => None,
        }
    }

    /// Whether the person is told; what only evidence is made of goes to the audit log alone, and
    /// whoever exchanges a file is told in the reply.
    pub const fn is_told(&self) -> bool {
        !matches!(
            self.news,
            News::Misfit { .. } | News::FileReceived { .. } | News::FileSent { .. }
        )
    }

    /// The file it is about.
    pub const fn file(&self) -> Option<&Exchanged> {
        match &self.news {
            News::FileReceived { file } | News::FileSent { file } => Some(file),
            _ => None,
        }
    }

    /// The approval it is about.
    pub const fn approval(&self) -> Option<ApprovalId> {
        match &self.news {
            News::SelfApproval { approval, .. } => Some(*approval),
            News::Misfit { approval, .. } => *approval,
            _ => None,
        }
    }
}
