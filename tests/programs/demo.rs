//! `pagerctl demo`, as a newcomer runs it: no bus, no systemd, no Telegram, and nothing left behind.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pager_tests::closed::program;
use pager_tests::pty::Terminal;
use rustix::process::Signal;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn closed(command: &mut Command, place: &Path) {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TMPDIR", place).current_dir(place);
}

fn demo(place: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("pagerctl"));
    closed(&mut command, place);
    command.arg("demo").args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// What a demo that went well has printed.
fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    assert_eq!(errors, "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Neither a file nor a process of a demo in this place is left.
fn assert_nothing_left(place: &Path) {
    let left: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
    let name = place.to_str().unwrap();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        assert!(!command.contains(name), "still runs: {command}");
    }
}

fn audit_line(text: &str) -> &str {
    text.lines().find(|line| line.starts_with("{\"seq\":")).expect("the line of the audit log")
}

#[test]
fn an_allow_reaches_the_agent_and_the_audit_log() {
    let place = tempfile::tempdir().unwrap();
    let text = printed(&demo(place.path(), &["--answer", "allow"]));
    assert!(text.contains("touch made && curl -s http://127.0.0.1:9 ; echo ok"), "{text}");
    assert!(text.contains("\"behavior\": \"allow\""), "{text}");

    let line = audit_line(&text);
    let record: Value = serde_json::from_str(line).unwrap();
    assert_eq!(record["action"], "allow");
    let by = record["by"].as_str().unwrap();
    assert!(by.starts_with("dbus:") && by.ends_with("/pagerctl"), "{by}");
    assert_eq!(record["prev_hash"], "0".repeat(64));
    // As the manual page tells a stranger to do it.
    let (content, hash) = line.split_once(",\"hash\":\"").unwrap();
    let digest = Sha256::digest(format!("{content}}}"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(format!("{digest}\"}}"), hash);
    assert_nothing_left(place.path());
}

#[test]
fn a_deny_tells_the_agent_why() {
    let place = tempfile::tempdir().unwrap();
    let text = printed(&demo(place.path(), &["--answer", "deny"]));
    assert!(text.contains("\"behavior\": \"deny\""), "{text}");
    assert!(text.contains("\"message\": \""), "{text}");
    assert!(audit_line(&text).contains("\"action\":\"deny\""));
    assert_nothing_left(place.path());
}

#[test]
fn it_fits_a_narrow_terminal_and_has_no_colour_in_a_pipe() {
    let place = tempfile::tempdir().unwrap();
    let text = printed(&demo(place.path(), &["--answer", "allow"]));
    assert!(!text.contains('\u{1b}'));
    let ours = text.lines().filter(|line| line.starts_with("   ") && !line.contains('/'));
    for line in ours {
        assert!(line.chars().count() <= 60, "{line:?}");
    }
}

#[test]
fn where_nobody_can_answer_it_says_so_and_starts_nothing() {
    let place = tempfile::tempdir().unwrap();
    let output = demo(place.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("--answer allow"), "{errors}");
    assert!(output.stdout.is_empty());
    assert_nothing_left(place.path());
}

#[test]
fn the_folder_can_be_kept() {
    let place = tempfile::tempdir().unwrap();
    let text = printed(&demo(place.path(), &["--answer", "allow", "--keep"]));
    let kept = fs::read_dir(place.path()).unwrap().next().unwrap().unwrap().path();
    assert!(text.contains(kept.to_str().unwrap()), "{text}");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o700);
    let log = fs::read_to_string(kept.join("state/audit.jsonl")).unwrap();
    assert_eq!(log.lines().next(), Some(audit_line(&text)));
}

#[test]
fn a_person_answers_at_the_terminal() {
    let place = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(&program("pagerctl"), |command| {
        closed(command, place.path());
        command.arg("demo");
    })
    .unwrap();
    terminal.expect("[a]llow or [d]eny? ").unwrap();
    terminal.send("what\n").unwrap();
    terminal.expect("[a]llow or [d]eny? ").unwrap();
    terminal.send("d\n").unwrap();
    let (status, screen) = terminal.end().unwrap();
    assert!(status.success(), "{screen}");
    assert!(screen.contains("\"behavior\": \"deny\""), "{screen}");
    assert_nothing_left(place.path());
}

#[test]
fn ctrl_c_and_the_end_of_the_input_leave_nothing_behind() {
    let ended_by = [("\u{3}", (None, Some(Signal::INT.as_raw()))), ("\u{4}", (Some(1), None))];
    for (key, how) in ended_by {
        let place = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::start(&program("pagerctl"), |command| {
            closed(command, place.path());
            command.arg("demo");
        })
        .unwrap();
        terminal.expect("[a]llow or [d]eny? ").unwrap();
        assert!(fs::read_dir(place.path()).unwrap().next().is_some());
        terminal.send(key).unwrap();
        let (status, screen) = terminal.end().unwrap();
        assert_eq!((status.code(), status.signal()), how, "{status}: {screen}");
        assert_nothing_left(place.path());
    }
}
