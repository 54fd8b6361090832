//! What is wrong with a log.

use std::path::Path;

use serde::{Serialize, Serializer};

use crate::output::shown;

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// The file and line of the first bad record; of a missing one, where it should be.
    #[serde(serialize_with = "as_shown")]
    pub(crate) file: std::path::PathBuf,
    pub(crate) line: u64,
    /// The number of that record.
    pub(crate) seq: u64,
    /// What is wrong with it, for a person.
    pub(crate) what: String,
}

/// In a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A record is not as it was written.
    Changed,
    /// One or more records are not there.
    Missing,
    /// The end is not there.
    Cut,
    /// A record stands in another's place.
    Reordered,
    /// A record stands there twice.
    Repeated,
    /// A record is another log's.
    SecondLog,
    /// The last line has no end.
    Torn,
}

impl Problem {
    /// For a person: `/path/audit.jsonl:17: record 17 …`.
    pub(crate) fn sentence(&self) -> String {
        format!("{}:{}: {}", shown(&self.file), self.line, self.what)
    }
}

fn as_shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shown(path))
}
