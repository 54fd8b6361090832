//! How much one principal may ask in a span of time.

use std::collections::VecDeque;
use std::time::Duration;

/// A sliding window over the last requests of one principal, told in time since boot: a clock that is
/// set changes nothing.
#[derive(Debug, Clone, Default)]
pub struct SlidingWindow {
    taken: VecDeque<Duration>,
}

/// How long somebody must wait, in whole seconds: from 1 to the window's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Wait {
    /// The seconds.
    pub seconds: u64,
}

impl SlidingWindow {
    /// Takes one request at `now`, of `limit` in any span of `window`. A refused one does not count.
    ///
    /// # Errors
    /// How long to wait until one is taken again, rounded up.
    pub fn take(&mut self, now: Duration, limit: u32, window: Duration) -> Result<(), Wait> {
        // What lies ahead was noted before a reboot, and is as good as over.
        self.taken.retain(|at| *at <= now && now - *at < window);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let over = self.taken.len().checked_sub(limit);
        match over.and_then(|over| self.taken.get(over)) {
            Some(oldest) => {
                let left = window.saturating_sub(now - *oldest);
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                Err(Wait { seconds: seconds.max(1) })
            }
            None if limit == 0 => Err(Wait { seconds: window.as_secs().max(1) }),
            None => {
                self.taken.push_back(now);
                Ok(())
            }
        }
    }

    /// Whether nothing of it counts any more.
    pub fn is_over(&self, now: Duration, window: Duration) -> bool {
        self.taken.iter().all(|at| *at > now || now - *at >= window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(1_000_000 + milliseconds)
    }

    #[test]
    fn the_eleventh_waits_until_the_first_is_a_minute_old() {
        let mut window = SlidingWindow::default();
        for n in 0..10 {
            assert_eq!(window.take(at(n * 100), 10, WINDOW), Ok(()));
        }
        assert_eq!(window.take(at(1_000), 10, WINDOW), Err(Wait { seconds: 59 }));
        assert_eq!(window.take(at(1_001), 10, WINDOW), Err(Wait { seconds: 59 }));
        assert_eq!(window.take(at(59_999), 10, WINDOW), Err(Wait { seconds: 1 }), "never 0");
        assert_eq!(
            window.take(at(60_000), 10, WINDOW),
            Ok(()),
            "an entry ends at exactly a minute"
        );
        assert_eq!(window.take(at(60_000), 10, WINDOW), Err(Wait { seconds: 1 }));
    }

    #[test]
    fn who_is_refused_waits_no_longer_for_having_asked() {
        let mut window = SlidingWindow::default();
        assert_eq!(window.take(at(0), 1, WINDOW), Ok(()));
        for n in 1..60_000 {
            assert!(window.take(at(n), 1, WINDOW).is_err());
        }
        assert_eq!(window.take(at(60_000), 1, WINDOW), Ok(()));
    }

    #[test]
    fn a_lower_limit_holds_at_once_and_a_nought_is_nothing_at_all() {
        let mut window = SlidingWindow::default();
        for n in 0..5 {
            assert_eq!(window.take(at(n * 1_000), 5, WINDOW), Ok(()));
        }
        // Two are allowed now: all but two of the five must have gone.
        assert_eq!(window.take(at(5_000), 2, WINDOW), Err(Wait { seconds: 58 }));
        assert_eq!(window.take(at(63_000), 2, WINDOW), Ok(()));
        assert_eq!(SlidingWindow::default().take(at(0), 0, WINDOW), Err(Wait { seconds: 60 }));
    }

    #[test]
    fn what_is_over_is_known_to_be() {
        let mut window = SlidingWindow::default();
        assert!(window.is_over(at(0), WINDOW));
        assert_eq!(window.take(at(0), 10, WINDOW), Ok(()));
        assert!(!window.is_over(at(59_999), WINDOW));
        assert!(window.is_over(at(60_000), WINDOW));
        assert!(window.is_over(Duration::ZERO, WINDOW), "a boot ago");
    }
}
