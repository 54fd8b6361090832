//! `[approvals]`

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Key, Section, no_advice};
use crate::input::show_duration;

/// How an agent's question is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// How long a question waits before the agent's own dialog alone decides it.
    pub window: Duration,
    /// How long Codex's hook waits where Codex asks at the terminal only after it. No time: never.
    pub codex_window: Duration,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { window: Duration::from_secs(60 * 60), codex_window: Duration::from_secs(20) }
    }
}

/// A day at most: whoever answers a question older than that no longer knows what it was about.
const WINDOW: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);

/// A day is what the hook's entry in Codex's settings allows for.
const CODEX_WINDOW: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * 60 * 60);

pub(super) const SECTION: Section =
    Section { name: "approvals", keys: &[WINDOW_KEY, CODEX_WINDOW_KEY], advise: no_advice };

const WINDOW_KEY: Key = Key {
    path: "approvals.window",
    expected: "a duration from 1s to 24h in quotes, such as \"90s\", \"15m\" or \"1h30m\"",
    set: |config, input| {
        config.approvals.window = input.duration(WINDOW)?;
        Ok(())
    },
    show: |config| Some(show_duration(config.approvals.window)),
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
