//! A daemon that goes away while a permission request waits.

use std::fs;

use pager_proto::{ClientLine, Why};
use rustix::process::Signal;

use crate::harness::{DECISION, Left, Place, accept, request_of};

#[test]
fn a_lost_connection_is_made_again_with_the_same_request() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(request_of(300_000));
    let first = {
        let mut served = accept(&listener);
        let request = served.request();
        served.say(r#"{"type":"pending","approval":"1"}"#);
        request
    };
    let second = accept(&listener).request();
    let mut served = accept(&listener);
    let third = served.request();
    assert!(first == second && second == third, "{:?} {:?} {:?}", first.0, second.0, third.0);
    served.decide();
    assert_eq!(hook.left(), Left::printed(&format!("{DECISION}\n")));
}

#[test]
fn a_connection_lost_before_the_end_of_the_body_is_made_again() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(request_of(4 << 20));
    let hello = accept(&listener).hello();
    let mut served = accept(&listener);
    let (again, body) = served.request();
    assert_eq!(again, hello);
    assert!(body == request_of(4 << 20));
    served.decide();
    assert_eq!(hook.left(), Left::printed(&format!("{DECISION}\n")));
}

#[test]
fn a_decision_cut_short_is_none() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(request_of(100));
    let mut served = accept(&listener);
    served.request();
    served.say_cut(r#"{"type":"decision","output":{"hookSpecificOutput":{}}}"#);
    drop(served);
    let mut served = accept(&listener);
    served.request();
    served.say(r#"{"type":"none","reason":"expired"}"#);
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn a_daemon_that_restarts_finds_the_hook_again() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(request_of(100));
    let first = {
        let mut served = accept(&listener);
        let request = served.request();
        drop(listener);
        fs::remove_file(&place.socket).expect("the socket's path");
        request
    };
    let listener = place.listen();
    let mut served = accept(&listener);
    assert_eq!(served.request(), first);
    served.decide();
    assert_eq!(hook.left(), Left::printed(&format!("{DECISION}\n")));
}

#[test]
fn a_request_is_withdrawn_even_between_two_connections() {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(request_of(100));
    let first = accept(&listener).request();
    hook.signal(Signal::TERM);
    // Whether the signal meets the hook before, within or after its pause, the next connection carries
    // the request and its withdrawal.
    let mut served = accept(&listener);
    assert_eq!(served.request(), first);
    assert_eq!(served.withdrawn(), ClientLine::Withdrawn { why: Why::Terminated });
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn a_daemon_too_busy_to_take_connections_is_waited_for() {
    let place = Place::new();
    let (listener, _filler) = place.listen_without_room();

    let mut hook = place.start(&[]);
    hook.give_and_wait(request_of(100));
    drop(accept(&listener));
    let mut served = accept(&listener);
    assert_eq!(served.request().1, request_of(100));
    served.decide();
    assert_eq!(hook.left(), Left::printed(&format!("{DECISION}\n")));
}
