//! A place where the chain is broken, named so that a person can acknowledge this break and no other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Head;
use crate::Sha256Hex;

/// A break of the chain: the sound records on either side, and what stands between them. Whatever is
/// done to the log around it later makes it another break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last record before it of a chain that is sound; number 0 where there is none.
    pub after: Head,
    /// The first sound record behind it.
    pub before: Head,
    /// The digest of the lines between the two, with their line breaks; of nothing where there are
    /// none.
    pub between: Sha256Hex,
}

/// This is no name of a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a break is named as: after SEQ:HASH, before SEQ:HASH, between DIGEST")]
pub struct NoGap;

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, before, between } = self;
        write!(
            f,
            "after {}:{}, before {}:{}, between {between}",
            after.seq, after.hash, before.seq, before.hash
        )
    }
}

impl FromStr for Gap {
    type Err = NoGap;

    fn from_str(text: &str) -> Result<Self, NoGap> {
        let head = |text: &str| {
            let (seq, hash) = text.split_once(':')?;
            Some(Head { seq: seq.parse().ok()?, hash: Sha256Hex::parse(hash)? })
        };
        let read = || {
            let (after, rest) = text.strip_prefix("after ")?.split_once(", before ")?;
            let (before, between) = rest.split_once(", between ")?;
            let between = Sha256Hex::parse(between)?;
            Some(Self { after: head(after)?, before: head(before)?, between })
        };
        read().ok_or(NoGap)
    }
}

impl Gap {
    /// How many characters a person's reason may have: with the break they are a record's summary.
    pub const REASON_MAX: usize = 200;

    /// The summary of the record by which a person acknowledges it.
    pub(super) fn acknowledged(&self, reason: &str) -> String {
        format!("{self}: {reason}")
    }

    /// The break that a record with this summary acknowledges, and the person's reason.
    pub fn read_acknowledged(summary: &str) -> Option<(Self, &str)> {
        let (gap, reason) = summary.split_once(": ")?;
        Some((gap.parse().ok()?, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_is_read_as_it_is_named() {
        let gap = Gap {
            after: Head::default(),
            before: Head { seq: 5, hash: Sha256Hex::of(b"five") },
            between: Sha256Hex::of(b""),
        };
        assert_eq!(gap.to_string().parse(), Ok(gap.clone()));
        let summary = gap.acknowledged("a backup: restored");
        assert!(summary.len() < crate::approval::SUMMARY_MAX - Gap::REASON_MAX + 20, "{summary}");
        assert_eq!(Gap::read_acknowledged(&summary), Some((gap.clone(), "a backup: restored")));
        for bad in ["", "after 5", &gap.to_string()[1..], &gap.to_string()[..100]] {
            assert_eq!(bad.parse::<Gap>(), Err(NoGap), "{bad}");
        }
    }
}
