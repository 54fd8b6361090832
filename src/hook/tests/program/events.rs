//! Events nobody waits for, and the command line.

use pager_proto::{CHUNK_MAX, Kind, MAX_BODY};
use rustix::process::Signal;

use crate::harness::{Hook, Left, Place, accept, event_of};

#[test]
fn an_event_is_written_and_left() {
    let place = Place::new();
    let listener = place.listen();
    let event = br#"{"hook_event_name":"PostToolUse","tool_response":"\u00e9"}"#;
    // The hook is gone before anybody looks at what it wrote.
    assert_eq!(place.run(*event).left(), Left::nothing());
    let mut served = accept(&listener);
    let (hello, body) = served.request();
    assert_eq!((hello.program.as_str(), hello.agent.as_str()), ("pager-hook", "claude"));
    assert_eq!(hello.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(hello.kind, Kind::Event);
    assert!(hello.request.is_some());
    assert_eq!(body, event);
    served.ended();
}

#[test]
fn the_status_line_never_waits() {
    let place = Place::new();
    let listener = place.listen();
    let mut hook = place.start(&["--status-line", "--agent", "codex"]);
    hook.give(*br#"{"hook_event_name":"PermissionRequest"}"#);
    assert_eq!(hook.left(), Left::nothing());
    let (hello, _) = accept(&listener).request();
    assert_eq!((hello.kind, hello.agent.as_str()), (Kind::StatusLine, "codex"));
}

#[test]
fn what_makes_no_sense_is_carried_byte_for_byte_and_not_waited_for() {
    for input in [
        &b""[..],
        b"garbage",
        b"{\"hook_event_name\":\"PermissionReq",
        b"{\"hook_event_name\":\"\xff\xfe\"}",
        b"\xff\x00\n\n",
        b"{\"a\":1} {\"hook_event_name\":\"PermissionRequest\"}",
    ] {
        let place = Place::new();
        let listener = place.listen();
        assert_eq!(place.run(input).left(), Left::nothing());
        assert_eq!(accept(&listener).request().1, input);
    }
}

#[test]
fn every_size_around_a_chunk_arrives_whole() {
    for size in [CHUNK_MAX - 1, CHUNK_MAX, CHUNK_MAX + 1, 2 * CHUNK_MAX, 3 * CHUNK_MAX + 7] {
        let place = Place::new();
        let listener = place.listen();
        let event = event_of("PostToolUse", size);
        assert_eq!(event.len(), size);
        let hook = place.run(event.clone());
        assert!(accept(&listener).request().1 == event, "{size} bytes");
        assert_eq!(hook.left(), Left::nothing());
    }
}

#[test]
fn the_largest_event_arrives_whole() {
    let place = Place::new();
    let listener = place.listen();
    let event = event_of("PostToolUse", MAX_BODY);
    let hook = place.run(event.clone());
    assert!(accept(&listener).request().1 == event);
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn a_larger_one_is_no_request_at_all() {
    for name in ["PostToolUse", "PermissionRequest"] {
        for size in [MAX_BODY + 1, 20 * 1024 * 1024] {
            let place = Place::new();
            let listener = place.listen();
            let hook = place.run(event_of(name, size));
            let mut served = accept(&listener);
            served.hello();
            let error = served.next().expect_err("the body has no end");
            assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{name} {size}: {error}");
            assert_eq!(hook.left(), Left::nothing());
        }
    }
}

#[test]
fn a_daemon_that_takes_no_connection_does_not_hold_the_agent() {
    let place = Place::new();
    let _full = place.listen_without_room();

    assert_eq!(place.run(event_of("PostToolUse", 100)).left(), Left::nothing());
    assert_eq!(place.run(event_of("PostToolUse", 1 << 20)).left(), Left::nothing());
    let mut hook = place.start(&["--status-line"]);
    hook.give(*b"{}");
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn a_daemon_that_reads_nothing_does_not_hold_the_agent() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(event_of("PostToolUse", 4 << 20));
    let served = accept(&listener);
    assert_eq!(hook.left(), Left::nothing());
    drop(served);
}

#[test]
fn an_agent_that_stops_writing_is_left() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.start(&[]);
    let mut served = accept(&listener);
    // The hook holds its input open until it is dropped, and that comes after its end.
    assert_eq!(hook.left(), Left::nothing());
    served.next().expect_err("no request was made");
}

#[test]
fn a_signal_while_reading_is_no_failure() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let place = Place::new();
        let listener = place.listen();
        let hook = place.start(&[]);
        let mut served = accept(&listener);
        hook.signal(signal);
        assert_eq!(hook.left(), Left::nothing());
        served.next().expect_err("no request was made");
    }
}

#[test]
fn misuse_is_one_line_on_standard_error() {
    for arguments in [&["--frobnicate"][..], &["--agent"], &["event"]] {
        let place = Place::new();
        let mut hook = place.start(arguments);
        hook.give("{}");
        let left = hook.left();
        assert_eq!((left.status, left.stdout.as_str()), (Some(0), ""), "{arguments:?}");
        assert_eq!(left.stderr.lines().count(), 1, "{}", left.stderr);
        assert!(left.stderr.starts_with("pager-hook: "), "{}", left.stderr);
    }
}

#[test]
fn the_version_and_the_usage_are_printed() {
    let place = Place::new();
    let version = concat!("pager-hook ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(place.start(&["--version"]).left(), Left::printed(version));
    let usage = place.start(&["--help"]).left();
    assert!(usage.stdout.starts_with("usage: pager-hook "), "{usage:?}");
}

#[test]
fn without_a_place_to_go_it_is_silent() {
    let place = Place::new();
    let mut command = place.command(crate::harness::HOOK);
    command.env_remove("PAGER_HOOK_SOCKET");
    let mut hook = Hook::spawn(&mut command);
    hook.give(event_of("PermissionRequest", 100));
    assert_eq!(hook.left(), Left::nothing());
}
