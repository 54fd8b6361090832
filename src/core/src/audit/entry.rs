//! Reading one line back and proving that it is as it was written.

use std::borrow::Cow;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Head;
use crate::Sha256Hex;

/// What stands before the hash in a line, and after it.
const BEFORE: &[u8] = b",\"hash\":\"";
const AFTER: &[u8] = b"\"}";
const HEX: usize = 64;

/// Makes the SHA-256 of these two texts, one after the other: where many lines are checked, the
/// caller may know a faster way.
pub type Digest = fn(&[u8], &[u8]) -> [u8; 32];

fn digest(content: &[u8], end: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(content).chain_update(end).finalize().into()
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

/// A record's place in the chain, borrowed from a line whose hash fits its content. Members that a
/// later version may add are no hindrance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry<'a> {
    /// The record's number.
    pub seq: u64,
    /// What kind of record it is.
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    /// The hash of the record it was made to follow.
    pub prev_hash: &'a str,
    /// Its own hash.
    pub hash: &'a str,
}

impl<'a> Entry<'a> {
    /// Reads a line, without its line break.
    ///
    /// # Errors
    /// It is not a record, or not as it was written.
    pub fn read(line: &'a [u8]) -> Result<Self, Broken> {
        Self::read_with(line, digest)
    }

    /// The same with a digest of the caller's.
    ///
    /// # Errors
    /// As [`Entry::read`].
    pub fn read_with(line: &'a [u8], digest: Digest) -> Result<Self, Broken> {
        let not_a_record = |why: &str| Broken::NotARecord(why.to_owned());
        if line.ends_with(b"\r") {
            return Err(not_a_record("it ends with a carriage return, which pagerd never writes"));
        }
        let entry: Self =
            serde_json::from_slice(line).map_err(|error| not_a_record(&error.to_string()))?;
        let content = line
            .strip_suffix(AFTER)
            .and_then(|line| line.strip_suffix(entry.hash.as_bytes()))
            .and_then(|line| line.strip_suffix(BEFORE))
            .ok_or_else(|| not_a_record("its hash is not its last member"))?;
        if entry.hash.len() != HEX || entry.prev_hash.len() != HEX {
            return Err(not_a_record("its hashes are not 64 hexadecimal digits"));
        }
        if !is_hex_of(entry.hash.as_bytes(), &digest(content, b"}")) {
            return Err(Broken::Changed);
        }
        Ok(entry)
    }

    /// Whether it was made to follow that head.
    pub fn follows(&self, head: &Head) -> bool {
        Some(self.seq) == head.seq.checked_add(1) && self.prev_hash == head.hash.as_str()
    }

    /// The head with this record.
    pub fn head(&self) -> Head {
        // A sound record's hash is one, so it parses.
        Head { seq: self.seq, hash: Sha256Hex::parse(self.hash).unwrap_or_else(Sha256Hex::zero) }
    }
}

fn is_hex_of(text: &[u8], bytes: &[u8]) -> bool {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.len() == bytes.len() * 2
        && text.chunks_exact(2).zip(bytes).all(|(pair, byte)| {
            pair[0] == DIGITS[usize::from(byte >> 4)] && pair[1] == DIGITS[usize::from(byte & 15)]
        })
}

/// Checks that a line (without its line break) is unchanged and follows `head`; the head after it.
///
/// # Errors
/// [`Broken`] says what is wrong with the line.
pub fn verify(head: &Head, line: &str) -> Result<Head, Broken> {
    let entry = Entry::read(line.as_bytes())?;
    if !entry.follows(head) {
        return Err(Broken::OutOfOrder { after: head.seq });
    }
    Ok(entry.head())
}

#[cfg(test)]
mod tests {
    use super::super::{note, write};
    use super::*;
    use crate::audit::TORN;

    fn line(head: &Head) -> super::super::Line {
        write(&note(head, jiff::Timestamp::UNIX_EPOCH, TORN, "ünï\"\u{1b}".into())).unwrap()
    }

    #[test]
    fn a_line_is_read_back_and_any_other_byte_tells() {
        let line = line(&Head::default());
        assert_eq!(verify(&Head::default(), &line.text), Ok(line.head.clone()));
        let other = Head { seq: 1, hash: Sha256Hex::zero() };
        assert_eq!(verify(&other, &line.text), Err(Broken::OutOfOrder { after: 1 }));
        for at in 0..line.text.len() {
            let mut bytes = line.text.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(Entry::read(&bytes).is_err(), "byte {at}");
        }
        for odd in ["", "{}", "null", "[1]", &line.text[1..], &format!("{} ", line.text)] {
            assert!(matches!(Entry::read(odd.as_bytes()), Err(Broken::NotARecord(_))), "{odd}");
        }
    }

    #[test]
    fn a_member_more_is_no_hindrance_and_a_hash_elsewhere_is_no_hash() {
        let zero = Sha256Hex::zero();
        let content = format!(r#"{{"seq":1,"event":"x","new":[1],"prev_hash":"{zero}"}}"#);
        let hash = Sha256Hex::of(content.as_bytes());
        let whole = format!("{},\"hash\":\"{hash}\"}}", content.trim_end_matches('}'));
        assert_eq!(Entry::read(whole.as_bytes()).unwrap().seq, 1);
        let inside = format!(r#"{{"hash":"{hash}","seq":1,"event":"x","prev_hash":"{zero}"}}"#);
        assert!(matches!(Entry::read(inside.as_bytes()), Err(Broken::NotARecord(_))));
    }
}
