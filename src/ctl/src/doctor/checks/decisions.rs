//! Whether each decision in the database is in the audit log as well: who can write the one need not
//! be able to write the other.

use std::collections::BTreeSet;
use std::path::Path;

use super::audit::FILE;
use super::database;
use crate::audit::{Log, Wanted, open_database};
use crate::doctor::report::{Finding, Group, counted};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;

pub(super) static CHECK: Check =
    Check { id: "decisions", title: "Decisions", group: Group::State, look: Look::Here(look) };

/// So many are looked at: it is the last ones that matter.
const MOST: usize = 5000;
/// How many are named.
const SHOWN: usize = 3;

fn look(scene: &Scene) -> Found {
    let folder = scene.state_dir()?;
    let (db, log) = (folder.join(database::FILE), folder.join(FILE));
    if !db.exists() || !log.exists() {
        return Ok(Vec::new());
    }
    // First: a record is written before its decision is.
    let decided = decided(&db)
        .map_err(|error| Failure::failed(format!("the database cannot be read: {error}")))?;
    let written = written(&log)?;
    Ok(judge(&decided, &written))
}

fn decided(db: &Path) -> rusqlite::Result<Vec<String>> {
    let db = open_database(db)?;
    let mut found = db.prepare(
        "SELECT id FROM approvals WHERE state IN ('allowed', 'denied', 'answered') LIMIT ?1",
    )?;
    let ids = found.query_map([MOST], |row| row.get(0))?;
    ids.collect()
}

fn written(log: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut written = BTreeSet::new();
    let actions = ["allow", "allow_always", "deny", "answer"].map(str::to_owned).into();
    let wanted = Wanted { actions, ..Wanted::default() };
    let read = wanted.each(&Log::find(log)?, |record, _| {
        written.extend(record.approval.clone());
        Ok(())
    });
    read.map_err(|error| Failure::failed(format!("the audit log cannot be read: {error}")))?;
    Ok(written)
}

fn judge(decided: &[String], written: &BTreeSet<String>) -> Vec<Finding> {
    let missing: Vec<_> = decided.iter().filter(|id| !written.contains(*id)).collect();
    if missing.is_empty() {
        let decided = counted(decided.len(), "decision");
        return vec![Finding::ok(format!("{decided} in the database, each in the audit log"))];
    }
    let mut shown: Vec<_> =
        missing.iter().take(SHOWN).map(|id| id.chars().take(8).collect::<String>()).collect();
    if missing.len() > SHOWN {
        shown.push(format!("{} more", missing.len() - SHOWN));
    }
    vec![
        Finding::fail(format!(
            "{} in the database, and not in the audit log: {}",
            counted(missing.len(), "decision"),
            shown.join(", ")
        ))
        .means("Records are missing from the log, or somebody wrote into the database.")
        .fix("pagerctl audit verify"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_decision_without_its_record_fails() {
        let id = |letter: &str| letter.repeat(32);
        let decided = [id("a"), id("b")];
        let all = BTreeSet::from(decided.clone());
        assert_eq!(judge(&decided, &all)[0].status, Status::Ok);
        let one = judge(&decided, &BTreeSet::from([id("a")])).remove(0);
        assert_eq!(one.status, Status::Fail);
        assert!(one.text.ends_with(": bbbbbbbb"), "{}", one.text);
    }
}
