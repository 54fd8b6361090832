//! The tool calls that are about to be made: a permission request does not say which of them it is
//! about, so it is found by what it says.

use std::collections::VecDeque;

use pager_agents::codex::Call;
use pager_core::SessionId;

/// More than all sessions of a person's have under way at once.
const KEEP: usize = 512;

/// The calls under way, oldest first.
#[derive(Debug, Default)]
pub(super) struct Calls(VecDeque<Known>);

#[derive(Debug)]
struct Known {
    call: Call,
    asked: bool,
}

impl Calls {
    pub(super) fn begin(&mut self, call: Call) {
        if self.0.len() == KEEP {
            self.0.pop_front();
        }
        self.0.push_back(Known { call, asked: false });
    }

    /// Codex's id for the call that a permission request is about. Of two equal calls each is given
    /// once, the older one first.
    pub(super) fn item_of(&mut self, asking: &Call) -> Option<String> {
        let same = |known: &&mut Known| {
            let call = &known.call;
            !known.asked
                && call.item.is_some()
                && (&call.session, &call.thread, &call.turn)
                    == (&asking.session, &asking.thread, &asking.turn)
                && (&call.tool, &call.fingerprint) == (&asking.tool, &asking.fingerprint)
        };
        let known = self.0.iter_mut().find(same)?;
        known.asked = true;
        known.call.item.clone()
    }

    pub(super) fn finish(&mut self, call: &Call) {
        self.0.retain(|known| {
            known.call.thread != call.thread
                || known.call.item.is_none()
                || known.call.item != call.item
        });
    }

    pub(super) fn end_turn(&mut self, session: &SessionId) {
        self.0.retain(|known| known.call.session != *session);
    }
}

#[cfg(test)]
mod tests {
    use pager_core::Sha256Hex;

    use super::*;

    fn call(tool: &str, item: Option<&str>) -> Call {
        Call {
            session: SessionId::from_agent("s"),
            thread: "s".to_owned(),
            turn: "t".to_owned(),
            tool: tool.to_owned(),
            fingerprint: Sha256Hex::of(b"input"),
            item: item.map(str::to_owned),
        }
    }

    #[test]
    fn of_equal_calls_each_is_given_once() {
        let mut calls = Calls::default();
        for item in ["1", "2"] {
            calls.begin(call("Bash", Some(item)));
        }
        let asking = call("Bash", None);
        assert_eq!(calls.item_of(&call("apply_patch", None)), None);
        assert_eq!(calls.item_of(&asking).as_deref(), Some("1"));
        assert_eq!(calls.item_of(&asking).as_deref(), Some("2"));
        assert_eq!(calls.item_of(&asking), None);
    }

    #[test]
    fn what_is_over_is_not_asked_about() {
        let mut calls = Calls::default();
        calls.begin(call("Bash", Some("1")));
        calls.finish(&call("Bash", Some("1")));
        assert_eq!(calls.item_of(&call("Bash", None)), None);
        calls.begin(call("Bash", Some("2")));
        calls.end_turn(&SessionId::from_agent("s"));
        assert_eq!(calls.item_of(&call("Bash", None)), None);
    }

    #[test]
    fn no_more_is_kept_than_a_person_has_under_way() {
        let mut calls = Calls::default();
        (0..2 * KEEP).for_each(|_| calls.begin(call("Bash", Some("1"))));
        assert_eq!(calls.0.len(), KEEP);
    }
}
