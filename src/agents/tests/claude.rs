//! Claude Code's own events, as recorded from the real program, and what it is told in return.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use pager_agents::{Adapter, AdapterError};
use pager_core::approval::Kind;
use pager_core::{
    Activity, Actor, Agent, Approval, ApprovalId, Command, Facts, Request, RequestId, Resolution,
    SessionId, Sha256Hex, State, Verdict,
};
use serde_json::{Value, json};

macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!("claude/", $name, ".json"))
    };
}

const SESSION: &str = "1b671a64-40d5-491e-99b0-da01ff1f3341";
const SUBAGENT: &str = "ab3458f28aa6267ce";

fn request_id() -> RequestId {
    RequestId::from_bytes([7; 16])
}

fn event(raw: &str) -> Result<Command, AdapterError> {
    Adapter::Claude.event(raw, request_id())
}

fn observed(raw: &str) -> (Facts, Activity) {
    match event(raw).unwrap() {
        Command::Observe { facts, activity } => (facts, activity),
        other => panic!("{other:?}"),
    }
}

fn asked(raw: &str) -> (Facts, Request) {
    match event(raw).unwrap() {
        Command::Ask { facts, request } => (facts, *request),
        other => panic!("{other:?}"),
    }
}

/// What a later event must say for a request to count as answered at the terminal.
fn finished(request: &Request) -> Activity {
    Activity::ToolFinished {
        tool: request.tool.clone(),
        fingerprint: request.fingerprint.clone(),
        subagent: request.subagent.clone(),
    }
}

fn facts(permission_mode: Option<&str>, model: Option<&str>) -> Facts {
    Facts {
        cwd: Some("/home/ada/webshop".to_owned()),
        permission_mode: permission_mode.map(str::to_owned),
        model: model.map(str::to_owned),
        ..Facts::new(SessionId::from_agent(SESSION), Agent::claude())
    }
}

#[test]
fn every_recorded_event_says_what_happened() {
    let subagent = || Some(SUBAGENT.to_owned());
    let mode = Some("default");
    for (raw, expected, activity) in [
        (recorded!("session-start"), facts(None, Some("claude-opus-5-5")), Activity::Started),
        (recorded!("user-prompt-submit"), facts(mode, None), Activity::Prompted),
        (recorded!("pre-tool-use"), facts(mode, None), Activity::ToolStarting),
        (
            recorded!("post-tool-batch"),
            facts(mode, None),
            Activity::CallsFinished { subagent: None },
        ),
        (
            recorded!("post-tool-batch-subagent"),
            facts(mode, None),
            Activity::CallsFinished { subagent: subagent() },
        ),
        (recorded!("stop"), facts(mode, None), Activity::TurnEnded),
        (recorded!("stop-failure"), facts(None, None), Activity::TurnEnded),
        (
            recorded!("subagent-stop"),
            facts(mode, None),
            Activity::SubagentEnded { subagent: subagent() },
        ),
        (recorded!("session-end"), facts(None, None), Activity::Ended),
    ] {
        assert_eq!(observed(raw), (expected, activity), "{raw}");
    }
}

#[test]
fn a_request_keeps_the_input_as_it_was_received() {
    let (facts_of, request) = asked(recorded!("permission-request"));
    assert_eq!(facts_of, facts(Some("default"), None));
    assert_eq!((request.kind, request.tool.as_str()), (Kind::Permission, "Bash"));
    assert_eq!(request.request, request_id());
    assert_eq!(request.subagent, None);
    let text = r#"{"command":"touch made && curl -s http://127.0.0.1:9 ; echo ok","timeout":5000,"description":"café é x"}"#;
    assert_eq!(&**request.input.text(), text);
    assert_eq!(request.input.sha256(), &Sha256Hex::of(text.as_bytes()));
    let always = request.always.unwrap();
    assert_eq!(
        always.rule,
        "Bash(touch made *)\nBash(curl -s http://127.0.0.1:9)\n\
         for you in this project (.claude/settings.local.json)"
    );
    assert!(recorded!("permission-request").contains(&always.suggestion));

    let spaced = r#"{ "session_id":"a", "hook_event_name" : "PermissionRequest",
        "tool_name":"X", "tool_input" : { "b" : 1.0,  "a":[ ] } , "later":{} }"#;
    assert_eq!(&**asked(spaced).1.input.text(), r#"{ "b" : 1.0,  "a":[ ] }"#);
}

