//! The records of a log, and which of them are wanted.

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::log::Log;

/// A record as it can be read of any version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) seq: u64,
    pub(crate) ts: Timestamp,
    pub(crate) event: String,
    pub(crate) session: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) action: String,
    pub(crate) tool: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) input_sha256: Option<String>,
    pub(crate) approval: Option<String>,
    pub(crate) by: String,
    pub(crate) message_id: Option<i64>,
    pub(crate) latency_ms: Option<u64>,
    pub(crate) prev_hash: String,
    pub(crate) hash: String,
}

/// Which records are wanted; all that fit everything that is set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) session: Option<String>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) by: Option<String>,
    /// Any of these; all if there is none.
    pub(crate) actions: Vec<String>,
    pub(crate) approval: Option<String>,
    /// Only so many, the last ones.
    pub(crate) last: Option<usize>,
}

impl Wanted {
    fn fits(&self, record: &Record) -> bool {
        let begins = |value: &Option<String>, wanted: &str| {
            value.as_ref().is_some_and(|value| value.starts_with(wanted))
        };
        self.session.as_ref().is_none_or(|wanted| {
            begins(&record.session, wanted) || record.label.as_ref() == Some(wanted)
        }) && self.approval.as_ref().is_none_or(|wanted| begins(&record.approval, wanted))
            && self.by.as_ref().is_none_or(|wanted| is_by(&record.by, wanted))
            && (self.actions.is_empty() || self.actions.contains(&record.action))
            && self.since.is_none_or(|since| record.ts >= since)
            && self.until.is_none_or(|until| record.ts <= until)
    }

    /// Goes through the records that are wanted, each with its line, and counts the lines that are
    /// no records.
    pub(crate) fn each(
        &self,
        log: &Log,
        mut see: impl FnMut(&Record, &[u8]) -> io::Result<()>,
    ) -> io::Result<u64> {
        let mut unreadable = 0;
        let mut last = VecDeque::new();
        let failed = log.each_line(|_, line| {
            let Ok(record) = serde_json::from_slice::<Record>(line) else {
                unreadable += 1;
                return ControlFlow::Continue(());
            };
            if !self.fits(&record) {
                return ControlFlow::Continue(());
            }
            let Some(most) = self.last else {
                return match see(&record, line) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => ControlFlow::Break(error),
                };
            };
            last.push_back((record, line.to_vec()));
            if last.len() > most {
                last.pop_front();
            }
            ControlFlow::Continue(())
        })?;
        match failed {
            Some(error) => Err(error),
            None => {
                last.iter().try_for_each(|(record, line)| see(record, line))?;
                Ok(unreadable)
            }
        }
    }
}

/// Whether an actor is the one wanted, or one of its kind: `dbus` is every `dbus:1000/busctl`.
fn is_by(actor: &str, wanted: &str) -> bool {
    let rest = actor.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_one_or_a_kind() {
        for (wanted, fits) in [
            ("telegram", true),
            ("telegram:111", true),
            ("telegram:11", false),
            ("tele", false),
            ("desktop", false),
        ] {
            assert_eq!(is_by("telegram:111", wanted), fits, "{wanted}");
        }
        assert!(is_by("dbus:1000/busctl", "dbus:1000"));
    }
}
