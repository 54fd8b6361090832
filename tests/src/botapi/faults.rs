//! Trouble on demand: what a server, a proxy and a network do on a bad day.

use std::time::Duration;

/// One way for a call to go wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// This status with an HTML body, as a proxy sends it; the call has no effect.
    Status(u16),
    /// 429 with `retry_after` in seconds; until then every call to the chat is a violation.
    RetryAfter(u64),
    /// 400 with `migrate_to_chat_id`.
    Migrate(i64),
    /// Any error reply of the Bot API.
    Refuse(u16, String),
    /// The connection ends before the call has any effect.
    DropBefore,
    /// The call has its effect, then the connection ends without a reply.
    DropAfter,
    /// The call has its effect, then the status comes with an HTML body.
    StatusAfter(u16),
    /// The call has its effect, the reply comes late.
    Delay(Duration),
    /// The call has its effect, the reply is cut in the middle of its JSON.
    Malformed,
    /// The call has its effect, the reply comes in pieces with this pause before each.
    Slow(Duration),
    /// Nothing happens until the double's `release` is called for the method.
    Hold,
    /// The call has its effect, the reply waits for `release`.
    HoldReply,
}

impl Fault {
    /// Is the call stopped before it has any effect?
    pub(crate) fn is_before(&self) -> bool {
        matches!(
            self,
            Self::Status(_)
                | Self::RetryAfter(_)
                | Self::Migrate(_)
                | Self::Refuse(..)
                | Self::DropBefore
                | Self::Hold
        )
    }
}

/// A fault, and the calls it is meant for.
#[derive(Clone, Debug)]
struct Rule {
    method: String,
    chat: Option<i64>,
    left: u32,
    fault: Fault,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    /// Counted up by every release, so that a held call knows it may go on.
    pub(crate) released: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, method: &str, chat: Option<i64>, times: u32, fault: Fault) {
        self.rules.push(Rule { method: method.to_ascii_lowercase(), chat, left: times, fault });
    }

    /// Takes the oldest fault that fits; `*` stands for every method but `getUpdates`.
    pub(crate) fn take(&mut self, method: &str, chat: Option<i64>) -> Option<Fault> {
        let method = method.to_ascii_lowercase();
        let fits = |rule: &Rule| {
            let any = rule.method == "*" && method != "getupdates";
            rule.left > 0
                && (any || rule.method == method)
                && (rule.chat.is_none() || rule.chat == chat)
        };
        let rule = self.rules.iter_mut().find(|rule| fits(rule))?;
        rule.left -= 1;
        let fault = rule.fault.clone();
        self.rules.retain(|rule| rule.left > 0);
        Some(fault)
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
        self.released += 1;
    }

    /// Faults nobody has run into.
    pub(crate) fn left(&self) -> usize {
        self.rules.iter().map(|rule| rule.left as usize).sum()
    }
}