#[test]
fn a_mode_is_never_granted_for_always_but_a_folder_may_be() {
    let (_, request) = asked(recorded!("permission-request-write"));
    let always = request.always.unwrap();
    assert_eq!(always.rule, "all of /srv/notes\nfor this session only");
    assert_eq!(
        always.suggestion,
        r#"{"type":"addDirectories","directories":["/srv/notes"],"destination":"session"}"#
    );
    for suggestions in [
        json!([{"type": "setMode", "mode": "acceptEdits", "destination": "session"}]),
        json!([{"type": "addRules", "behavior": "deny", "rules": [{"toolName": "Bash"}]}]),
        json!([{"type": "addRules", "behavior": "allow", "rules": []}]),
        json!([{"type": "addRules", "behavior": "allow", "rules": [{"toolName": "Bash", "ruleContent": 1}]}]),
        json!([{"type": "removeRules", "behavior": "allow", "rules": [{"toolName": "Bash"}]}]),
        json!({"type": "addDirectories"}),
        json!("all"),
    ] {
        let raw = json!({"session_id": "s", "hook_event_name": "PermissionRequest",
            "tool_name": "Bash", "tool_input": {}, "permission_suggestions": suggestions});
        assert_eq!(asked(&raw.to_string()).1.always, None, "{suggestions}");
    }
}

#[test]
fn the_end_of_a_call_is_known_for_the_one_that_was_asked() {
    for (request, end) in [
        (recorded!("permission-request"), recorded!("post-tool-use")),
        (recorded!("permission-request-subagent"), recorded!("post-tool-use-failure")),
        (recorded!("permission-request-question"), recorded!("post-tool-use-question")),
        (recorded!("permission-request-plan"), recorded!("post-tool-use-plan")),
    ] {
        let (_, request) = asked(request);
        assert_eq!(observed(end).1, finished(&request), "{end}");
    }
    let (_, request) = asked(recorded!("permission-request-subagent"));
    assert_eq!(request.subagent.as_deref(), Some(SUBAGENT));
    let (_, other) = asked(recorded!("permission-request"));
    assert_ne!(request.fingerprint, other.fingerprint);
}

