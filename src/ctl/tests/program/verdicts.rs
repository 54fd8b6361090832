use pager_core::approval::Kind;
use pager_core::{State, Verdict};

use crate::daemon::{Daemon, pagerctl, run};

#[test]
fn verdicts_reach_the_engine_under_the_persons_name() {
    let mut daemon = Daemon::start();
    let allowed = daemon.ask(Kind::Permission, "Bash", r#"{"command":"ls"}"#);
    let ran = daemon.ctl(&["approve", &allowed.to_string()[..12]]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    let resolution = daemon.resolution(allowed).unwrap();
    assert_eq!((resolution.state, resolution.verdict), (State::Allowed, Some(Verdict::Allow)));
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(resolution.by.to_string(), format!("dbus:{uid}/pagerctl"));

    let denied = daemon.ask(Kind::Permission, "Bash", "{}");
    let ran = daemon.ctl_over_bus(&["deny", &denied.to_string(), "-m", "not on production"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let resolution = daemon.resolution(denied).unwrap();
    assert_eq!(resolution.verdict, Some(Verdict::deny("not on production")));
    assert_eq!(resolution.by.to_string(), format!("dbus:{uid}/pagerctl"));

    let always = daemon.ask_always(Kind::Permission, "Bash", "{}", Some("Bash(ls:*)"));
    let ran = daemon.ctl(&["approve", "--always", "--json", &always.to_string()]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("granted for good:\n    Bash(ls:*)\n"), "{ran:?}");
    assert!(daemon.resolution(always).is_none(), "nobody was asked once more");
    let ran = daemon.ctl(&["approve", "--always", "--yes", "--json", &always.to_string()]);
    assert_eq!(ran.json()["verdict"], "allow_always");
    assert_eq!(daemon.resolution(always).unwrap().verdict, Some(Verdict::AllowAlways));

    let stopped = daemon.ask(Kind::Permission, "Bash", "{}");
    let ran = daemon.ctl(&["deny", "--stop", &stopped.to_string(), "-m", "enough"]);
    assert_eq!(ran.out, format!("Denied and stopped {stopped}\n"));
    let stop = Verdict::Deny { reason: "enough".to_owned(), interrupt: true };
    assert_eq!(daemon.resolution(stopped).unwrap().verdict, Some(stop));

    let plan = daemon.ask(Kind::Plan, "ExitPlanMode", r#"{"plan":"Rewrite it"}"#);
    assert_eq!(daemon.ctl(&["approve", "--accept-edits", &plan.to_string()]).status, 0);
    assert_eq!(daemon.resolution(plan).unwrap().verdict, Some(Verdict::AllowEdits));

    let quiet = daemon.ask(Kind::Permission, "Bash", "{}");
    let ran = daemon.ctl(&["deny", "-q", &quiet.to_string()]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
}

#[test]
fn questions_are_answered_by_their_label() {
    let mut daemon = Daemon::start();
    let input = r#"{"questions":[{"question":"Which way?","header":"Way","options":
        [{"label":"left","description":""}],"multiSelect":false}]}"#;
    let id = daemon.ask(Kind::Question, "AskUserQuestion", input).to_string();
    let unsaid = daemon.ctl(&["answer", &id]);
    assert!(unsaid.status == 2 && unsaid.err.contains("--answer"), "{unsaid:?}");
    let twice = daemon.ctl(&["answer", &id, "-a", "left", "-a", "right"]);
    assert_eq!(twice.status, 2, "{twice:?}");
    assert_eq!(daemon.ctl(&["approve", &id]).status, 1);
    let ran = daemon.ctl(&["answer", &id, "--answer", "Way=left"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let resolution = daemon.resolution(id.parse().unwrap()).unwrap();
    let Some(Verdict::Answer { answers }) = resolution.verdict else { panic!() };
    assert_eq!(answers["Which way?"], ["left"]);
    assert_eq!(daemon.ctl(&["answer", &id, "--answer", "left"]).status, 3);
}

#[test]
fn the_exit_status_says_why_not() {
    let mut daemon = Daemon::start();
    let id = daemon.ask(Kind::Permission, "Bash", "{}").to_string();
    assert_eq!(daemon.ctl(&["approve", "--always", &id]).status, 1);
    assert_eq!(daemon.ctl(&["deny", &id]).status, 0);
    for verb in ["approve", "deny"] {
        let late = daemon.ctl(&[verb, &id[..6]]);
        assert_eq!((late.status, late.out.as_str()), (3, ""), "{late:?}");
        assert!(late.err.starts_with("pagerctl: already denied with pagerctl at "), "{late:?}");
    }
    let unknown = "f".repeat(32);
    for args in [["approve", &unknown], ["show", &unknown], ["deny", "xyz"], ["show", "xyz"]] {
        let ran = daemon.ctl(&args);
        assert_eq!(ran.status, 4, "{ran:?}");
        assert!(ran.err.contains("there is no approval"), "{ran:?}");
        assert!(ran.err.contains("\nhint: "), "{ran:?}");
    }
    for args in [&["approve"][..], &["frobnicate"], &["list", "--frob"], &["approve", "1", "-y"]] {
        assert_eq!(run(pagerctl().args(args)).status, 2);
    }
}

#[test]
fn a_paused_session_is_resumed_by_its_name() {
    let mut daemon = Daemon::start();
    assert_eq!(daemon.ctl(&["resume", "webshop"]).status, 4);
    for _ in 0..5 {
        let id = daemon.ask(Kind::Permission, "Bash", "{}").to_string();
        assert_eq!(daemon.ctl(&["deny", &id]).status, 0);
    }
    let sessions = daemon.ctl(&["sessions"]).out;
    assert!(
        sessions.lines().nth(1).unwrap().starts_with("6f0f5d50  paused  webshop"),
        "{sessions}"
    );
    let ran = daemon.ctl(&["resume", "webshop"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "webshop may ask again\n"), "{ran:?}");
    assert_eq!(daemon.ctl(&["resume", "6f0f"]).status, 3, "it is not paused any more");
}
