//! A yes that it takes two people for.

use pager_core::State;
use pager_core::approval::Kind;

use crate::daemon::Daemon;

#[test]
fn a_first_yes_waits_for_a_second_and_every_verb_says_so() {
    let mut daemon = Daemon::start_needing(2);
    let id = daemon.ask(Kind::Permission, "Bash", r#"{"command":"make deploy"}"#);
    let text = id.to_string();
    let show = daemon.ctl(&["show", &text]).out;
    assert!(show.contains("\nIt takes a yes from 2 different people.\n"), "{show}");
    let list = daemon.ctl(&["list"]).out;
    assert!(list.contains("  Bash, 0 of 2  make deploy"), "{list}");

    let ran = daemon.ctl(&["approve", &text[..8]]);
    let counted = "Your yes is 1 of 2: it waits for somebody else's.\n";
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, counted, ""));
    assert!(daemon.resolution(id).is_none());
    let show = daemon.ctl(&["show", &text]).out;
    let waits = "\n1 of 2: yes with pagerctl. It waits for a second person.\n";
    assert!(show.contains(waits) && show.contains("State: pending for "), "{show}");
    let list = daemon.ctl(&["list"]).out;
    assert!(list.contains("  Bash, 1 of 2  make deploy"), "{list}");
    let rows = daemon.ctl(&["list", "--json"]).json();
    let uid = rustix::process::geteuid().as_raw();
    let by = format!("dbus:{uid}/pagerctl");
    assert_eq!((&rows[0]["needed"], &rows[0]["yeses"]), (&2.into(), &[by.as_str()].into()));

    let again = daemon.ctl_over_bus(&["approve", &text]);
    let why = "pagerctl: you have said yes already: now somebody else has to\n";
    assert_eq!((again.status, again.out.as_str()), (5, ""), "{again:?}");
    assert!(again.err.starts_with(why), "{again:?}");
    daemon.allow_remotely(7, id);
    assert_eq!(daemon.resolution(id).unwrap().state, State::Allowed);
    let list = daemon.ctl(&["list", "--all"]).out;
    assert!(list.contains("  Bash  make deploy"), "{list}");
}

#[test]
fn the_second_yes_is_told_as_one_that_decides() {
    let mut daemon = Daemon::start_needing(2);
    let id = daemon.ask(Kind::Permission, "Bash", "{}");
    daemon.allow_remotely(7, id);
    let ran = daemon.ctl(&["approve", "--json", &id.to_string()]).json();
    assert_eq!((&ran["verdict"], &ran["pending"]), (&"allow".into(), &false.into()));
    let denied = daemon.ask(Kind::Permission, "Bash", "{}");
    let counted = daemon.ctl(&["approve", "--json", &denied.to_string()]).json();
    assert_eq!(counted["pending"], true);
    assert_eq!(daemon.ctl(&["deny", &denied.to_string()]).status, 0);
    assert_eq!(daemon.resolution(denied).unwrap().state, State::Denied);
}
