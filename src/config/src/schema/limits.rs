//! `[limits]`

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Key, Section, no_advice};
use crate::input::show_duration;

/// How much is too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many questions of one session reach a person in a minute.
    pub approvals_per_minute: u32,
    /// After how many denials in a row a session is paused; 0 for never.
    pub denials_in_a_row: u32,
    /// How many messages of one principal are taken in one [`Limits::window`].
    pub requests: u32,
    /// The span of time over which [`Limits::requests`] are counted.
    pub window: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            approvals_per_minute: 10,
            denials_in_a_row: 5,
            requests: 10,
            window: Duration::from_secs(60),
        }
    }
}

/// From 1: a limit of nothing would be a switch in disguise.
const COUNT: RangeInclusive<u32> = 1..=1000;
const DENIALS: RangeInclusive<u32> = 0..=1000;
const WINDOW: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60 * 60);

pub(super) const SECTION: Section = Section {
    name: "limits",
    keys: &[APPROVALS_PER_MINUTE, DENIALS_IN_A_ROW, REQUESTS, WINDOW_KEY],
    advise: no_advice,
};

const APPROVALS_PER_MINUTE: Key = Key {
    path: "limits.approvals_per_minute",
    expected: "an integer from 1 to 1000",
    set: |config, input| {
        config.limits.approvals_per_minute = input.count(COUNT)?;
        Ok(())
    },
    show: |config| Some(config.limits.approvals_per_minute.into()),
};

const DENIALS_IN_A_ROW: Key = Key {
    path: "limits.denials_in_a_row",
    expected: "an integer from 0 to 1000",
    set: |config, input| {
        config.limits.denials_in_a_row = input.count(DENIALS)?;
        Ok(())
    },
    show: |config| Some(config.limits.denials_in_a_row.into()),
};

const REQUESTS: Key = Key {
    path: "limits.requests",
    expected: "an integer from 1 to 1000",
    set: |config, input| {
        config.limits.requests = input.count(COUNT)?;
        Ok(())
    },
    show: |config| Some(config.limits.requests.into()),
};

const WINDOW_KEY: Key = Key {
    path: "limits.window",
    expected: "a duration from 1s to 1h in quotes, such as \"60s\" or \"5m\"",
    set: |config, input| {
        config.limits.window = input.duration(WINDOW)?;
        Ok(())
    },
    show: |config| Some(show_duration(config.limits.window)),
};
