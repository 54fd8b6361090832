//! What the daemon writes, and who may.

use super::*;

#[test]
fn a_log_can_be_verified_while_it_is_written() {
    let daemon = small_files();
    ask_and_deny(&daemon, "first", 9);
    let verify = || {
        let output = daemon.ctl(&["audit", "verify", "state", "--json"]).unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(output.status.success(), "{report:#}");
        (report["records"].as_u64().unwrap(), report["witnesses"][0]["seq"].as_u64().unwrap())
    };
    assert_eq!(verify(), (11, 11));
    ask_and_deny(&daemon, "second", 1);
    assert_eq!(verify(), (12, 12));
}

#[test]
fn a_crash_tears_no_hole() {
    let mut daemon = small_files();
    ask_and_deny(&daemon, "first", 9);
    daemon.crash_and_restart().unwrap();
    ask_and_deny(&daemon, "second", 9);
    let output = daemon.ctl(&["audit", "verify", "state"]).unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_second_daemon_is_refused_in_clear_words() {
    let daemon = small_files();
    let output = Command::new(program("pagerd"))
        .env_clear()
        .env("HOME", daemon.path(""))
        .current_dir(daemon.path(""))
        .args(["--config", "pager.toml", "--state-dir", "state", "--runtime-dir", "other"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("another pagerd uses this state folder"), "{said}");
}
