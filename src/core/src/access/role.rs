//! Roles, and the rights they are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a role may allow. To look is everybody's who has a role at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// To give an agent something to do, and to stop it.
    Prompt,
    /// To answer what an agent asks.
    Approve,
    /// To end, resume and change sessions.
    Manage,
    /// To send files to a session's folder and to get them from there.
    Files,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prompt, Self::Approve, Self::Manage, Self::Files];

    /// Its name in pager.toml.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Approve => "approve",
            Self::Manage => "manage",
            Self::Files => "files",
        }
    }

    /// The right of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == name)
    }

    /// What somebody is told who does not have it.
    pub const fn missing(self) -> &'static str {
        match self {
            Self::Prompt => "You may look on here, but not tell an agent what to do.",
            Self::Approve => "You may look on here, but not answer for the agent's person.",
            Self::Manage => "You may not manage sessions here.",
            Self::Files => "You may not exchange files here.",
        }
    }
}

/// Some rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights(BTreeSet<Right>);

impl Rights {
    /// Whether that one is among them.
    pub fn has(&self, right: Right) -> bool {
        self.0.contains(&right)
    }

    /// All of them, in the order of [`Right::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Right> {
        self.0.iter().copied()
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<T: IntoIterator<Item = Right>>(rights: T) -> Self {
        Self(rights.into_iter().collect())
    }
}

/// The name of a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RoleName(String);

/// A text is no name of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name of a role: lower-case letters, digits, - and _, at most 32, a letter first"
)]
pub struct InvalidRole(String);

impl RoleName {
    /// Every right, and panic.
    pub fn owner() -> Self {
        Self("owner".to_owned())
    }

    /// Every right.
    pub fn admin() -> Self {
        Self("admin".to_owned())
    }

    /// Every right but to manage.
    pub fn developer() -> Self {
        Self("developer".to_owned())
    }

    /// No right: they look on.
    pub fn observer() -> Self {
        Self("observer".to_owned())
    }

    /// Whoever writes where everybody may: a right to prompt, nothing else.
    pub fn guest() -> Self {
        Self("guest".to_owned())
    }

    /// Somebody in a group who has no role of their own: what the group's lists say.
    pub fn member() -> Self {
        Self("member".to_owned())
    }

    /// Whether it is the owners'.
    pub fn is_owner(&self) -> bool {
        self.0 == "owner"
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RoleName {
    type Error = InvalidRole;

    fn try_from(name: String) -> Result<Self, InvalidRole> {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let fits = name.len() <= 32
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(letters);
        if fits { Ok(Self(name)) } else { Err(InvalidRole(name)) }
    }
}

impl From<RoleName> for String {
    fn from(name: RoleName) -> Self {
        name.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What those of a role may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// Their rights.
    pub rights: Rights,
    /// Tools that an agent may not use while somebody of this role drives it: names, or names that
    /// end in `*`.
    pub deny_tools: Vec<String>,
}

impl Role {
    /// The roles there always are.
    pub fn built_in() -> BTreeMap<RoleName, Self> {
        use Right::{Approve, Files, Prompt};
        let role = |rights: &[Right]| Self {
            rights: rights.iter().copied().collect(),
            deny_tools: Vec::new(),
        };
        [
            (RoleName::owner(), role(&Right::ALL)),
            (RoleName::admin(), role(&Right::ALL)),
            (RoleName::developer(), role(&[Prompt, Approve, Files])),
            (RoleName::observer(), role(&[])),
            (RoleName::guest(), role(&[Prompt])),
        ]
        .into()
    }

    /// What denies a tool to those who drive in this role.
    pub fn denies(&self, tool: &str) -> Option<&str> {
        let denies = |pattern: &&String| match pattern.strip_suffix('*') {
            Some(start) => tool.starts_with(start),
            None => tool == **pattern,
        };
        self.deny_tools.iter().find(denies).map(String::as_str)
    }
}
