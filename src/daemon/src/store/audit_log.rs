//! The audit log's file: appended, fsynced, and at every start held against what the database says
//! it should end with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_core::audit::{self, Head, Line, Record};
use pager_core::{Actor, Sha256Hex};

/// The audit log could not be opened or written; no verdict takes effect without it.
#[derive(Debug, thiserror::Error)]
#[error("the audit log {path}: {source}", path = .path.display())]
pub struct AuditError {
    path: PathBuf,
    source: io::Error,
}

/// Where the log ends: what can be gone back to.
#[derive(Debug, Clone)]
pub(super) struct Position {
    bytes: u64,
    head: Head,
}

/// The open log.
#[derive(Debug)]
pub(super) struct AuditLog {
    path: PathBuf,
    file: File,
    end: Position,
}

impl AuditLog {
    /// Opens the log and makes it end where `expected`, the database's word for its head, says; the
    /// head may have moved by records that tell what was found.
    pub(super) fn open(path: &Path, expected: Head) -> Result<(Self, Head), AuditError> {
        let failed = |source| AuditError { path: path.to_owned(), source };
        let torn = set_torn_line_aside(path).map_err(failed)?;
        let found = walk(path).map_err(failed)?;
        let mut remarks = Vec::new();
        if let Some(aside) = torn {
            remarks
                .push(("log.torn", format!("half a last line was moved to {}", aside.display())));
        }
        let at = found.iter().position(|head| *head == expected);
        let head = match at {
            Some(at) => {
                // Written before its transaction, which then never came.
                for head in &found[at + 1..] {
                    let text =
                        format!("record {} did not take effect: it was never committed", head.seq);
                    remarks.push(("record.void", text));
                }
                found.last().cloned().unwrap_or_default()
            }
            None => {
                let aside = aside(path, "foreign");
                fs::rename(path, &aside).map_err(failed)?;
                tracing::error!(
                    message_id = pager_core::message_id::AUDIT_TROUBLE,
                    "the audit log {} does not end with record {} as the database says; it was moved to {} and a new one begun",
                    path.display(),
                    expected.seq,
                    aside.display()
                );
                remarks.push((
                    "log.replaced",
                    format!(
                        "the log did not end with record {}; it was moved to {}",
                        expected.seq,
                        aside.display()
                    ),
                ));
                expected
            }
        };
        let file =
            OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let mut log = Self { path: path.to_owned(), file, end: Position { bytes, head } };
        for (event, summary) in remarks {
            log.remark(event, summary)?;
        }
        let head = log.head().clone();
        Ok((log, head))
    }

    pub(super) fn head(&self) -> &Head {
        &self.end.head
    }

    pub(super) fn position(&self) -> Position {
        self.end.clone()
    }

    /// Appends lines and waits until they are on the disk.
    pub(super) fn append(&mut self, lines: &[Line]) -> Result<(), AuditError> {
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.text);
            text.push('\n');
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            self.roll_back(self.end.clone())?;
            return Err(self.failed(source));
        }
        self.end.bytes += text.len() as u64;
        if let Some(line) = lines.last() {
            self.end.head = line.head.clone();
        }
        Ok(())
    }

    /// Takes back what was appended since and did not come to pass.
    pub(super) fn roll_back(&mut self, to: Position) -> Result<(), AuditError> {
        let result = self.file.set_len(to.bytes).and_then(|()| self.file.sync_data());
        self.end = to;
        result.map_err(|source| self.failed(source))
    }

    /// Records something about the log itself.
    fn remark(&mut self, event: &str, summary: String) -> Result<(), AuditError> {
        let record = Record {
            seq: self.end.head.seq + 1,
            ts: Timestamp::now(),
            event: event.to_owned(),
            session: None,
            label: None,
            action: "remark".to_owned(),
            tool: None,
            summary: Some(summary),
            input_sha256: None,
            approval: None,
            by: Actor::Pager,
            message_id: None,
            latency_ms: None,
            prev_hash: self.end.head.hash.clone(),
        };
        let line = audit::write(&record).map_err(|error| self.failed(error.into()))?;
        self.append(&[line])
    }

    fn failed(&self, source: io::Error) -> AuditError {
        AuditError { path: self.path.clone(), source }
    }
}

/// A name beside the log, not taken yet.
fn aside(path: &Path, why: &str) -> PathBuf {
    let stamp = Timestamp::now().as_millisecond();
    path.with_extension(format!("{why}-{stamp}.jsonl"))
}

/// Moves what follows the last line break, left by a power cut, to a file of its own.
fn set_torn_line_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    // No record is longer than this: a summary has 500 characters, the other members are short.
    let tail = length.min(64 << 10);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole == bytes.len() {
        return Ok(None);
    }
    let to = aside(path, "torn");
    let mut torn = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to)?;
    torn.write_all(&bytes[whole..])?;
    torn.sync_all()?;
    file.set_len(length - tail + whole as u64)?;
    file.sync_all()?;
    Ok(Some(to))
}

/// The heads the log passes through at its end: before its last few records, and after each.
///
/// Only the end is read, as much as a crash can have left uncommitted; the whole chain is for
/// `pagerctl audit verify`.
fn walk(path: &Path) -> io::Result<Vec<Head>> {
    const LAST: usize = 16;
    let mut heads = std::collections::VecDeque::from([Head::default()]);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(heads.into()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut reader = BufReader::new(file);
    let start = length.saturating_sub(256 << 10);
    reader.seek(SeekFrom::Start(start))?;
    if start > 0 {
        reader.read_until(b'\n', &mut Vec::new())?;
        heads.clear();
    }
    for line in reader.lines() {
        let Some(head) = head_of(&line?) else { continue };
        if heads.len() == LAST {
            heads.pop_front();
        }
        heads.push_back(head);
    }
    Ok(heads.into())
}

fn head_of(line: &str) -> Option<Head> {
    #[derive(serde::Deserialize)]
    struct Ends {
        seq: u64,
        hash: Sha256Hex,
        prev_hash: Sha256Hex,
    }
    let ends: Ends = serde_json::from_str(line).ok()?;
    let before = Head { seq: ends.seq.checked_sub(1)?, hash: ends.prev_hash };
    audit::verify(&before, line).ok().filter(|head| head.hash == ends.hash)
}
