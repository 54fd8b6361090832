//! Codex's own events, as recorded from the real program, and what it is told in return.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use pager_agents::codex::{self, Step};
use pager_agents::{Adapter, AdapterError};
use pager_core::approval::Kind;
use pager_core::{
    Activity, Actor, Approval, ApprovalId, Command, Facts, Request, RequestId, Resolution,
    SessionId, Verdict,
};
use serde_json::{Value, json};

macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!("codex/", $name, ".json"))
    };
}

const SESSION: &str = "01a1fe17-9e64-7292-89e2-20e70dfc9625";
const ID: RequestId = RequestId::from_bytes([7; 16]);

fn observed(raw: &str) -> (Facts, Activity) {
    match Adapter::Codex.event(raw, ID).unwrap() {
        Command::Observe { facts, activity } => (facts, activity),
        other => panic!("{other:?}"),
    }
}

fn asked(raw: &str) -> (Facts, Request) {
    match Adapter::Codex.event(raw, ID).unwrap() {
        Command::Ask { facts, request } => (facts, *request),
        other => panic!("{other:?}"),
    }
}

fn facts() -> Facts {
    Facts {
        cwd: Some("/home/ada/webshop".to_owned()),
        permission_mode: Some("default".to_owned()),
        model: Some("gpt-5.5".to_owned()),
        ..Facts::new(SessionId::from_agent(SESSION), codex::agent())
    }
}

#[test]
fn every_recorded_event_says_what_happened() {
    let ended = Facts { permission_mode: None, model: None, ..facts() };
    for (raw, expected, activity) in [
        (recorded!("session-start"), facts(), Activity::Started),
        (recorded!("user-prompt-submit"), facts(), Activity::ToolStarting),
        (recorded!("pre-tool-use"), facts(), Activity::ToolStarting),
        (recorded!("stop"), facts(), Activity::TurnEnded),
        (recorded!("interrupt"), facts(), Activity::TurnEnded),
        (recorded!("session-end"), ended, Activity::Ended),
    ] {
        assert_eq!(observed(raw), (expected, activity), "{raw}");
    }
    let later = json!({"session_id": SESSION, "hook_event_name": "preModelRequest"});
    assert_eq!(observed(&later.to_string()).1, Activity::Told);
}

#[test]
fn a_request_keeps_the_models_reason_and_nothing_is_granted_for_always() {
    let (of, request) = asked(recorded!("permission-request"));
    assert_eq!(of, facts());
    assert_eq!((request.request, request.kind), (ID, Kind::Permission));
    assert_eq!((request.tool.as_str(), &request.always), ("Bash", &None));
    assert!(!request.stoppable, "interrupt would void the decision");
    let text = r#"{"command":"touch made && echo ok","description":"May I make it?"}"#;
    assert_eq!(&**request.input.text(), text);
}

#[test]
fn a_call_is_found_again_in_all_its_events() {
    let (_, request) = asked(recorded!("permission-request"));
    let finished = Activity::ToolFinished {
        tool: request.tool,
        fingerprint: request.fingerprint.clone(),
        subagent: None,
    };
    assert_eq!(observed(recorded!("post-tool-use")).1, finished);

    let pairs = [
        (recorded!("pre-tool-use"), recorded!("permission-request"), "call_4"),
        (recorded!("pre-tool-use-patch"), recorded!("permission-request-patch"), "call_25"),
    ];
    for (before, asking, item) in pairs {
        let Some(Step::Starting(start)) = codex::step(before) else { panic!("{before}") };
        let Some(Step::Asking(ask)) = codex::step(asking) else { panic!("{asking}") };
        assert_eq!(start.item.as_deref(), Some(item));
        assert_eq!(codex::Call { item: None, ..start }, ask);
    }
    let other = recorded!("post-tool-use").replace("touch made", "touch other");
    assert_ne!(observed(&other).1, finished);
}

#[test]
fn the_end_of_a_turn_is_the_end_of_its_calls() {
    let session = SessionId::from_agent(SESSION);
    for raw in [recorded!("stop"), recorded!("interrupt"), recorded!("session-end")] {
        assert_eq!(codex::step(raw), Some(Step::TurnEnded(session.clone())));
    }
    assert_eq!(codex::step(recorded!("session-start")), None);
    assert_eq!(codex::step("not JSON"), None);
}

#[test]
fn a_subagents_call_belongs_to_its_own_thread() {
    let mut event: Value = serde_json::from_str(recorded!("pre-tool-use")).unwrap();
    event["agent_id"] = "01a1fe18-0000".into();
    let Some(Step::Starting(call)) = codex::step(&event.to_string()) else { panic!() };
    assert_eq!((call.session.as_str(), call.thread.as_str()), (SESSION, "01a1fe18-0000"));
}

#[test]
fn what_is_no_event_is_refused() {
    let event = |raw: &str| Adapter::Codex.event(raw, ID);
    assert!(matches!(event("[]"), Err(AdapterError::NotJson(_))));
    let nameless = r#"{"session_id":"a"}"#;
    assert!(matches!(event(nameless), Err(AdapterError::Missing("hook_event_name"))));
    let toolless = r#"{"session_id":"a","hook_event_name":"PermissionRequest"}"#;
    assert!(matches!(event(toolless), Err(AdapterError::Missing("tool_name"))));
    assert!(matches!(Adapter::Codex.status_line("{}"), Err(AdapterError::NoStatusLine)));
}

/// What Codex is told of a verdict on the recorded request.
fn told(verdict: Verdict) -> Option<Value> {
    let (facts, request) = asked(recorded!("permission-request"));
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    let resolution = Resolution {
        state: verdict.state(),
        verdict: Some(verdict),
        by: Actor::Desktop,
        at: now,
        message_id: None,
    };
    let id = ApprovalId::from_bytes([1; 16]);
    let mut approval = Approval::new(id, &facts, request, String::new(), now, now);
    approval.resolution = Some(resolution);
    let output = Adapter::Codex.decision(&approval)?;
    Some(serde_json::from_str(output.get()).unwrap())
}

#[test]
fn codex_is_told_a_bare_yes_a_no_with_its_reason_or_nothing() {
    let decision = |decision: Value| {
        Some(json!({"hookSpecificOutput":
            {"hookEventName": "PermissionRequest", "decision": decision}}))
    };
    assert_eq!(told(Verdict::Allow), decision(json!({"behavior": "allow"})));
    let no = json!({"behavior": "deny", "message": "not on a Friday"});
    assert_eq!(told(Verdict::deny("not on a Friday")), decision(no));
    let plain = json!({"behavior": "deny", "message": "The user said no to this."});
    assert_eq!(told(Verdict::deny("")), decision(plain));
    assert_eq!(told(Verdict::AllowAlways), None);
    assert_eq!(told(Verdict::Answer { answers: BTreeMap::new() }), None);
}

#[test]
fn the_name_of_a_question_follows_from_thread_and_item_alone() {
    let name = codex::request_of(SESSION, "call_4");
    assert_eq!(name, codex::request_of(SESSION, "call_4"));
    assert_ne!(name, codex::request_of(SESSION, "call_5"));
    assert_ne!(codex::request_of("ab", "c"), codex::request_of("a", "bc"));
}
