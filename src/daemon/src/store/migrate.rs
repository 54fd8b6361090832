//! The database's schema, numbered. A migration once released is never changed; a new one is added.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::StoreError;

/// `PRAGMA application_id` of pager's databases: "pagr" as a number.
const APPLICATION_ID: i64 = 0x7061_6772;

/// Entry N brings a database from schema N to N + 1.
const MIGRATIONS: &[&str] = &[
    r"
    -- What has happened, in order. The state is the replay of this.
    CREATE TABLE events (
        seq  INTEGER PRIMARY KEY AUTOINCREMENT,
        body TEXT NOT NULL                         -- core::Event as JSON, inputs by digest
    ) STRICT;
    -- Tool inputs, each once, exactly as the agents wrote them.
    CREATE TABLE inputs (
        sha256 TEXT PRIMARY KEY,
        text   TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- Read tables, written in the transaction of the events they derive from.
    CREATE TABLE approvals (
        id      TEXT PRIMARY KEY,
        state   TEXT NOT NULL,
        at_hand INTEGER NOT NULL,                  -- 0 once forgotten by the machine
        body    TEXT NOT NULL                      -- core::Approval as JSON, input by digest
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX approvals_at_hand ON approvals (id) WHERE at_hand = 1;
    CREATE TABLE sessions (
        id   TEXT PRIMARY KEY,
        body TEXT NOT NULL                         -- core::Session as JSON
    ) STRICT, WITHOUT ROWID;
    -- Effects that are still to be done, for each door that needs them done durably.
    CREATE TABLE outbox (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        door     TEXT NOT NULL,
        kind     TEXT NOT NULL,                    -- ask | settle
        approval TEXT NOT NULL
    ) STRICT;
    -- What a door must remember of an approval: its messages, its nonces.
    CREATE TABLE notes (
        door     TEXT NOT NULL,
        approval TEXT NOT NULL,
        slot     TEXT NOT NULL,
        body     TEXT NOT NULL,                    -- JSON of the door's own
        PRIMARY KEY (door, approval, slot)
    ) STRICT, WITHOUT ROWID;
    -- Single values: the audit log's head, a door's offset.
    CREATE TABLE facts (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    r"
    -- Notices come to the outbox: a task has a subject, and may have a body.
    CREATE TABLE tasks (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        door    TEXT NOT NULL,
        kind    TEXT NOT NULL,                     -- ask | settle | tell
        subject TEXT NOT NULL,                     -- an approval's id, or a notice's key
        body    TEXT                               -- core::Notice as JSON
    ) STRICT;
    INSERT INTO tasks (id, door, kind, subject) SELECT id, door, kind, approval FROM outbox;
    DROP TABLE outbox;
    ALTER TABLE tasks RENAME TO outbox;
    -- A later notice of the same key takes the place of one that was not sent yet.
    CREATE UNIQUE INDEX outbox_notices ON outbox (door, subject) WHERE kind = 'tell';
",
    r"
    -- Who waits to be let in, who was, and whether everything is shut: a read table.
    CREATE TABLE access (
        key  TEXT PRIMARY KEY,                     -- pairing:USER, principal:USER, locked
        body TEXT NOT NULL                         -- the core::Event that made it so, as JSON
    ) STRICT, WITHOUT ROWID;
",
];

/// A file this small is read through at every start; a larger one would cost the start too much.
const QUICK_CHECK_MAX_BYTES: u64 = 16 << 20;

const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Refuses a database that is not ours, is damaged, or is newer than this program.
pub(super) fn check(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let damaged = |why: String| StoreError::Damaged { path: path.to_owned(), why };
    if application != APPLICATION_ID && (tables > 0 || found > 0 || application != 0) {
        return Err(damaged("it is a database, but not one of pager's".to_owned()));
    }
    if found > KNOWN {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: KNOWN });
    }
    if fs::metadata(path).is_ok_and(|file| file.len() <= QUICK_CHECK_MAX_BYTES) {
        let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(damaged(format!("the database is damaged ({verdict})")));
        }
    }
    Ok(())
}

/// Brings the database to the newest schema, after a backup if there is something in it.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == KNOWN {
        return Ok(());
    }
    if found > 0 {
        back_up(db, &backup_path(path, found))?;
    }
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", KNOWN)?;
    transaction.commit()?;
    Ok(())
}

fn backup_path(path: &Path, schema: i64) -> PathBuf {
    path.with_extension(format!("schema-{schema}.db"))
}

fn back_up(db: &Connection, to: &Path) -> Result<(), StoreError> {
    // A backup of an earlier attempt at the same migration holds the same.
    if to.exists() {
        fs::remove_file(to).map_err(StoreError::io(to))?;
    }
    super::private_file(to)?;
    db.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o600)).map_err(StoreError::io(to))
}
