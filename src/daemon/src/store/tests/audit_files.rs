//! The audit log over more than one file, and after everything that can happen to a file.

use std::cell::Cell;
use std::io;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::faults::{self, Point};

/// The files of the log in their order.
fn files(dir: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let full = |path: &PathBuf| {
        audit::first_in_rotated("audit", path.file_name().unwrap().to_str().unwrap()).is_some()
    };
    let mut files: Vec<_> = names.filter(full).collect();
    files.sort();
    files.push(dir.join(AUDIT_LOG));
    files
}

/// The events of the whole log, which is proven to be one chain from its first record.
fn whole(dir: &Path) -> Vec<String> {
    let mut head = Head::default();
    let mut events = Vec::new();
    for file in files(dir) {
        for line in fs::read_to_string(file).unwrap().lines() {
            head = audit::verify(&head, line).unwrap();
            events.push(audit::Entry::read(line.as_bytes()).unwrap().event.into_owned());
        }
    }
    events
}

/// A log that goes on in a second file after two records.
fn rotated(dir: &Path) -> Pair {
    let mut pair = Pair::open(dir);
    for n in [1, 2] {
        let id = pair.ask(n);
        pair.store.rotate_audit_at(if n == 2 { 1 } else { 1 << 20 });
        pair.deny(id);
    }
    pair.store.rotate_audit_at(1 << 20);
    pair
}

const ROTATED: [&str; 4] =
    ["approval.resolved", "approval.resolved", "log.rotated", "log.continued"];

#[test]
fn a_full_file_is_followed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = rotated(dir.path());
    assert_eq!(whole(dir.path()), ROTATED);
    let full = dir.path().join("audit-000000000001.jsonl");
    assert_eq!(files(dir.path()), [full.clone(), dir.path().join(AUDIT_LOG)]);
    assert_eq!(fs::metadata(full).unwrap().permissions().mode() & 0o777, 0o600);
    let id = pair.ask(3);
    pair.deny(id);
    drop(pair);
    let mut pair = Pair::open(dir.path());
    let id = pair.ask(4);
    pair.store.rotate_audit_at(1);
    pair.deny(id);
    assert_eq!(whole(dir.path())[4..], ["approval.resolved", ROTATED[1], ROTATED[2], ROTATED[3]]);
    assert_eq!(files(dir.path())[1], dir.path().join("audit-000000000004.jsonl"));
}

#[test]
fn the_record_of_an_approval_can_be_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let id = pair.ask(1);
    assert_eq!(pair.store.evidence(&id).unwrap(), None);
    pair.deny(id);
    assert_eq!(pair.store.evidence(&id).unwrap(), Some(chain(dir.path()).1));
}

#[test]
fn a_rotation_that_a_crash_cut_short_is_finished() {
    // What each crash leaves of the full file, the new one and the log's name.
    type Crash = fn(full: &Path, log: &Path);
    let crashes: [(&str, Crash); 5] = [
        ("before the old file has its own name", |full, log| {
            fs::rename(log, log.with_extension("jsonl.new")).unwrap();
            fs::rename(full, log).unwrap();
        }),
        ("while it has both names", |full, log| {
            fs::rename(log, log.with_extension("jsonl.new")).unwrap();
            fs::hard_link(full, log).unwrap();
        }),
        ("while the new file is half written", |full, log| {
            fs::write(log.with_extension("jsonl.new"), "{\"se").unwrap();
            fs::rename(full, log).unwrap();
        }),
        ("after all but the database", |_, _| {}),
        ("with the new file lost", |_, log| fs::remove_file(log).unwrap()),
    ];
    for (when, crash) in crashes {
        let dir = tempfile::tempdir().unwrap();
        let pair = rotated(dir.path());
        let before = chain_of(&dir.path().join("audit-000000000001.jsonl"), 2);
        write::set_audit_head(&pair.store.db, &before).unwrap();
        drop(pair);
        let log = dir.path().join(AUDIT_LOG);
        crash(&dir.path().join("audit-000000000001.jsonl"), &log);

        let mut pair = Pair::open(dir.path());
        assert_eq!(whole(dir.path()), ROTATED, "{when}");
        assert!(!log.with_extension("jsonl.new").exists(), "{when}");
        let id = pair.ask(3);
        pair.deny(id);
        drop(pair);
        drop(Pair::open(dir.path()));
        assert_eq!(whole(dir.path()).len(), 5, "{when}");
    }
}

/// The head after so many records of a file.
fn chain_of(file: &Path, records: usize) -> Head {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .take(records)
        .fold(Head::default(), |head, line| audit::verify(&head, line).unwrap())
}

