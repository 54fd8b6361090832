//! `pagerctl panic`: everything is shut, and opened again on purpose.

use std::path::Path;

use pager_core::approval::Kind;

use crate::daemon::{Daemon, pagerctl, run};

#[test]
fn everything_is_shut_and_opened_again_on_purpose() {
    let mut daemon = Daemon::start();
    let id = daemon.ask(Kind::Permission, "Bash", r#"{"command":"sleep 1"}"#).to_string();
    let shut = daemon.ctl(&["panic", "--reason", "the phone is gone"]);
    assert_eq!(shut.status, 0, "{}", shut.err);
    for said in ["Everything from outside is shut.", "Evidence:", "@BotFather", "panic --end"] {
        assert!(shut.out.contains(said), "{said}: {}", shut.out);
    }
    let evidence = shut.out.lines().find(|line| line.contains("/evidence/")).unwrap().trim();
    let approvals = std::fs::read_to_string(Path::new(evidence).join("approvals.json")).unwrap();
    assert!(approvals.contains(&id) && approvals.contains("cancelled"), "{approvals}");

    assert_eq!(daemon.ctl(&["approve", &id]).status, 3);
    let status = daemon.ctl(&["status"]).out;
    assert!(status.contains("Everything from outside is shut since"), "{status}");
    assert!(daemon.ctl(&[]).out.contains("To open it: pagerctl panic --end"));

    let unasked = daemon.ctl(&["panic", "--end"]);
    assert_eq!(unasked.status, 2, "{}", unasked.err);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    assert_eq!(daemon.ctl(&["panic", "--end", "--yes"]).status, 0);
    assert_eq!(daemon.ctl(&["panic", "--end", "--yes"]).status, 3);
    assert!(!daemon.ctl(&["status"]).out.contains("shut since"));
}

#[test]
fn a_token_that_is_a_credential_is_not_replaced_by_a_file_that_nobody_reads() {
    let daemon = Daemon::start();
    let status = daemon.ctl(&["status"]).out;
    assert!(status.contains("Token: systemd's credential telegram-token"), "{status}");
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("pager.toml");
    std::fs::write(&config, "[telegram]\ntoken_file = \"token\"\n").unwrap();
    let ran = daemon.ctl(&["rotate-token", "--config", config.to_str().unwrap()]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(
        ran.err.contains("systemd's credential") && ran.err.contains("LoadCredential="),
        "{ran:?}"
    );
    assert!(!dir.path().join("token").exists());
}

#[test]
fn without_a_daemon_it_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(pagerctl().arg("--runtime-dir").arg(dir.path()).arg("panic"));
    assert_eq!(ran.status, 69);
    assert!(ran.err.contains("systemctl --user mask --now"), "{}", ran.err);
}
