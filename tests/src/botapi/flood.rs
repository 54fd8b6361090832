//! Flood control: bans that were pronounced, and the limits that lead to them.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;

/// How much one chat takes, when limits are on.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Calls in a window.
    pub calls: usize,
    /// The window's length in seconds.
    pub seconds: i64,
}

/// What one call met.
pub(crate) enum Verdict {
    Free,
    /// Too much; the ban starts here.
    Limited(Refusal),
    /// The ban is not over: the client called into it, and made it longer.
    Banned(Refusal),
}

#[derive(Debug, Default)]
pub(crate) struct Flood {
    banned: BTreeMap<String, (Timestamp, u64)>,
    private: Option<Limit>,
    group: Option<Limit>,
    seen: BTreeMap<i64, VecDeque<Timestamp>>,
}

impl Flood {
    pub(crate) fn limit(&mut self, private: Option<Limit>, group: Option<Limit>) {
        (self.private, self.group) = (private, group);
    }

    /// Forbids calls to `key` (a chat, or a method that has none) for some seconds.
    pub(crate) fn ban(&mut self, key: String, now: Timestamp, seconds: u64) -> Refusal {
        let until =
            now.saturating_add(SignedDuration::from_secs(seconds as i64)).unwrap_or(Timestamp::MAX);
        self.banned.insert(key, (until, seconds));
        Refusal::retry_after(seconds)
    }

    pub(crate) fn judge(&mut self, key: &str, chat: Option<i64>, now: Timestamp) -> Verdict {
        if let Some((until, seconds)) = self.banned.get(key).copied() {
            if now < until {
                return Verdict::Banned(self.ban(key.to_owned(), now, seconds));
            }
            self.banned.remove(key);
        }
        let Some(chat) = chat else { return Verdict::Free };
        let Some(limit) = (if chat < 0 { self.group } else { self.private }) else {
            return Verdict::Free;
        };
        let window = SignedDuration::from_secs(limit.seconds);
        let seen = self.seen.entry(chat).or_default();
        while seen.front().is_some_and(|first| now.duration_since(*first) >= window) {
            seen.pop_front();
        }
        if seen.len() < limit.calls {
            seen.push_back(now);
            return Verdict::Free;
        }
        let wait = seen.front().map_or(window, |first| window - now.duration_since(*first));
        let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + 1;
        Verdict::Limited(self.ban(key.to_owned(), now, seconds))
    }
}
