//! The audit log's files: appended and fsynced by this process alone, begun anew when full, and at
//! every start held against what the database says they should end with.

mod files;
mod opening;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_core::audit::{self, Head, Line, Note};
use pager_core::message_id::AUDIT_NOTED;

use crate::faults::{self, Point};

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
    /// The number of the file's first record.
    first: u64,
    end: Position,
    /// Whether the file may have more than `end` says: something that did not come to pass and could
    /// not be taken back.
    overlong: bool,
}

impl AuditLog {
    pub(super) fn head(&self) -> &Head {
        &self.end.head
    }

    pub(super) fn position(&self) -> Position {
        self.end.clone()
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.end.bytes
    }

    /// Appends lines and waits until they are on the disk. Nothing is appended to a file that still
    /// has what was to be taken back: the next record would seem to follow one that never was.
    pub(super) fn append(&mut self, lines: &[Line]) -> Result<(), AuditError> {
        self.shorten()?;
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

    /// Takes back what was appended since and did not come to pass. Where that fails, it is tried
    /// again before anything else is appended.
    pub(super) fn roll_back(&mut self, to: Position) -> Result<(), AuditError> {
        self.end = to;
        self.overlong = true;
        self.shorten()
    }

    /// Makes the file end where the log does.
    fn shorten(&mut self) -> Result<(), AuditError> {
        if self.overlong {
            faults::write(Point::Undo)
                .and_then(|()| self.file.set_len(self.end.bytes))
                .and_then(|()| self.file.sync_data())
                .map_err(|source| self.failed(source))?;
            self.overlong = false;
        }
        Ok(())
    }

    /// Begins a new file. Where that fails, the log goes on in the old one.
    ///
    /// The new file is whole before it is seen, and takes the log's name in one step: a crash leaves
    /// the old file in its place, perhaps with a last record that says it is full, which
    /// [`AuditLog::open`] then believes.
    pub(super) fn rotate(&mut self) -> Result<(), AuditError> {
        let now = Timestamp::now();
        let before = self.position();
        let (full, next) = (files::full(&self.path, self.first), files::next(&self.path));
        let (full_name, own_name) = (name(&full), name(&self.path));
        let text = format!("this file is full and now {full_name}; {own_name} goes on");
        let failed = |source| AuditError { path: self.path.clone(), source };
        let last = line(&before.head, now, audit::ROTATED, text).map_err(failed)?;
        let text = format!("goes on from {full_name}");
        let first = line(&last.head, now, audit::CONTINUED, text).map_err(failed)?;

        let new = prepare(&next, &first).map_err(failed)?;
        let swapped = self
            .append(std::slice::from_ref(&last))
            .and_then(|()| swap(&self.path, &full, &next).map_err(|source| self.failed(source)));
        if let Err(error) = swapped {
            drop(files::remove(&next));
            self.roll_back(before)?;
            return Err(error);
        }
        self.file = new;
        self.first = first.head.seq;
        self.end = Position { bytes: first.text.len() as u64 + 1, head: first.head.clone() };
        tell(&last.head, &format!("the audit log goes on in a new file, after {full_name}"));
        tell(&first.head, &format!("the audit log goes on from {full_name}"));
        Ok(())
    }

    /// Records something about the log itself.
    fn note(&mut self, kind: Note, summary: &str) -> Result<(), AuditError> {
        let line = line(&self.end.head, Timestamp::now(), kind, summary.to_owned())
            .map_err(|source| self.failed(source))?;
        self.append(std::slice::from_ref(&line))?;
        tell(&line.head, &format!("the audit log notes: {summary}"));
        Ok(())
    }

    fn failed(&self, source: io::Error) -> AuditError {
        AuditError { path: self.path.clone(), source }
    }
}

fn line(head: &Head, at: Timestamp, kind: Note, summary: String) -> io::Result<Line> {
    Ok(audit::write(&audit::note(head, at, kind, summary))?)
}

/// Writes a new file that begins with this line.
fn prepare(next: &Path, first: &Line) -> io::Result<File> {
    files::remove(next)?;
    files::create(next, format!("{}\n", first.text).as_bytes())
}

/// Gives the full file its own name and the new one the log's. Both names stand for the full file in
/// between, so that the log is never missing.
fn swap(path: &Path, full: &Path, next: &Path) -> io::Result<()> {
    fs::hard_link(path, full)?;
    if let Err(error) = fs::rename(next, path) {
        files::remove(full)?;
        return Err(error);
    }
    // On the disk or not, the names are consistent; the next fsync of the folder makes them last.
    files::sync_folder(path).or(Ok(()))
}

fn tell(head: &Head, what: &str) {
    tracing::info!(
        message_id = AUDIT_NOTED,
        pager_audit_seq = head.seq,
        pager_audit_hash = head.hash.as_str(),
        "{what}"
    );
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
