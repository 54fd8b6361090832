//! What a person's policy says of a call before anybody is asked.

use serde::{Deserialize, Serialize};

use crate::Sha256Hex;

/// What is to happen with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Ruling {
    /// It may run; nobody is asked.
    Allow,
    /// It may not run; nobody is asked.
    Deny,
    /// A person is asked.
    Ask,
}

impl Ruling {
    /// The word used in the policy file and on every door: `allow`, `deny` or `ask`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Ask => "ask",
        }
    }
}

/// The doors a yes must come through. Where none is required, every door will do. A no is welcome
/// through all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Require {
    /// From away: Telegram.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remote: bool,
    /// Here, with the person's own authentication by polkit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub polkit: bool,
}

impl Require {
    /// Whether every door will do.
    pub const fn is_nothing(&self) -> bool {
        !self.remote && !self.polkit
    }

    /// Where a person is sent who came through another door; empty where nothing is required.
    pub const fn words(self) -> &'static str {
        match (self.remote, self.polkit) {
            (true, true) => "Telegram, or pagerctl with your password",
            (true, false) => "Telegram",
            (false, true) => "pagerctl with your password",
            (false, false) => "",
        }
    }
}

/// A policy's word on one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The digest of the effective policy.
    pub policy: Sha256Hex,
    /// What is to happen.
    pub ruling: Ruling,
    /// The name of the rule that decided; none where the default did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the rule's author wrote as its reason, for the agent and for the person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The doors a yes must come through.
    #[serde(default, skip_serializing_if = "Require::is_nothing")]
    pub require: Require,
}
