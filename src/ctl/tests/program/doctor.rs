use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::daemon::{Daemon, Ran, pagerctl, run};

/// What the doctor says of a home with this daemon.
fn doctor(daemon: &Daemon, home: &Path, arguments: &[&str]) -> Ran {
    let mut command = pagerctl();
    command.env("HOME", home).arg("--runtime-dir").arg(daemon.dir.path()).arg("doctor");
    command.arg("--state-dir").arg(daemon.dir.path().join("state")).current_dir(home);
    run(command.args(arguments))
}

/// What was first found of one thing: its status, and what was said.
fn finding<'a>(report: &'a Value, check: &str) -> (&'a str, &'a str) {
    let mut findings = report["checks"].as_array().unwrap().iter();
    let found = findings.find(|finding| finding["id"] == check).unwrap();
    (found["status"].as_str().unwrap(), found["text"].as_str().unwrap())
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
    assert_eq!(finding(&report_of_nothing, "configuration").0, "ok");
    assert_eq!(finding(&report_of_nothing, "policy").0, "ok");
    assert_eq!(finding(&report_of_nothing, "telegram").0, "warn");
    assert_eq!(finding(&report_of_nothing, "state-folder").0, "ok");
    assert_eq!(finding(&report_of_nothing, "database").0, "ok");
    assert_eq!(finding(&report_of_nothing, "audit").0, "ok");
    // The daemon of the tests says that it is another release.
    let (status, text) = finding(&report_of_nothing, "daemon");
    assert_eq!(status, "warn");
    assert!(text.starts_with("pagerd is 1.2.3, pagerctl is "), "{text}");

    // What it runs with, and no file here says.
    let told = report_of_nothing["checks"].as_array().unwrap().iter();
    let told = told.filter(|found| found["text"] == "everybody may write to the bot");
    assert_eq!(told.count(), 1);

    // Nor can it be asked here, for the daemon has its token by a credential.
    let (status, text) = finding(&report_of_nothing, "bot");
    assert!(status == "ok" && text.starts_with("not asked"), "{text}");

    // A folder of Claude Code's, in which nothing is wired.
    fs::create_dir(home.path().join(".claude")).unwrap();
    write(&config.join("policy.toml"), "[[rule]]\nverdict = \"perhaps\"\n");
    write(&config.join("token"), "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_\n");
    fs::set_permissions(config.join("token"), Permissions::from_mode(0o644)).unwrap();
    write(&config.join("pager.toml"), "[telegram]\ntoken_file = \"token\"\nallowed_users = [1]\n");
    let ran = doctor(&daemon, home.path(), &["--json"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    let broken = report(&ran);
    assert_eq!(broken["ok"], false);
    assert_eq!(finding(&broken, "hooks").0, "fail");
    let (status, text) = finding(&broken, "policy");
    assert_eq!(status, "fail");
    assert!(text.contains("policy.toml:2:11"), "{text}");
    let (status, text) = finding(&broken, "token");
    assert_eq!(status, "fail");
    assert!(text.ends_with("has the mode 0644"), "{text}");

    let shown = doctor(&daemon, home.path(), &[]);
    assert_eq!((shown.status, shown.err.as_str()), (1, ""), "{shown:?}");
    for part in ["✓ Configuration: ", "✗ Policy: ", "! Daemon: ", "    → ", " failures."] {
        assert!(shown.out.contains(part), "{part} is missing from:\n{}", shown.out);
    }
    assert!(!shown.out.contains("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"), "{}", shown.out);
}

#[test]
fn checks_are_chosen_listed_and_mended() {
    let daemon = Daemon::start();
    let home = tempfile::tempdir().unwrap();
    let listed = doctor(&daemon, home.path(), &["--list", "--json", "token", "voice"]).json();
    assert_eq!(listed[0]["id"], "token");
    assert_eq!(listed[1]["group"], "Host");
    let unknown = doctor(&daemon, home.path(), &["tokn"]);
    assert_eq!(unknown.status, 2, "{unknown:?}");
    assert!(unknown.err.contains("did you mean token?"), "{unknown:?}");

    let state = daemon.dir.path().join("state");
    fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
    let open = doctor(&daemon, home.path(), &["state-folder", "--json"]);
    assert_eq!(open.status, 1, "{open:?}");
    let mode = || fs::metadata(&state).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(), 0o755, "nothing is changed unasked");
    let unasked = doctor(&daemon, home.path(), &["state-folder", "--fix"]);
    assert_eq!((unasked.status, mode()), (2, 0o755), "{unasked:?}");
    let mended = doctor(&daemon, home.path(), &["state-folder", "--fix", "--yes"]);
    assert_eq!((mended.status, mode()), (0, 0o700), "{mended:?}");
    for part in ["To be done:", "was 0755 and is 0700"] {
        assert!(mended.err.contains(part), "{mended:?}");
    }
    let again = doctor(&daemon, home.path(), &["state-folder", "--fix", "--yes"]);
    assert!(again.err.contains("nothing that --fix mends"), "{again:?}");

    let doubtful = ["daemon", "--strict"];
    assert_eq!(doctor(&daemon, home.path(), &doubtful[..1]).status, 0);
    assert_eq!(doctor(&daemon, home.path(), &doubtful).status, 1, "a warning counts");
}
