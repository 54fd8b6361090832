//! Permission requests: the decision, and the ways the agent gives them up.

use std::fs::File;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use pager_proto::{ClientLine, MAX_BODY, Why};
use rustix::process::Signal;

use crate::harness::{DECISION, HOOK, Hook, Left, Place, accept, request_of, written};

#[test]
fn the_decision_is_printed_verbatim() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(*br#"{"hook_event_name":"PermissionRequest","tool_name":"Bash"}"#);
    let mut served = accept(&listener);
    let (_, body) = served.request();
    assert_eq!(body, br#"{"hook_event_name":"PermissionRequest","tool_name":"Bash"}"#);
    let output = r#"{ "z":1.0e+2,"hookSpecificOutput" : {"a":"\u00e9\/ü"},"a":[ ] }"#;
    served.say(r#"{"type":"later","output":[]}"#);
    served.say(r#"{"type":"pending","approval":"00112233445566778899aabbccddeeff"}"#);
    served.say(&format!(r#"{{"output":{output},"new":null,"type":"decision"}}"#));
    served.ended();
    assert_eq!(hook.left(), Left::printed(&format!("{output}\n")));
}

#[test]
fn a_request_whose_name_stands_last_is_waited_for() {
    for size in [100, 300_000, MAX_BODY] {
        let place = Place::new();
        let listener = place.listen();
        let hook = place.run(request_of(size));
        let mut served = accept(&listener);
        assert!(served.request().1 == request_of(size), "{size} bytes");
        served.decide();
        assert_eq!(hook.left(), Left::printed(&format!("{DECISION}\n")));
    }
}

#[test]
fn a_large_decision_is_printed_whole() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(request_of(100));
    let mut served = accept(&listener);
    served.request();
    let output = format!(r#"{{"hookSpecificOutput":{{"a":"{}"}}}}"#, "y".repeat(3 << 20));
    let line = format!(r#"{{"type":"decision","output":{output}}}"#);
    let writer = std::thread::spawn(move || served.say(&line));
    assert!(hook.left() == Left::printed(&format!("{output}\n")));
    writer.join().expect("the hook read all of it");
}

#[test]
fn a_signal_withdraws_the_request() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let place = Place::new();
        let listener = place.listen();
        let hook = place.run(request_of(100));
        let mut served = accept(&listener);
        served.request();
        served.say(r#"{"type":"pending","approval":"1"}"#);
        hook.signal(signal);
        assert_eq!(served.withdrawn(), ClientLine::Withdrawn { why: Why::Terminated });
        served.ended();
        assert_eq!(hook.left(), Left::nothing());
    }
}

#[test]
fn an_output_nobody_reads_withdraws_the_request() {
    let place = Place::new();
    let listener = place.listen();
    let mut hook = place.run(request_of(100));
    let mut served = accept(&listener);
    served.request();
    drop(hook.take_stdout());
    assert_eq!(served.withdrawn(), ClientLine::Withdrawn { why: Why::AgentGone });
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn so_does_a_socket_nobody_reads() {
    let place = Place::new();
    let listener = place.listen();
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let mut hook = Hook::spawn(place.command(HOOK).stdout(std::os::fd::OwnedFd::from(theirs)));
    hook.give(request_of(100));
    let mut served = accept(&listener);
    served.request();
    drop(ours);
    assert_eq!(served.withdrawn(), ClientLine::Withdrawn { why: Why::AgentGone });
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn an_agent_that_signals_and_closes_the_output_has_given_the_question_up() {
    let place = Place::new();
    let listener = place.listen();
    let mut hook = place.run(request_of(100));
    let mut served = accept(&listener);
    served.request();
    hook.signal(Signal::TERM);
    drop(hook.take_stdout());
    assert_eq!(served.withdrawn(), ClientLine::Withdrawn { why: Why::Terminated });
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn an_output_without_a_reader_by_nature_is_waited_with() {
    let place = Place::new();
    let listener = place.listen();
    let path = place.dir().join("output");
    let file = File::create(&path).expect("create");
    for stdout in [Stdio::from(file), Stdio::null()] {
        let mut hook = Hook::spawn(place.command(HOOK).stdout(stdout));
        hook.give(request_of(100));
        let mut served = accept(&listener);
        served.request();
        served.decide();
        assert_eq!(hook.left(), Left::nothing());
        served.ended();
    }
    assert_eq!(written(&path), format!("{DECISION}\n"));
}

#[test]
fn a_parent_that_dies_withdraws_the_request() {
    let place = Place::new();
    let listener = place.listen();
    // The second command keeps the shell from becoming the hook. Its output stays open here, so that
    // only the parent's death can tell.
    let mut shell = Hook::spawn(place.command("/bin/sh").args(["-c", "\"$0\"; :", HOOK]));
    shell.give(request_of(100));
    let output = shell.take_stdout();
    let mut served = accept(&listener);
    served.request();
    shell.signal(Signal::KILL);
    assert_eq!(served.withdrawn(), ClientLine::Withdrawn { why: Why::AgentGone });
    served.ended();
    assert_eq!(shell.left(), Left { status: None, ..Left::nothing() });
    drop(output);
}

#[test]
fn another_users_daemon_is_told_nothing() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not run: only root can start a hook as another user");
        return;
    }
    let place = Place::new();
    let listener = place.listen();
    let hook = place.dir().join("pager-hook");
    std::fs::copy(HOOK, &hook).expect("a copy anybody can run");
    for (path, mode) in [(place.dir(), 0o755), (&place.socket, 0o666), (&hook, 0o755)] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("open it to everybody");
    }
    let mut hook = Hook::spawn(place.command(hook).uid(65534));
    hook.give(request_of(100));
    assert_eq!(hook.left(), Left::nothing());
    let error = accept(&listener).next().expect_err("no word was said");
    assert_eq!(error.to_string(), "the connection ended before the end of the hello");
}
