//! The database: whole, and of a release that is known here. It is only read.

use std::path::Path;

use rusqlite::Connection;

use crate::audit::open_database;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;

pub(super) static CHECK: Check =
    Check { id: "database", title: "Database", group: Group::State, look: Look::Here(look) };

/// The newest schema that a daemon of this release writes.
const SCHEMA: i64 = 3;
pub(super) const FILE: &str = "pager.db";

/// What is read of it.
#[derive(Debug, Clone)]
struct Facts {
    schema: i64,
    verdict: String,
}

fn look(scene: &Scene) -> Found {
    let path = scene.state_dir()?.join(FILE);
    if !path.exists() {
        return Ok(vec![Finding::ok("there is none yet")]);
    }
    Ok(judge(read(&path).map_err(|error| error.to_string()), &shown(&path)))
}

fn read(path: &Path) -> rusqlite::Result<Facts> {
    let db: Connection = open_database(path)?;
    Ok(Facts {
        schema: db.pragma_query_value(None, "user_version", |row| row.get(0))?,
        verdict: db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?,
    })
}

fn judge(read: Result<Facts, String>, path: &str) -> Vec<Finding> {
    const ANEW: &str = "systemctl --user stop pager.socket pager.service, and move the folder of \
                        the state away: the next start begins with an empty one";
    vec![match read {
        Err(why) => Finding::fail(format!("{path} cannot be read: {why}"))
            .means("The daemon does not start with it, or decides nothing.")
            .fix(ANEW),
        Ok(facts) if facts.schema > SCHEMA => Finding::fail(format!(
            "{path} was written by a newer pager (schema {}, this one knows {SCHEMA})",
            facts.schema
        ))
        .means("A daemon of this release leaves it alone, and does not start.")
        .fix("install the newer release again"),
        Ok(facts) if facts.verdict != "ok" => {
            Finding::fail(format!("{path} is damaged: {}", facts.verdict))
                .means("What waits may be lost. The audit log is a file of its own.")
                .fix(ANEW)
        }
        Ok(facts) if facts.schema < SCHEMA => Finding::ok(format!(
            "whole; schema {}, which the next start brings to {SCHEMA}",
            facts.schema
        )),
        Ok(facts) => Finding::ok(format!("whole; schema {}", facts.schema)),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn the_schema_is_the_daemons() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(
            folder.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o700),
        )
        .unwrap();
        drop(pagerd::store::Store::open(folder.path()).unwrap());
        let facts = read(&folder.path().join(FILE)).unwrap();
        assert_eq!((facts.schema, facts.verdict.as_str()), (SCHEMA, "ok"));
    }

    #[test]
    fn one_that_cannot_be_used_fails() {
        let status = |schema, verdict: &str| {
            judge(Ok(Facts { schema, verdict: verdict.to_owned() }), "/pager.db")[0].status
        };
        assert_eq!(status(SCHEMA, "ok"), Status::Ok);
        assert_eq!(status(SCHEMA - 1, "ok"), Status::Ok);
        assert_eq!(status(SCHEMA + 1, "ok"), Status::Fail);
        assert_eq!(status(SCHEMA, "row 7 missing"), Status::Fail);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "not a database, but long enough to be one").unwrap();
        let broken = read(file.path()).map_err(|error| error.to_string());
        assert_eq!(judge(broken, "/pager.db")[0].status, Status::Fail);
    }
}
