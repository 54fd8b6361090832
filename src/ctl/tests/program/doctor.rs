use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::daemon::{Daemon, Ran, pagerctl, run};

/// What the doctor says of a home with this daemon.
fn doctor(daemon: &Daemon, home: &Path, arguments: &[&str]) -> Ran {
    let mut command = pagerctl();
    command.env("HOME", home).arg("--runtime-dir").arg(daemon.dir.path()).arg("doctor");
    run(command.args(arguments))
}

/// What was found of one thing: its state, and what was said.
fn finding<'a>(report: &'a Value, check: &str) -> (&'a str, &'a str) {
    let mut findings = report["findings"].as_array().unwrap().iter();
    let found = findings.find(|finding| finding["check"] == check).unwrap();
    (found["state"].as_str().unwrap(), found["text"].as_str().unwrap())
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn each_thing_that_is_wrong_is_named_with_what_to_do() {
    let daemon = Daemon::start();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join(".config/pager");
    let report = |ran: &Ran| serde_json::from_str::<Value>(&ran.out).unwrap();

    let untouched = doctor(&daemon, home.path(), &["--json"]);
    let report_of_nothing = report(&untouched);
    assert_eq!(untouched.status, 1, "Claude Code is not wired: {untouched:?}");
    assert_eq!(report_of_nothing["ok"], false);
    assert_eq!(finding(&report_of_nothing, "configuration").0, "ok");
    assert_eq!(finding(&report_of_nothing, "policy").0, "ok");
    assert_eq!(finding(&report_of_nothing, "Claude Code").0, "problem");
    assert_eq!(finding(&report_of_nothing, "Telegram").0, "warning");
    // The daemon of the tests says that it is another release.
    let (state, text) = finding(&report_of_nothing, "daemon");
    assert_eq!(state, "warning");
    assert!(text.starts_with("pagerd is 1.2.3, pagerctl is "), "{text}");

    // What it runs with, and no file here says.
    let told = report_of_nothing["findings"].as_array().unwrap().iter();
    let told = told.filter(|found| found["text"] == "everybody may write to the bot");
    assert_eq!(told.count(), 1);

    write(&config.join("policy.toml"), "[[rule]]\nverdict = \"perhaps\"\n");
    write(&config.join("token"), "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_\n");
    fs::set_permissions(config.join("token"), Permissions::from_mode(0o644)).unwrap();
    write(&config.join("pager.toml"), "[telegram]\ntoken_file = \"token\"\nallowed_users = [1]\n");
    let broken = report(&doctor(&daemon, home.path(), &["--json"]));
    let (state, text) = finding(&broken, "policy");
    assert_eq!(state, "problem");
    assert!(text.contains("policy.toml:2:11"), "{text}");
    let (state, text) = finding(&broken, "token");
    assert_eq!(state, "problem");
    assert!(text.contains("chmod 600"), "{text}");

    let shown = doctor(&daemon, home.path(), &[]);
    assert_eq!((shown.status, shown.err.as_str()), (1, ""), "{shown:?}");
    for part in ["✓ configuration: ", "✗ policy: ", "! daemon: ", "    → ", " problems, "] {
        assert!(shown.out.contains(part), "{part} is missing from:\n{}", shown.out);
    }
    assert!(!shown.out.contains("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"), "{}", shown.out);
}
