//! Opening the log: whatever a crash, a power cut or a stranger left is brought in order, told, and
//! never removed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_core::Sha256Hex;
use pager_core::audit::{self, Head};
use pager_core::message_id::AUDIT_TROUBLE;

use super::files::{self, Found};
use super::{AuditError, AuditLog, Position, line, name, prepare, tell};

impl AuditLog {
    /// Opens the log and makes it end where `expected`, the database's word for its head, says; the
    /// head may have moved by records that tell what was found.
    pub(in crate::store) fn open(path: &Path, expected: &Head) -> Result<Self, AuditError> {
        let failed = |source| AuditError { path: path.to_owned(), source };
        let mut notes = Vec::new();
        let file = files::open_existing(path).map_err(failed)?;
        if let Some(file) = &file
            && let Some(aside) = files::set_torn_line_aside(path, file).map_err(failed)?
        {
            notes.push((audit::TORN, format!("half a last line was moved to {}", name(&aside))));
        }
        let left = Left::look(path, file, expected).map_err(failed)?;
        let log = match left.known(expected) {
            Some(what) => {
                notes.extend(what);
                left.resume(path)
            }
            None => {
                let gone = left.file.is_none();
                notes.push((audit::REPLACED, set_foreign_log_aside(path, expected, gone)?));
                fresh(path, expected)
            }
        };
        let mut log = log.map_err(failed)?;
        files::remove(&files::next(path))
            .and_then(|()| files::sync_folder(path))
            .map_err(failed)?;
        for (kind, summary) in notes {
            log.note(kind, &summary)?;
        }
        Ok(log)
    }
}

/// What is there when the log is opened.
struct Left {
    file: Option<File>,
    bytes: u64,
    /// The file's last records.
    own: Vec<Found>,
    /// The latest of the full files, and its last records.
    full: Option<(PathBuf, Vec<Found>)>,
}

impl Left {
    fn look(path: &Path, file: Option<File>, expected: &Head) -> io::Result<Self> {
        let full = match files::latest_full(path, file.as_ref())? {
            Some(full) => {
                let found = files::last_records(&files::open(&full)?, expected)?;
                Some((full, found))
            }
            None => None,
        };
        let (bytes, own) = match &file {
            Some(file) => (file.metadata()?.len(), files::last_records(file, expected)?),
            None => (0, Vec::new()),
        };
        Ok(Self { file, bytes, own, full })
    }

    fn records(&self) -> impl Iterator<Item = &Found> {
        self.full.iter().flat_map(|(_, found)| found).chain(&self.own)
    }

    /// Whether this is the log the database knows, and what is to be noted of it then.
    fn known(&self, expected: &Head) -> Option<Vec<(audit::Note, String)>> {
        if self.own.is_empty() && self.bytes > 0 {
            return None;
        }
        if *expected == Head::default() {
            let text = "the database knows no record: it is new, or the last one here did not take \
                        effect";
            let note = (audit::KEPT, text.to_owned());
            return Some(self.records().next().map(|_| note).into_iter().collect());
        }
        let at = self.records().position(|found| found.head == *expected)?;
        Some(self.records().skip(at + 1).filter_map(void).collect())
    }

    /// Goes on where the records end; in a new file where the last one says that its file is full,
    /// which is how a crash leaves a rotation, or where there is none after a full one.
    fn resume(self, path: &Path) -> io::Result<AuditLog> {
        let last = self.records().last().cloned();
        let Some(file) = self.file else {
            return match (last, self.full) {
                (Some(last), Some((full, _))) => begin(path, &last.head, &full),
                _ => fresh(path, &Head::default()),
            };
        };
        let first = files::first_record(&file)?.map(|first| first.head.seq);
        match (last, first, self.full) {
            (Some(last), Some(first), _) if last.event == audit::ROTATED.event => {
                let full = files::full(path, first);
                link(path, &full)?;
                begin(path, &last.head, &full)
            }
            (Some(last), None, Some((full, _))) => begin(path, &last.head, &full),
            (last, first, _) => {
                let head = last.map_or_else(Head::default, |last| last.head);
                let first = first.unwrap_or(head.seq + 1);
                let end = Position { bytes: self.bytes, head };
                Ok(AuditLog { path: path.to_owned(), file, first, end, overlong: false })
            }
        }
    }
}

/// A new file after a full one, in place of what is there.
fn begin(path: &Path, head: &Head, full: &Path) -> io::Result<AuditLog> {
    let text = format!("goes on from {}", name(full));
    let line = line(head, Timestamp::now(), audit::CONTINUED, text)?;
    let next = files::next(path);
    let file = prepare(&next, &line)?;
    fs::rename(&next, path)?;
    tell(&line.head, &format!("the audit log goes on from {}", name(full)));
    let end = Position { bytes: line.text.len() as u64 + 1, head: line.head.clone() };
    Ok(AuditLog { path: path.to_owned(), file, first: line.head.seq, end, overlong: false })
}

/// An empty file, to be gone on in from this head.
fn fresh(path: &Path, head: &Head) -> io::Result<AuditLog> {
    let file = files::create(path, b"")?;
    let end = Position { bytes: 0, head: head.clone() };
    Ok(AuditLog { path: path.to_owned(), file, first: head.seq + 1, end, overlong: false })
}

/// The link may have been made before the crash.
fn link(path: &Path, full: &Path) -> io::Result<()> {
    match fs::hard_link(path, full) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let same = fs::metadata(path)?.ino() == fs::metadata(full)?.ino();
            if same { Ok(()) } else { Err(error) }
        }
        result => result,
    }
}

/// What is noted of a record that the database does not know: it was written before its
/// transaction, which then never came. What the log says of itself holds without one.
fn void(found: &Found) -> Option<(audit::Note, String)> {
    if found.event.starts_with(audit::ABOUT_THE_LOG) || found.event == audit::VOID.event {
        return None;
    }
    let text = format!("record {} did not take effect: it was never committed", found.head.seq);
    Some((audit::VOID, text))
}

/// Moves the log away, if it is there; what a record is to say of that.
fn set_foreign_log_aside(path: &Path, expected: &Head, gone: bool) -> Result<String, AuditError> {
    let (own, seq) = (name(path), expected.seq);
    let what = if gone {
        format!("{own}, which should end with record {seq}, was gone; a new one was begun")
    } else {
        let aside = files::aside(path, "foreign");
        fs::rename(path, &aside).map_err(|source| AuditError { path: path.to_owned(), source })?;
        // What cannot be read is evidence all the same.
        let digest = File::open(&aside).and_then(|mut file| Sha256Hex::of_all(&mut file));
        let digest =
            digest.map_or_else(|why| format!("unread: {why}"), |it| format!("SHA-256 {it}"));
        let aside = name(&aside);
        format!(
            "{own} did not end with record {seq}; it was moved to {aside} ({digest}), and a new one \
             begun"
        )
    };
    let folder = path.parent().unwrap_or(path).display();
    tracing::error!(message_id = AUDIT_TROUBLE, "the audit log in {folder}: {what}");
    Ok(what)
}
