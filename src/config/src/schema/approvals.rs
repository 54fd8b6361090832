//! `[approvals]`

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use pager_core::access::{Right, RoleName};

use super::{Advice, Config, Key, Section};
use crate::input::show_duration;

/// How an agent's question is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// How long a question waits before the agent's own dialog alone decides it.
    pub window: Duration,
    /// How long Codex's hook waits where Codex asks at the terminal only after it. No time: never.
    pub codex_window: Duration,
    /// How many different people must say yes.
    pub require_n: u32,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60 * 60),
            codex_window: Duration::from_secs(20),
            require_n: 1,
        }
    }
}

/// A day at most: whoever answers a question older than that no longer knows what it was about.
const WINDOW: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);

/// A day is what the hook's entry in Codex's settings allows for.
const CODEX_WINDOW: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * 60 * 60);

const REQUIRE: RangeInclusive<u32> = 1..=5;

pub(super) const SECTION: Section =
    Section { name: "approvals", keys: &[WINDOW_KEY, CODEX_WINDOW_KEY, REQUIRE_N], advise };

/// More yeses than there are people never come together.
fn advise(config: &Config) -> Vec<Advice> {
    let needed = config.approvals.require_n;
    let telegram = &config.telegram;
    let approves = |id: &&i64| {
        let role = telegram.roles.get(id).cloned().unwrap_or_else(RoleName::owner);
        config.access.roles.get(&role).is_some_and(|role| role.rights.has(Right::Approve))
    };
    let in_groups = telegram.groups.values().filter_map(|group| group.lists.0.get(&Right::Approve));
    let people: BTreeSet<i64> = telegram
        .allowed_users
        .iter()
        .filter(approves)
        .chain(in_groups.flatten())
        .copied()
        .collect();
    // And whoever is at the machine.
    let there = people.len() + 1;
    if usize::try_from(needed).is_ok_and(|needed| needed <= there) {
        return Vec::new();
    }
    let who = if there == 1 { "only you, at this machine" } else { "fewer people" };
    vec![Advice {
        key: "approvals.require_n",
        message: format!("it takes {needed} people to say yes, and {who} may approve"),
        hint: "name more people in telegram.allowed_users, or let them in with pagerctl pair",
    }]
}

const WINDOW_KEY: Key = Key {
    path: "approvals.window",
    expected: "a duration from 1s to 24h in quotes, such as \"90s\", \"15m\" or \"1h30m\"",
    set: |config, input| {
        config.approvals.window = input.duration(WINDOW)?;
        Ok(())
    },
    show: |config| Some(show_duration(config.approvals.window)),
};

const REQUIRE_N: Key = Key {
    path: "approvals.require_n",
    expected: "an integer from 1 to 5",
    set: |config, input| {
        config.approvals.require_n = input.count(REQUIRE)?;
        Ok(())
    },
    show: |config| Some(config.approvals.require_n.into()),
};

const CODEX_WINDOW_KEY: Key = Key {
    path: "approvals.codex_window",
    expected: "a duration from 0s to 24h in quotes, such as \"20s\" or \"1m30s\"",
    set: |config, input| {
        config.approvals.codex_window = input.duration(CODEX_WINDOW)?;
        Ok(())
    },
    show: |config| Some(show_duration(config.approvals.codex_window)),
};
