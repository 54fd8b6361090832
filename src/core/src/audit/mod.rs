//! The audit log: one JSON object a line, each bound to the one before it.
//!
//! # How a stranger verifies it
//! A record's `hash` is the SHA-256 of its own line without the `hash` member: the bytes of the line
//! with `,"hash":"…"` taken out and without the line's end. As `prev_hash`, the `hash` of the record
//! before it, stands inside those bytes, no record can be changed, left out or moved without every
//! later hash telling. The first record's `prev_hash` is 64 zeros. With `sed` and `sha256sum`:
//!
//! ```sh
//! sed -n 5p audit.jsonl | sed 's/,"hash":"[0-9a-f]*"}$/}/' | tr -d '\n' | sha256sum
//! ```

mod block;
mod entry;
mod gap;
mod kinds;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Actor, ApprovalId, SessionId, Sha256Hex};

pub use block::{Block, Fault, Seen, check_block};
pub use entry::{Broken, Digest, Entry, verify};
pub use gap::{Gap, NoGap};
pub use kinds::{
    ABOUT_THE_LOG, ACKNOWLEDGED, CONTINUED, KEPT, Note, REPLACED, ROTATED, TORN, VOID, note,
    of_event, resolved,
};

/// One record. The members stand in the line in this order, all of them always, `null` where there
/// is nothing to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When, in UTC.
    pub ts: Timestamp,
    /// What kind of thing happened, `approval.resolved` and the like.
    pub event: String,
    /// The session it happened in.
    pub session: Option<SessionId>,
    /// The session's label.
    pub label: Option<String>,
    /// What was done: allow, allow_always, deny, answer, expire, cancel, elsewhere; of the log
    /// itself rotate, continue, recover, remark, acknowledge.
    pub action: String,
    /// The tool.
    pub tool: Option<String>,
    /// One line about the tool's input, at most 500 characters.
    pub summary: Option<String>,
    /// The digest of the whole tool input.
    pub input_sha256: Option<Sha256Hex>,
    /// The approval.
    pub approval: Option<ApprovalId>,
    /// Who did it.
    pub by: Actor,
    /// The chat message whose button was tapped.
    pub message_id: Option<i64>,
    /// Milliseconds from the question to the answer.
    pub latency_ms: Option<u64>,
    /// The hash of the record before this one.
    pub prev_hash: Sha256Hex,
}

/// Where a chain of records stands: what the next one is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last record; 0 before the first.
    pub seq: u64,
    /// The last record's hash; 64 zeros before the first.
    pub hash: Sha256Hex,
}

impl Head {
    /// The head in short, as a person is given it to keep: `17:3fa9c1d2e4b5`.
    pub fn short(&self) -> String {
        format!("{}:{}", self.seq, &self.hash.as_str()[..12])
    }
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: Sha256Hex::zero() }
    }
}

/// A line of the log, without its line break, and the head after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The JSON object.
    pub text: String,
    /// The head with this record.
    pub head: Head,
}

/// Writes a record as its line, with its hash.
///
/// # Errors
/// None that these types can cause: serialising to a string fails only for maps with odd keys.
pub fn write(record: &Record) -> Result<Line, serde_json::Error> {
    let mut text = serde_json::to_string(record)?;
    let hash = Sha256Hex::of(text.as_bytes());
    text.pop();
    text.push_str(&format!(",\"hash\":\"{hash}\"}}"));
    Ok(Line { text, head: Head { seq: record.seq, hash } })
}

/// The name of a full file of the log `STEM.jsonl`, by the number of its first record. They sort as
/// their records do.
pub fn rotated_name(stem: &str, first: u64) -> String {
    format!("{stem}-{first:012}.jsonl")
}

/// The number of the first record of a full file of the log `STEM.jsonl`, by the file's name.
pub fn first_in_rotated(stem: &str, name: &str) -> Option<u64> {
    let digits = name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".jsonl")?;
    let first = digits.parse().ok()?;
    (rotated_name(stem, first) == name).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_files_are_known_by_their_names() {
        assert_eq!(rotated_name("audit", 17), "audit-000000000017.jsonl");
        assert_eq!(first_in_rotated("audit", "audit-000000000017.jsonl"), Some(17));
        for other in
            ["audit.jsonl", "audit-17.jsonl", "audit.torn-1.jsonl", "other-000000000017.jsonl"]
        {
            assert_eq!(first_in_rotated("audit", other), None, "{other}");
        }
        assert_eq!(Head::default().short(), "0:000000000000");
    }
}
