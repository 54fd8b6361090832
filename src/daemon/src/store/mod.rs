//! What outlives the process: the event log and its read tables in SQLite, the audit log beside it.
//!
//! One [`Store`] belongs to the engine, the only writer. Every change is one transaction: the events,
//! the read tables derived from them, the outbox rows of their effects and the audit log's head.

mod audit_log;
mod migrate;
mod notes;
mod outbox;
mod read;
mod retention;
mod write;

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub use audit_log::AuditError;
use audit_log::AuditLog;
pub use outbox::{Task, Todo};
pub use read::Logged;
pub use write::{Commit, Committed};

/// The database's file name in the state folder.
pub const DATABASE: &str = "pager.db";
/// The audit log's file name in the state folder.
pub const AUDIT_LOG: &str = "audit.jsonl";
const LOCK: &str = "pager.lock";
/// How many bytes a file of the audit log has before a new one is begun, unless told otherwise.
const ROTATE_AUDIT_AT: u64 = 16 << 20;

/// Why the store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder of the state could not be used.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another daemon owns this state folder.
    #[error("{path}: another pagerd uses this state folder; stop it, or give this one another --state-dir", path = .0.display())]
    Locked(PathBuf),
    /// The database was written by a newer pager.
    #[error("{path}: written by a newer pager (schema {found}, this one knows {known}); install that version again, the file was left untouched", path = .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema's number.
        found: i64,
        /// The newest number known here.
        known: i64,
    },
    /// The file is damaged, or is no database of pager's.
    #[error("{path}: {why}; the file was left untouched: move it away to start anew, or restore a backup", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// SQLite refused.
    #[error("the database refused: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Something stored could not be written as or read from JSON.
    #[error("a stored record could not be read or written: {0}")]
    Json(#[from] serde_json::Error),
    /// The audit log could not be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl StoreError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// The database and the audit log of one daemon.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    audit: AuditLog,
    rotate_audit_at: u64,
    /// After a failed attempt: how long the file may grow before the next one.
    rotate_audit_again_at: u64,
    /// Held for the store's life; the kernel releases it with the process.
    _lock: fs::File,
}

impl Store {
    /// Opens the state folder, making it and migrating its database where needed.
    ///
    /// # Errors
    /// A damaged or newer database, a folder another daemon uses, or a file that cannot be opened;
    /// nothing is changed then.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        private_dir(dir)?;
        let lock = lock(dir)?;
        let path = dir.join(DATABASE);
        private_file(&path)?;
        let mut db = open_database(&path)?;
        migrate::migrate(&mut db, &path)?;
        let head = read::audit_head(&db)?;
        let audit = AuditLog::open(&dir.join(AUDIT_LOG), &head)?;
        write::set_audit_head(&db, audit.head())?;
        Ok(Self {
            db,
            audit,
            rotate_audit_at: ROTATE_AUDIT_AT,
            rotate_audit_again_at: 0,
            _lock: lock,
        })
    }

    /// Sets how many bytes a file of the audit log has before a new one is begun.
    pub fn rotate_audit_at(&mut self, bytes: u64) {
        self.rotate_audit_at = bytes;
    }
}

fn open_database(path: &Path) -> Result<Connection, StoreError> {
    let damaged = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            StoreError::Damaged { path: path.to_owned(), why: error.to_string() }
        }
        _ => StoreError::Sqlite(error),
    };
    let db = Connection::open(path)?;
    migrate::check(&db, path).map_err(|error| match error {
        StoreError::Sqlite(error) => damaged(error),
        other => other,
    })?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(damaged)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // The daemon is small and so is its data: a page cache of 1 MiB is plenty.
    db.pragma_update(None, "cache_size", -1024)?;
    Ok(db)
}

/// Makes the folder 0700, or checks that nobody else can look into the one that is there.
fn private_dir(dir: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(StoreError::io(dir))?;
    let stat = fs::metadata(dir).map_err(StoreError::io(dir))?;
    check_owner(dir, &stat)?;
    if stat.mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(StoreError::io(dir))?;
    }
    // Whoever could put another folder in its place would say what was decided.
    pager_config::check_way(dir).map_err(io::Error::other).map_err(StoreError::io(dir))
}

/// Refuses what somebody else made.
fn check_owner(path: &Path, stat: &fs::Metadata) -> Result<(), StoreError> {
    let (owner, me) = (stat.uid(), rustix::process::geteuid().as_raw());
    if owner == me {
        return Ok(());
    }
    let why =
        format!("belongs to uid {owner}, not to you; `chown` it if you know why, or move it away");
    Err(StoreError::io(path)(io::Error::other(why)))
}

/// Makes the file 0600 before SQLite does it with the umask; its `-wal` and `-shm` follow its mode.
fn private_file(path: &Path) -> Result<(), StoreError> {
    let file = open_private(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(StoreError::io(path))
}

/// Opens or makes a file of this user's, where no link is followed.
fn open_private(path: &Path) -> Result<fs::File, StoreError> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(StoreError::io(path))?;
    check_owner(path, &file.metadata().map_err(StoreError::io(path))?)?;
    Ok(file)
}

fn lock(dir: &Path) -> Result<fs::File, StoreError> {
    let path = dir.join(LOCK);
    let file = open_private(&path)?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Locked(dir.to_owned())),
        Err(error) => Err(StoreError::io(&path)(error.into())),
    }
}

#[cfg(test)]
mod tests;
