//! Answers that are no decision: nothing is printed, and the agent's own dialog decides.

use crate::harness::{Left, Place, accept, request_of};

fn is_silent_after(answer: &str) {
    let place = Place::new();
    let listener = place.listen();
    let hook = place.run(request_of(100));
    let mut served = accept(&listener);
    served.request();
    served.say(answer);
    served.ended();
    assert_eq!(hook.left(), Left::nothing(), "{answer}");
}

#[test]
fn no_decision_is_silence() {
    is_silent_after(r#"{"type":"none","reason":"expired"}"#);
    is_silent_after(r#"{"type":"none"}"#);
    is_silent_after(r#"{"type":"refused","reason":"too new","supports":[2]}"#);
}

#[test]
fn what_cannot_be_understood_is_silence() {
    is_silent_after("");
    is_silent_after("garbage");
    is_silent_after("[]");
    is_silent_after("{}");
    is_silent_after(r#"{"type":"decision"}"#);
    is_silent_after(r#"{"type":"decision","output":{"hookSpecificOutput":{}}"#);
}

#[test]
fn what_is_no_decision_for_an_agent_is_silence() {
    is_silent_after(r#"{"type":"decision","output":null}"#);
    is_silent_after(r#"{"type":"decision","output":"allow"}"#);
    is_silent_after(r#"{"type":"decision","output":[{"hookSpecificOutput":{}}]}"#);
    is_silent_after(r#"{"type":"decision","output":{"behavior":"allow"}}"#);
    is_silent_after(r#"{"type":"decision","output":{"hookSpecificOutput":null}}"#);
}

#[test]
fn a_refusal_before_the_end_of_the_body_is_heard() {
    let place = Place::new();
    let listener = place.listen();
    // More than the socket holds, so that the hook is still sending when it is refused.
    let hook = place.run(request_of(4 << 20));
    let mut served = accept(&listener);
    served.hello();
    served.say(r#"{"type":"refused","reason":"too new","supports":[2]}"#);
    drop(served);
    assert_eq!(hook.left(), Left::nothing());
}

#[test]
fn no_daemon_is_silence_at_once() {
    let place = Place::new();
    assert_eq!(place.run(request_of(100)).left(), Left::nothing());
    drop(place.listen());
    assert!(place.socket.exists());
    assert_eq!(place.run(request_of(100)).left(), Left::nothing());
}
