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

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::approval::{Approval, Resolution};
use crate::{Actor, ApprovalId, SessionId, Sha256Hex};

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
    /// What was done: allow, allow_always, deny, answer, expire, cancel, elsewhere.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last record; 0 before the first.
    pub seq: u64,
    /// The last record's hash; 64 zeros before the first.
    pub hash: Sha256Hex,
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

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is not a record.
    #[error("is not an audit record: {0}")]
    NotARecord(String),
    /// Its bytes are not those the hash was made of.
    #[error("has been changed: its hash does not fit its content")]
    Changed,
    /// It does not follow the record before it.
    #[error("does not follow record {after}: a record is missing, added or moved")]
    OutOfOrder {
        /// The number of the record before it.
        after: u64,
    },
}

/// The record of how an approval ended, to follow `head`.
pub fn resolved(head: &Head, approval: &Approval, resolution: &Resolution) -> Record {
    let latency = resolution.at.duration_since(approval.created).as_millis();
    Record {
        seq: head.seq + 1,
        ts: resolution.at,
        event: "approval.resolved".to_owned(),
        session: Some(approval.session.clone()),
        label: Some(approval.label.clone()),
        action: resolution.action().to_owned(),
        tool: Some(approval.tool.clone()),
        summary: Some(approval.summary.clone()),
        input_sha256: Some(approval.input.sha256().clone()),
        approval: Some(approval.id),
        by: resolution.by.clone(),
        message_id: resolution.message_id,
        latency_ms: Some(u64::try_from(latency).unwrap_or(0)),
        prev_hash: head.hash.clone(),
    }
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

/// Checks that a line (without its line break) is unchanged and follows `head`; the head after it.
///
/// # Errors
/// [`Broken`] says what is wrong with the line.
pub fn verify(head: &Head, line: &str) -> Result<Head, Broken> {
    let not_a_record = |why: &str| Broken::NotARecord(why.to_owned());
    let at = line.rfind(",\"hash\":\"").ok_or_else(|| not_a_record("it has no hash"))?;
    let hash = line[at + 9..].strip_suffix("\"}").and_then(Sha256Hex::parse);
    let hash = hash.ok_or_else(|| not_a_record("its hash is not 64 hexadecimal digits"))?;
    let content = format!("{}}}", &line[..at]);
    let record: Record =
        serde_json::from_str(&content).map_err(|e| not_a_record(&e.to_string()))?;
    if Sha256Hex::of(content.as_bytes()) != hash {
        return Err(Broken::Changed);
    }
    if record.seq != head.seq + 1 || record.prev_hash != head.hash {
        return Err(Broken::OutOfOrder { after: head.seq });
    }
    Ok(Head { seq: record.seq, hash })
}