#[test]
fn a_rotation_that_cannot_be_done_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("audit-000000000001.jsonl")).unwrap();
    let mut pair = Pair::open(dir.path());
    pair.store.rotate_audit_at(1);
    for n in [1, 2] {
        let id = pair.ask(n);
        pair.deny(id);
    }
    assert_eq!(chain(dir.path()).0.len(), 2);
    assert!(!dir.path().join("audit.jsonl.new").exists());
}

#[test]
fn a_log_that_is_gone_is_told_of_and_a_new_one_begun() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let id = pair.ask(1);
    pair.deny(id);
    drop(pair);
    let log = dir.path().join(AUDIT_LOG);
    fs::remove_file(&log).unwrap();
    drop(Pair::open(dir.path()));
    let text = fs::read_to_string(log).unwrap();
    assert!(text.starts_with(r#"{"seq":2,"#) && text.contains("was gone"), "{text}");
}

#[test]
fn a_new_database_does_not_break_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    drop(rotated(dir.path()));
    fs::remove_file(dir.path().join(DATABASE)).unwrap();
    drop(Pair::open(dir.path()));
    assert_eq!(whole(dir.path())[4..], ["log.kept"]);
}

#[test]
fn what_cannot_be_this_daemons_alone_is_not_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join(AUDIT_LOG);
    let elsewhere = dir.path().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    symlink(&elsewhere, &log).unwrap();
    let refused = |dir: &Path| Store::open(dir).unwrap_err().to_string();
    assert!(refused(dir.path()).contains("audit.jsonl"), "{}", refused(dir.path()));
    fs::remove_file(&log).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &log, rustix::fs::Mode::RWXU).unwrap();
    assert!(refused(dir.path()).contains("regular file"), "{}", refused(dir.path()));
    fs::remove_file(&log).unwrap();
    let held = fs::File::create(&log).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(refused(dir.path()).contains("another program"), "{}", refused(dir.path()));
    drop(held);
    drop(Store::open(dir.path()).unwrap());
    let mode = fs::metadata(&log).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "though it was made with other modes");
}

#[test]
fn a_crash_within_a_great_commit_is_still_understood() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let id = pair.ask(1);
    pair.deny(id);
    let (_, mut head) = chain(dir.path());
    drop(pair);
    // More than is looked at first.
    let log = dir.path().join(AUDIT_LOG);
    let mut text = fs::read_to_string(&log).unwrap();
    for n in 0..900 {
        let kind = audit::Note { event: "approval.resolved", action: "expire" };
        let record = audit::note(&head, Timestamp::UNIX_EPOCH, kind, n.to_string());
        let line = audit::write(&record).unwrap();
        text.push_str(&line.text);
        text.push('\n');
        head = line.head;
    }
    assert!(text.len() > 300_000);
    fs::write(&log, text).unwrap();
    drop(Pair::open(dir.path()));
    let events = whole(dir.path());
    assert_eq!(events.iter().filter(|event| *event == "record.void").count(), 900);
    assert!(!events.contains(&"log.replaced".to_owned()));
}

thread_local! {
    /// The point at which the disk of this thread's test fails.
    static BROKEN: Cell<Option<Point>> = const { Cell::new(None) };
}

#[test]
fn what_could_not_be_taken_back_is_before_anything_else_is_written() {
    faults::arm(|point| {
        if BROKEN.get() == Some(point) { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    });
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let [first, second, third] = [1, 2, 3].map(|n| pair.ask(n));
    pair.deny(first);
    let length = || fs::metadata(dir.path().join(AUDIT_LOG)).unwrap().len();
    let sound = length();

    pair.store.set_query_only(true).unwrap();
    BROKEN.set(Some(Point::Undo));
    assert!(pair.try_deny(second).is_err());
    pair.store.set_query_only(false).unwrap();
    let overlong = length();
    assert!(overlong > sound, "a record of what did not come to pass is left");

    // Until it is taken back, nothing is decided.
    let error = pair.try_deny(third).unwrap_err();
    assert!(error.to_string().contains("audit.jsonl"), "{error}");
    assert_eq!(length(), overlong);

    BROKEN.set(None);
    pair.deny(third);
    pair.deny(second);
    assert_eq!(whole(dir.path()), ["approval.resolved"; 3]);
    drop(pair);
    drop(Pair::open(dir.path()));
    assert_eq!(whole(dir.path()).len(), 3, "nothing is found amiss at the next start");
}
