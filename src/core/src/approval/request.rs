//! What an agent asks, before it is an approval.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Judgement, RequestId, Sha256Hex};

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
