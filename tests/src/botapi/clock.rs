//! The double's own time: the machine's, moved on by tests that must not wait.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A clock that never goes back and can be moved on.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    wall: Timestamp,
    skipped: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), wall: Timestamp::now(), skipped: Duration::ZERO }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.wall.saturating_add(self.started.elapsed() + self.skipped).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.skipped += by;
    }
}
