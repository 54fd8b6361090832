//! What the log is held against: heads that were noted elsewhere when a record was written.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use pager_core::audit::Head;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use serde::Serialize;

use crate::failure::Failure;
use crate::output::shown;

/// The database's file beside the log.
const DATABASE: &str = "pager.db";
/// How many digits of a hash tell it from any other.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=64;

/// A record that the log must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Witness {
    /// Who knows it.
    pub(crate) source: Source,
    /// Its number.
    pub(crate) seq: u64,
    /// The beginning of its hash, or all of it.
    pub(crate) hash: String,
}

/// Who knows a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// The daemon's database, which has the head of the last commit.
    Database,
    /// The person, with `--head`.
    Given,
}

impl Witness {
    /// Whether this is the record meant.
    pub(crate) fn knows(&self, head: &Head) -> bool {
        self.seq == head.seq && head.hash.as_str().starts_with(&self.hash)
    }

    /// What the database beside the log knows; none where there is none, or nothing in it yet.
    pub(crate) fn from_database(log: &Path) -> Result<Option<Self>, Failure> {
        let path = log.with_file_name(DATABASE);
        if !path.exists() {
            return Ok(None);
        }
        read(&path).map_err(|error| {
            Failure::failed(format!("cannot read {}: {error}", shown(&path)))
                .with_hint("a copy of the log in another folder can be verified without it")
        })
    }
}

fn read(path: &Path) -> rusqlite::Result<Option<Witness>> {
    let db = open(path)?;
    let fact = |key: &str| {
        db.query_row("SELECT value FROM facts WHERE key = ?1", [key], |row| row.get(0)).optional()
    };
    // In one transaction, as the daemon writes them.
    db.execute_batch("BEGIN")?;
    let (seq, hash): (Option<String>, Option<String>) = (fact("audit.seq")?, fact("audit.hash")?);
    let seq = seq.and_then(|seq| seq.parse().ok()).filter(|seq| *seq > 0);
    Ok(seq.zip(hash).map(|(seq, hash)| Witness { source: Source::Database, seq, hash }))
}

/// Opens the database to be read only.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        return Connection::open_with_flags(path, flags);
    }
    // Nobody has it open, and reading it is to leave no file behind.
    let escaped =
        path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let uri = format!("file:{escaped}?immutable=1");
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "the database",
            Self::Given => "--head",
        })
    }
}

impl FromStr for Witness {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (seq, hash) =
            text.split_once(':').ok_or("give it as SEQ:HASH, such as 17:3fa9c1d2e4b5")?;
        let seq = seq.parse().map_err(|_| format!("{seq:?} is not the number of a record"))?;
        let hash = hash.to_ascii_lowercase();
        if !DIGITS.contains(&hash.len()) || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("of the hash, give 8 to 64 hexadecimal digits".to_owned());
        }
        Ok(Self { source: Source::Given, seq, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_is_read_as_it_is_shown() {
        let head = Head { seq: 17, hash: pager_core::Sha256Hex::of(b"x") };
        let witness: Witness = head.short().parse().unwrap();
        assert!(witness.knows(&head));
        assert!(!witness.knows(&Head { seq: 18, ..head.clone() }));
        for bad in ["", "17", "17:", "x:3fa9c1d2", "17:3fa9c1d", "17:3fa9c1dz", "-1:3fa9c1d2"] {
            assert!(bad.parse::<Witness>().is_err(), "{bad}");
        }
    }

    #[test]
    fn where_there_is_no_database_it_knows_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("audit.jsonl");
        assert_eq!(Witness::from_database(&log).unwrap(), None);
        std::fs::write(dir.path().join(DATABASE), "not a database, but long enough to be one")
            .unwrap();
        assert!(Witness::from_database(&log).is_err());
    }
}
