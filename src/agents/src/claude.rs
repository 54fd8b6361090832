//! Claude Code: hook events in, decisions out.

use std::collections::BTreeMap;

use pager_core::approval::{AlwaysGrant, Input, Kind};
use pager_core::sanitize::{in_line, one_line};
use pager_core::{Activity, Agent, Approval, Command, Request, RequestId, Sha256Hex, Verdict};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::AdapterError;
use crate::members::{Members, NAME_MAX, facts, name, text};
use crate::permission::{call, deny, digest, finished, output};

pub(crate) fn event(raw: &str, request: RequestId) -> Result<Command, AdapterError> {
    let members: Members<'_> = serde_json::from_str(raw)?;
    let event =
        text(&members, "hook_event_name").ok_or(AdapterError::Missing("hook_event_name"))?;
    let facts = facts(&members, Agent::claude())?;
    let subagent = name(&members, "agent_id");
    let activity = match event.as_str() {
        "PermissionRequest" => {
            let request = Box::new(permission_request(&members, request, subagent)?);
            return Ok(Command::Ask { facts, request });
        }
        "SessionStart" => Activity::Started,
        "UserPromptSubmit" => Activity::Prompted,
        "PreToolUse" => Activity::ToolStarting,
        "PostToolUse" | "PostToolUseFailure" => finished(&members, subagent, fingerprint)?,
        "PostToolBatch" => Activity::CallsFinished { subagent },
        "Stop" | "StopFailure" => Activity::TurnEnded,
        "SubagentStop" => Activity::SubagentEnded { subagent },
        "SessionEnd" => Activity::Ended,
        _ => Activity::Told,
    };
    Ok(Command::Observe { facts, activity })
}

pub(crate) fn status_line(raw: &str) -> Result<Command, AdapterError> {
    let members: Members<'_> = serde_json::from_str(raw)?;
    let mut facts = facts(&members, Agent::claude())?;
    let number = |object: &str, field: &str| {
        let object: Value = serde_json::from_str(members.get(object)?.get()).ok()?;
        object.get(field)?.as_f64()
    };
    facts.context_percent = number("context_window", "used_percentage");
    facts.cost_usd = number("cost", "total_cost_usd");
    Ok(Command::Observe { facts, activity: Activity::Told })
}

fn permission_request(
    members: &Members<'_>,
    request: RequestId,
    subagent: Option<String>,
) -> Result<Request, AdapterError> {
    let (tool, input) = call(members)?;
    let kind = match tool.as_str() {
        "AskUserQuestion" => Kind::Question,
        "ExitPlanMode" => Kind::Plan,
        _ => Kind::Permission,
    };
    let always = match kind {
        Kind::Permission => members.get("permission_suggestions").and_then(|all| always(all)),
        Kind::Question | Kind::Plan => None,
    };
    let fingerprint = fingerprint(&tool, input)?;
    let request = Request::new(request, kind, tool, Input::new(input.get()));
    Ok(Request { fingerprint, always, subagent, ..request })
}

/// The first suggestion that may be granted: rules or folders, never a change of mode.
fn always(suggestions: &RawValue) -> Option<AlwaysGrant> {
    let suggestions: Vec<&RawValue> = serde_json::from_str(suggestions.get()).ok()?;
    suggestions.into_iter().find_map(|raw| {
        let suggestion: Value = serde_json::from_str(raw.get()).ok()?;
        let rule = match suggestion.get("type")?.as_str()? {
            "addRules" if suggestion.get("behavior")? == "allow" => rules(&suggestion)?,
            "addDirectories" => directories(&suggestion)?,
            _ => return None,
        };
        let rule =
            [Some(rule), kept(&suggestion)].into_iter().flatten().collect::<Vec<_>>().join("\n");
        Some(AlwaysGrant { rule, suggestion: raw.get().to_owned() })
    })
}

/// The rules in the notation of Claude's settings, `Bash(touch made *)`.
fn rules(suggestion: &Value) -> Option<String> {
    let rules = suggestion.get("rules")?.as_array()?;
    let lines: Option<Vec<String>> = rules
        .iter()
        .map(|rule| {
            let tool = rule.get("toolName")?.as_str()?;
            match rule.get("ruleContent") {
                // On one line each, so that none can pass for two, or for what pager says.
                Some(content) => {
                    Some(in_line(&format!("{tool}({})", content.as_str()?)).into_owned())
                }
                None => Some(in_line(tool).into_owned()),
            }
        })
        .collect();
    lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"))
}

fn directories(suggestion: &Value) -> Option<String> {
    let directories = suggestion.get("directories")?.as_array()?;
    let lines: Option<Vec<String>> =
        directories.iter().map(|dir| Some(format!("all of {}", in_line(dir.as_str()?)))).collect();
    lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"))
}

/// For whom and for how long it would be granted.
fn kept(suggestion: &Value) -> Option<String> {
    Some(match suggestion.get("destination")?.as_str()? {
        "session" => "for this session only".to_owned(),
        "localSettings" => "for you in this project (.claude/settings.local.json)".to_owned(),
        "projectSettings" => "for everybody in this project (.claude/settings.json)".to_owned(),
        "userSettings" => "for you everywhere (~/.claude/settings.json)".to_owned(),
        other => format!("kept in {}", one_line(other, NAME_MAX)),
    })
}

/// The digest by which a call is found again in the event that tells of its end, whatever the white
/// space and the order of its members there.
fn fingerprint(tool: &str, input: &RawValue) -> Result<Sha256Hex, AdapterError> {
    let mut value: Value = serde_json::from_str(input.get())?;
    // Where the dialog is the tool, the end's input differs from the request's: answers have come to
    // the questions, and the plan has gone to its file.
    let value = match (tool, value.get_mut("questions")) {
        ("ExitPlanMode", _) => &mut Value::Null,
        ("AskUserQuestion", Some(questions)) => questions,
        _ => &mut value,
    };
    Ok(digest(value))
}

pub(crate) fn decision(approval: &Approval) -> Option<Box<RawValue>> {
    let verdict = approval.resolution.as_ref()?.verdict.as_ref()?;
    let decision = match verdict {
        // Without its input a plan's allow is passed over by newer releases, and their dialog stays.
        Verdict::Allow if approval.kind == Kind::Plan => {
            let input: Value = serde_json::from_str(approval.input.text()).ok()?;
            json!({ "behavior": "allow", "updatedInput": input })
        }
        Verdict::AllowEdits => {
            let input: Value = serde_json::from_str(approval.input.text()).ok()?;
            let mode =
                json!({ "type": "setMode", "mode": "acceptEdits", "destination": "session" });
            json!({ "behavior": "allow", "updatedInput": input, "updatedPermissions": [mode] })
        }
        Verdict::Allow => json!({ "behavior": "allow" }),
        Verdict::AllowAlways => {
            let suggestion: Value =
                serde_json::from_str(&approval.always.as_ref()?.suggestion).ok()?;
            json!({ "behavior": "allow", "updatedPermissions": [suggestion] })
        }
        Verdict::Deny { reason, interrupt } => {
            let mut decision = deny(reason);
            if *interrupt {
                decision["interrupt"] = Value::Bool(true);
            }
            decision
        }
        Verdict::Answer { answers } => {
            let mut input: Value = serde_json::from_str(approval.input.text()).ok()?;
            let answers: BTreeMap<&str, String> = answers
                .iter()
                .map(|(question, chosen)| (question.as_str(), chosen.join(", ")))
                .collect();
            input.as_object_mut()?.insert("answers".to_owned(), json!(answers));
            json!({ "behavior": "allow", "updatedInput": input })
        }
    };
    output(&decision)
}
