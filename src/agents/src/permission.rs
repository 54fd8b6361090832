//! The permission hook of Claude Code, whose form Codex has taken over: how a call is known again, and
//! how a decision is written.

use pager_core::{Activity, Sha256Hex};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::AdapterError;
use crate::members::{Members, name};

/// What the model is told of a plain no.
const DENIED: &str = "The user said no to this.";

/// The tool that an event is about, and its input.
pub(crate) fn call<'a>(members: &Members<'a>) -> Result<(String, &'a RawValue), AdapterError> {
    let tool = name(members, "tool_name").ok_or(AdapterError::Missing("tool_name"))?;
    let input = members.get("tool_input").ok_or(AdapterError::Missing("tool_input"))?;
    Ok((tool, input))
}

/// What an event tells that comes after a call: the call is over, where it says which.
pub(crate) fn finished(
    members: &Members<'_>,
    subagent: Option<String>,
    fingerprint: impl Fn(&str, &RawValue) -> Result<Sha256Hex, AdapterError>,
) -> Result<Activity, AdapterError> {
    let Ok((tool, input)) = call(members) else { return Ok(Activity::Told) };
    let fingerprint = fingerprint(&tool, input)?;
    Ok(Activity::ToolFinished { tool, fingerprint, subagent })
}

/// The digest of a value, whatever its white space and the order of its members.
pub(crate) fn digest(value: &mut Value) -> Sha256Hex {
    value.sort_all_objects();
    Sha256Hex::of(value.to_string().as_bytes())
}

/// A no with its reason, or a plain one.
pub(crate) fn deny(reason: &str) -> Value {
    let message = if reason.is_empty() { DENIED } else { reason };
    json!({ "behavior": "deny", "message": message })
}

/// A decision as a hook prints it.
pub(crate) fn output(decision: &Value) -> Option<Box<RawValue>> {
    let output = json!({
        "hookSpecificOutput": { "hookEventName": "PermissionRequest", "decision": decision }
    });
    serde_json::value::to_raw_value(&output).ok()
}