#[test]
fn the_order_of_members_does_not_hide_a_call() {
    let with = |input: &str| {
        let raw = format!(
            r#"{{"session_id":"s","hook_event_name":"PermissionRequest","tool_name":"T","tool_input":{input}}}"#
        );
        asked(&raw).1.fingerprint
    };
    assert_eq!(
        with(r#"{"a":{"x":1,"y":[2]},"b":"é"}"#),
        with(r#"{"b":"\u00e9", "a":{"y":[2],"x":1}}"#)
    );
    assert_ne!(with(r#"{"a":1}"#), with(r#"{"a":2}"#));
}

#[test]
fn the_status_line_tells_of_cost_and_context() {
    let Command::Observe { facts: told, activity } =
        Adapter::Claude.status_line(recorded!("status-line")).unwrap()
    else {
        panic!()
    };
    assert_eq!(activity, Activity::Told);
    let mut expected = facts(None, Some("claude-opus-5-5"));
    expected.context_percent = Some(0.0);
    expected.cost_usd = Some(0.00042);
    assert_eq!(told, expected);

    let nothing =
        r#"{"session_id":"s","model":null,"cost":null,"context_window":{"used_percentage":null}}"#;
    let told = Adapter::Claude.status_line(nothing).unwrap();
    let empty = Facts::new(SessionId::from_agent("s"), Agent::claude());
    assert_eq!(told, Command::Observe { facts: empty, activity: Activity::Told });
}

#[test]
fn what_is_unknown_is_a_sign_of_life() {
    for name in ["MessageDisplay", "SomethingNew", ""] {
        let raw = json!({"session_id": "s", "hook_event_name": name, "cwd": 7, "new": {"x": [1]}});
        let (facts, activity) = observed(&raw.to_string());
        assert_eq!((facts.cwd, activity), (None, Activity::Told), "{name}");
    }
    let no_tool = r#"{"session_id":"s","hook_event_name":"PostToolUse","tool_name":null}"#;
    assert_eq!(observed(no_tool).1, Activity::Told);
}

#[test]
fn what_says_nothing_is_refused() {
    for (raw, said) in [
        ("", "not a JSON object"),
        ("[]", "not a JSON object"),
        (r#"{"session_id":"s""#, "not a JSON object"),
        (r#"{"hook_event_name":"Stop"}"#, "no session_id"),
        (r#"{"session_id":5,"hook_event_name":"Stop"}"#, "no session_id"),
        (r#"{"session_id":"s"}"#, "no hook_event_name"),
        (
            r#"{"session_id":"s","hook_event_name":"PermissionRequest","tool_input":{}}"#,
            "no tool_name",
        ),
        (
            r#"{"session_id":"s","hook_event_name":"PermissionRequest","tool_name":"T"}"#,
            "no tool_input",
        ),
    ] {
        let error = event(raw).unwrap_err().to_string();
        assert!(error.contains(said), "{raw}: {error}");
    }
}

#[test]
fn names_are_bounded_and_cannot_be_obeyed() {
    let raw = json!({"session_id": "s", "hook_event_name": "PermissionRequest",
        "tool_name": "a\u{1b}[2J\u{0}b".to_owned() + &"x".repeat(10_000), "tool_input": {},
        "agent_id": "\u{202e}", "cwd": "/a\u{0}b/".to_owned() + &"y".repeat(10_000)});
    let (facts, request) = asked(&raw.to_string());
    assert!(request.tool.starts_with("a⟨U+001B⟩[2J⟨U+0000⟩bxxx"), "{}", request.tool);
    assert_eq!(request.tool.chars().count(), 200);
    assert_eq!(request.subagent.as_deref(), Some("⟨U+202E⟩"));
    let cwd = facts.cwd.unwrap();
    assert!(cwd.starts_with("/a⟨U+0000⟩b/yyy") && cwd.chars().count() == 4096);
}

fn settled(raw: &str, verdict: Option<Verdict>) -> Approval {
    let (facts, request) = asked(raw);
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let state = verdict.as_ref().map_or(State::Expired, Verdict::state);
    let id = ApprovalId::from_bytes([1; 16]);
    let mut approval = Approval::new(id, &facts, request, String::new(), at, at);
    approval.resolution =
        Some(Resolution { state, verdict, by: Actor::Desktop, at, message_id: None });
    approval
}

fn decision(raw: &str, verdict: Verdict) -> Value {
    let output = Adapter::Claude.decision(&settled(raw, Some(verdict))).unwrap();
    let mut output: Value = serde_json::from_str(output.get()).unwrap();
    let inner = output["hookSpecificOutput"]["decision"].take();
    let shell =
        json!({"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": null}});
    assert_eq!(output, shell);
    inner
}

#[test]
fn each_verdict_has_its_form() {
    let raw = recorded!("permission-request");
    assert_eq!(decision(raw, Verdict::Allow), json!({"behavior": "allow"}));
    let suggestion = &serde_json::from_str::<Value>(raw).unwrap()["permission_suggestions"][0];
    assert_eq!(
        decision(raw, Verdict::AllowAlways),
        json!({"behavior": "allow", "updatedPermissions": [suggestion]})
    );
    assert_eq!(
        decision(raw, Verdict::deny("use ls")),
        json!({"behavior": "deny", "message": "use ls"})
    );
    assert_eq!(
        decision(raw, Verdict::Deny { reason: String::new(), interrupt: true }),
        json!({"behavior": "deny", "message": "The user said no to this.", "interrupt": true})
    );
}

#[test]
fn a_question_is_answered_by_its_own_input_and_the_answers() {
    let raw = recorded!("permission-request-question");
    let answers = BTreeMap::from([
        ("Which color?".to_owned(), vec!["Blue".to_owned()]),
        ("Which fruits?".to_owned(), vec!["Apple".to_owned(), "Pear, ripe".to_owned()]),
    ]);
    let given = &serde_json::from_str::<Value>(raw).unwrap()["tool_input"]["questions"];
    let answers_given = json!({"Which color?": "Blue", "Which fruits?": "Apple, Pear, ripe"});
    assert_eq!(
        decision(raw, Verdict::Answer { answers }),
        json!({"behavior": "allow", "updatedInput": {"questions": given, "answers": answers_given}})
    );
}

#[test]
fn a_plan_is_allowed_as_it_was_shown() {
    let raw = recorded!("permission-request-plan");
    let input = &serde_json::from_str::<Value>(raw).unwrap()["tool_input"];
    assert_eq!(decision(raw, Verdict::Allow), json!({"behavior": "allow", "updatedInput": input}));
    let mode = json!({"type": "setMode", "mode": "acceptEdits", "destination": "session"});
    assert_eq!(
        decision(raw, Verdict::AllowEdits),
        json!({"behavior": "allow", "updatedInput": input, "updatedPermissions": [mode]})
    );
    let (_, request) = asked(raw);
    assert_eq!((request.kind, request.always), (Kind::Plan, None));
}

#[test]
fn where_nobody_decided_the_dialog_does() {
    let raw = recorded!("permission-request");
    assert!(Adapter::Claude.decision(&settled(raw, None)).is_none());
    let mut pending = settled(raw, Some(Verdict::Allow));
    pending.resolution = None;
    assert!(Adapter::Claude.decision(&pending).is_none());
    let mut nothing_to_grant = settled(raw, Some(Verdict::AllowAlways));
    nothing_to_grant.always = None;
    assert!(Adapter::Claude.decision(&nothing_to_grant).is_none());
}
