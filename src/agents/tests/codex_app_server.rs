//! What Codex's app-server asks, and what it is answered.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use pager_agents::codex::app_server::{Form, Subject, is_command_of, understand};
use pager_agents::codex::{Step, step};
use pager_core::Verdict;
use serde_json::{Value, json};

const COMMAND: &str = "item/commandExecution/requestApproval";
const PATCH: &str = "item/fileChange/requestApproval";
const MCP: &str = "mcpServer/elicitation/request";

/// A request about `call_4`, and more.
fn about(more: &Value) -> String {
    let mut params = json!({ "threadId": "t", "turnId": "u", "itemId": "call_4" });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params.to_string()
}

#[test]
fn commands_and_patches_are_known_by_their_call() {
    let command = about(&json!({ "kind": "command", "command": "/bin/bash -lc ls" }));
    let request = understand(COMMAND, &command).unwrap();
    assert_eq!((request.thread.as_str(), request.turn.as_deref()), ("t", Some("u")));
    let shell = Some("/bin/bash -lc ls".to_owned());
    assert_eq!(request.subject, Subject::Call { item: "call_4".to_owned(), command: shell });
    let patch = about(&json!({ "reason": null, "grantRoot": null }));
    let subject = understand(PATCH, &patch).unwrap().subject;
    assert_eq!(subject, Subject::Call { item: "call_4".to_owned(), command: None });
}

#[test]
fn a_tool_of_an_mcp_server_is_known_by_what_it_is_called_with() {
    let elicitation = json!({ "threadId": "t", "turnId": "u", "serverName": "db", "mode": "form",
        "message": "Allow?", "_meta": { "codex_approval_kind": "mcp_tool_call",
            "tool_name": "wipe", "tool_params": { "b": 1, "a": [] } } });
    let request = understand(MCP, &elicitation.to_string()).unwrap();
    let hook = json!({ "session_id": "t", "turn_id": "u", "hook_event_name": "PreToolUse",
        "tool_name": "mcp__db__wipe", "tool_input": { "a": [], "b": 1 }, "tool_use_id": "call_4" });
    let Some(Step::Starting(call)) = step(&hook.to_string()) else { panic!() };
    let Subject::Tool { tool, fingerprint } = request.subject else { panic!() };
    assert_eq!((tool, fingerprint), (call.tool, call.fingerprint));

    let mut own = elicitation;
    own["_meta"]["codex_approval_kind"] = "its own question".into();
    assert_eq!(understand(MCP, &own.to_string()), None);
}

#[test]
fn what_asks_for_more_or_is_not_understood_is_nobodys() {
    for more in [
        json!({ "command": "ls", "kind": "humanCommand" }),
        json!({ "command": "ls", "approvalId": "x" }),
        json!({ "command": "ls", "networkApprovalContext": {} }),
        json!({ "command": "ls", "additionalPermissions": {} }),
        json!({ "command": "ls", "grantRoot": "/" }),
        json!({}),
    ] {
        assert_eq!(understand(COMMAND, &about(&more)), None, "{more}");
    }
    for (method, params) in [
        ("item/permissions/requestApproval", about(&json!({}))),
        ("execCommandApproval", about(&json!({ "command": ["ls"] }))),
        (COMMAND, "null".to_owned()),
        (COMMAND, "{".to_owned()),
    ] {
        assert_eq!(understand(method, &params), None, "{method} {params}");
    }
}

#[test]
fn a_command_is_the_hooks_own_or_it_is_another() {
    let input = json!({ "command": "echo 'a b' && ls", "description": "why" }).to_string();
    assert!(is_command_of(r#"/bin/bash -lc "echo 'a b' && ls""#, &input));
    assert!(is_command_of("echo 'a b' && ls", &input));
    for other in ["/bin/bash -lc ls", "/bin/bash -lc 'echo a b && ls'", "", "'"] {
        assert!(!is_command_of(other, &input), "{other}");
    }
    assert!(!is_command_of("ls", "{}"));
}

#[test]
fn only_a_persons_plain_yes_is_a_yes() {
    let questions = Form::Answers(vec![("colour".to_owned(), "Which?".to_owned())]);
    let answers = BTreeMap::from([("Which?".to_owned(), vec!["Blue".to_owned()])]);
    let answer = Verdict::Answer { answers };
    let stop = Verdict::Deny { reason: "no".to_owned(), interrupt: true };
    let mcp = |action: &str, content: Value| {
        Some(json!({ "action": action, "content": content, "_meta": null }))
    };
    for (form, verdict, expected) in [
        (&Form::Decision, Verdict::Allow, Some(json!({ "decision": "accept" }))),
        (&Form::Decision, Verdict::deny("no"), Some(json!({ "decision": "decline" }))),
        (&Form::Decision, stop.clone(), Some(json!({ "decision": "cancel" }))),
        (&Form::Decision, Verdict::AllowAlways, None),
        (&Form::Decision, Verdict::AllowEdits, None),
        (&Form::Decision, answer.clone(), None),
        (&Form::Elicitation, Verdict::Allow, mcp("accept", json!({}))),
        (&Form::Elicitation, stop, mcp("decline", Value::Null)),
        (&Form::Elicitation, Verdict::AllowAlways, None),
        (&Form::Elicitation, answer.clone(), None),
        (&questions, answer, Some(json!({ "answers": { "colour": { "answers": ["Blue"] } } }))),
        (&questions, Verdict::deny(""), Some(json!({ "answers": {} }))),
        (&questions, Verdict::Allow, None),
        (&questions, Verdict::AllowAlways, None),
    ] {
        assert_eq!(form.answer(&verdict), expected, "{form:?} {verdict:?}");
    }
}
