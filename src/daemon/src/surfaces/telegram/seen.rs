//! Which messages of a chat are accounted for, to find the one that was sent without our hearing of it.
//!
//! Where the answer to a sending is lost, the prompt may stand in the chat under a number that nobody
//! told, and is sent again. Numbers are given out in order and every message of a private chat is
//! either ours or comes as an update; so the number before the second one's that is not accounted for
//! is the first one's.

use std::collections::{BTreeSet, HashMap};

/// How many numbers are remembered.
const KEPT: usize = 256;

/// Supergroups number their messages on their own; all other chats of a bot share one sequence.
pub(super) const fn sequence(chat: i64) -> i64 {
    if chat <= -1_000_000_000_000 { chat } else { 0 }
}

/// The messages accounted for.
#[derive(Debug, Default)]
pub(super) struct Seen {
    sequences: HashMap<i64, BTreeSet<i32>>,
}

impl Seen {
    pub(super) fn note(&mut self, chat: i64, message: i32) {
        let seen = self.sequences.entry(sequence(chat)).or_default();
        seen.insert(message);
        while seen.len() > KEPT {
            seen.pop_first();
        }
    }

    /// The `count` highest numbers between `after` and `before` that are not accounted for.
    pub(super) fn missing(&self, chat: i64, after: i32, before: i32, count: usize) -> Vec<i32> {
        let seen = self.sequences.get(&sequence(chat));
        let missing = |id: &i32| seen.is_none_or(|seen| !seen.contains(id));
        let lowest = after.max(0).saturating_add(1);
        let count = count.min(KEPT);
        (lowest..before).rev().take(KEPT).filter(missing).take(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_accounted_for_is_found() {
        let mut seen = Seen::default();
        assert_eq!(seen.missing(7, 0, 2, 1), [1]);
        assert_eq!(seen.missing(7, 0, 1, 1), [0; 0]);
        for id in [3, 5, 6] {
            seen.note(7, id);
        }
        assert_eq!(seen.missing(7, 3, 7, 1), [4]);
        assert_eq!(seen.missing(8, 3, 7, 5), [4]);
        assert_eq!(seen.missing(7, 6, 7, 1), [0; 0]);
        assert_eq!(seen.missing(-1_000_000_000_001, 3, 7, 2), [6, 5]);
    }
}
