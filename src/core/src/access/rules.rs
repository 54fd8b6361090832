//! The rules by which it is judged, as the configuration and the pairings make them.

use std::collections::{BTreeMap, BTreeSet};

use super::mention::Pattern;
use super::role::{Right, Role, RoleName};

/// Who is heard in direct messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DirectPolicy {
    /// Whoever is known; a stranger is given a code that the machine's user can let them in by.
    #[default]
    Pairing,
    /// Whoever is known.
    Allowlist,
    /// Everybody; whoever is not known as a guest. It takes a literal `"*"` among the users as well.
    Open,
    /// Nobody.
    Disabled,
}

impl DirectPolicy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pairing, Self::Allowlist, Self::Open, Self::Disabled];

    /// Its name in pager.toml.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pairing => "pairing",
            Self::Allowlist => "allowlist",
            Self::Open => "open",
            Self::Disabled => "disabled",
        }
    }

    /// The policy of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }
}

/// All rules of one bot's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Who is heard in direct messages.
    pub direct: DirectPolicy,
    /// Those who are known, by number, with their roles.
    pub people: BTreeMap<i64, RoleName>,
    /// Whether `"*"` stands among the users.
    pub anyone: bool,
    /// The groups that are heard, by number.
    pub groups: BTreeMap<i64, Group>,
    /// The chats that are only told things: nobody is heard in them.
    pub told: BTreeSet<i64>,
    /// The roles there are.
    pub roles: BTreeMap<RoleName, Role>,
    /// Whether everything is shut since a panic.
    pub locked: bool,
}

impl Default for Rules {
    /// Nobody is known, and nothing is open.
    fn default() -> Self {
        Self {
            direct: DirectPolicy::default(),
            people: BTreeMap::new(),
            anyone: false,
            groups: BTreeMap::new(),
            told: BTreeSet::new(),
            roles: Role::built_in(),
            locked: false,
        }
    }
}

/// Who may do what in a group; each list is nobody where it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists(pub BTreeMap<Right, BTreeSet<i64>>);

impl Lists {
    fn of(&self, right: Right) -> Option<&BTreeSet<i64>> {
        self.0.get(&right)
    }
}

/// A group that is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Who may do what in it.
    pub lists: Lists,
    /// Whether it must speak to the bot.
    pub require_mention: bool,
    /// The names it may be spoken to by, besides its own.
    pub mentions: Vec<Pattern>,
    /// The commands that are used in it; none set is all of them.
    pub commands: Option<BTreeSet<String>>,
    /// What is different in a topic of it.
    pub topics: BTreeMap<i32, Topic>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            lists: Lists::default(),
            require_mention: true,
            mentions: Vec::new(),
            commands: None,
            topics: BTreeMap::new(),
        }
    }
}

/// What is different in a topic. A list that is set takes the place of the group's, also where it is
/// empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    /// Whether nobody is heard in it.
    pub off: bool,
    /// Who may do what in it.
    pub lists: Lists,
    /// Whether it must speak to the bot.
    pub require_mention: Option<bool>,
}

impl Group {
    fn topic(&self, topic: Option<i32>) -> Option<&Topic> {
        self.topics.get(&topic?)
    }

    /// Whether nobody is heard in that topic.
    pub(super) fn is_off(&self, topic: Option<i32>) -> bool {
        self.topic(topic).is_some_and(|topic| topic.off)
    }

    /// Whether it must speak to the bot there.
    pub(super) fn wants_mention(&self, topic: Option<i32>) -> bool {
        self.topic(topic).and_then(|topic| topic.require_mention).unwrap_or(self.require_mention)
    }

    /// Whether that person is in the list for that right there.
    pub(super) fn lists(&self, topic: Option<i32>, right: Right, person: i64) -> bool {
        let own = self.topic(topic).and_then(|topic| topic.lists.of(right));
        own.or_else(|| self.lists.of(right)).is_some_and(|list| list.contains(&person))
    }
}
