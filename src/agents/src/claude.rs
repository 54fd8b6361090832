//! Claude Code: hook events in, decisions out.

use std::collections::BTreeMap;

use pager_core::approval::{AlwaysGrant, Input, Kind};
use pager_core::sanitize::{one_line, visible};
use pager_core::{
    Activity, Agent, Approval, Command, Facts, Request, RequestId, SessionId, Sha256Hex, Verdict,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::AdapterError;

/// What the model is told of a plain no.
const DENIED: &str = "The user said no to this.";

/// The most characters kept of a name: a tool's, a model's, a subagent's.
const NAME_MAX: usize = 200;
/// The most characters kept of a path, as many as the kernel takes.
const PATH_MAX: usize = 4096;

/// An object's members, unread: of a large event only what is needed is parsed.
type Members<'a> = BTreeMap<String, &'a RawValue>;

pub(crate) fn event(raw: &str, request: RequestId) -> Result<Command, AdapterError> {
    let members: Members<'_> = serde_json::from_str(raw)?;
    let event =
        text(&members, "hook_event_name").ok_or(AdapterError::Missing("hook_event_name"))?;
    let facts = facts(&members)?;
    let subagent = name(&members, "agent_id");
    let activity = match event.as_str() {
        "PermissionRequest" => {
            let request = Box::new(permission_request(&members, request, subagent)?);
            return Ok(Command::Ask { facts, request });
        }
        "SessionStart" => Activity::Started,
        "UserPromptSubmit" => Activity::Prompted,
        "PreToolUse" => Activity::ToolStarting,
        "PostToolUse" | "PostToolUseFailure" => {
            match (name(&members, "tool_name"), members.get("tool_input")) {
                (Some(tool), Some(input)) => {
                    let fingerprint = fingerprint(&tool, input)?;
                    Activity::ToolFinished { tool, fingerprint, subagent }
                }
                _ => Activity::Told,
            }
        }
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
    let mut facts = facts(&members)?;
    let number = |object: &str, field: &str| {
        let object: Value = serde_json::from_str(members.get(object)?.get()).ok()?;
        object.get(field)?.as_f64()
    };
    facts.context_percent = number("context_window", "used_percentage");
    facts.cost_usd = number("cost", "total_cost_usd");
    Ok(Command::Observe { facts, activity: Activity::Told })
}

fn facts(members: &Members<'_>) -> Result<Facts, AdapterError> {
    let session = text(members, "session_id").ok_or(AdapterError::Missing("session_id"))?;
    let mut facts = Facts::new(SessionId::from_agent(&session), Agent::claude());
    facts.cwd =
        text(members, "cwd").map(|cwd| visible(&cwd).chars().take(PATH_MAX).collect::<String>());
    facts.permission_mode = name(members, "permission_mode");
    // A hook has the model's name; the status line has an object with its id.
    facts.model = name(members, "model").or_else(|| {
        let model: Value = serde_json::from_str(members.get("model")?.get()).ok()?;
        Some(one_line(model.get("id")?.as_str()?, NAME_MAX))
    });
    Ok(facts)
}

fn permission_request(
    members: &Members<'_>,
    request: RequestId,
    subagent: Option<String>,
) -> Result<Request, AdapterError> {
    let tool = name(members, "tool_name").ok_or(AdapterError::Missing("tool_name"))?;
    let input = members.get("tool_input").ok_or(AdapterError::Missing("tool_input"))?;
    let kind = match tool.as_str() {
        "AskUserQuestion" => Kind::Question,
        "ExitPlanMode" => Kind::Plan,
        _ => Kind::Permission,
    };
    let always = match kind {
        Kind::Permission => members.get("permission_suggestions").and_then(|all| always(all)),
        Kind::Question | Kind::Plan => None,
    };
    Ok(Request {
        request,
        kind,
        fingerprint: fingerprint(&tool, input)?,
        tool,
        input: Input::new(input.get()),
        always,
        subagent,
    })
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
                Some(content) => Some(format!("{tool}({})", content.as_str()?)),
                None => Some(tool.to_owned()),
            }
        })
        .collect();
    lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"))
}

fn directories(suggestion: &Value) -> Option<String> {
    let directories = suggestion.get("directories")?.as_array()?;
    let lines: Option<Vec<String>> =
        directories.iter().map(|dir| dir.as_str().map(|dir| format!("all of {dir}"))).collect();
    lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"))
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
    value.sort_all_objects();
    Ok(Sha256Hex::of(value.to_string().as_bytes()))
}

fn text(members: &Members<'_>, member: &str) -> Option<String> {
    serde_json::from_str(members.get(member)?.get()).ok()
}

/// A name of the agent's: bounded, and safe wherever it is shown or sent.
fn name(members: &Members<'_>, member: &str) -> Option<String> {
    text(members, member).map(|text| one_line(&text, NAME_MAX))
}

pub(crate) fn decision(approval: &Approval) -> Option<Box<RawValue>> {
    let verdict = approval.resolution.as_ref()?.verdict.as_ref()?;
    let decision = match verdict {
        // Without its input a plan's allow is passed over by newer releases, and their dialog stays.
        Verdict::Allow if approval.kind == Kind::Plan => {
            let input: Value = serde_json::from_str(approval.input.text()).ok()?;
            json!({ "behavior": "allow", "updatedInput": input })
        }
        Verdict::Allow => json!({ "behavior": "allow" }),
        Verdict::AllowAlways => {
            let suggestion: Value =
                serde_json::from_str(&approval.always.as_ref()?.suggestion).ok()?;
            json!({ "behavior": "allow", "updatedPermissions": [suggestion] })
        }
        Verdict::Deny { reason, interrupt } => {
            let message = if reason.is_empty() { DENIED } else { reason };
            let mut decision = json!({ "behavior": "deny", "message": message });
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
    let output = json!({
        "hookSpecificOutput": { "hookEventName": "PermissionRequest", "decision": decision }
    });
    serde_json::value::to_raw_value(&output).ok()
}
