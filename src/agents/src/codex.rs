//! Codex CLI: hook events in, decisions out.

pub mod app_server;

use pager_core::approval::{Input, Kind};
use pager_core::{
    Activity, Agent, Approval, Command, Request, RequestId, SessionId, Sha256Hex, Verdict,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::AdapterError;
use crate::members::{Members, facts, name, text};
use crate::permission::{call, deny, digest, finished, output};

/// The tool by which the model puts questions to the person.
pub const QUESTION_TOOL: &str = "request_user_input";

/// A tool call as its hooks tell of it: what joins the question to the call, and the call to the
/// request of the app-server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The session, as pager names it.
    pub session: SessionId,
    /// The thread it runs in, as Codex names it: the session's own, or a subagent's.
    pub thread: String,
    /// The turn.
    pub turn: String,
    /// The tool.
    pub tool: String,
    /// Digest of the input, the same in every event of the call.
    pub fingerprint: Sha256Hex,
    /// Codex's id for the call. A permission request does not say it.
    pub item: Option<String>,
}

/// Where in a call an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The call is about to be made.
    Starting(Call),
    /// Codex asks whether it may be.
    Asking(Call),
    /// It is over.
    Finished(Call),
    /// The turn is over, and all its calls.
    TurnEnded(SessionId),
}

pub(crate) fn event(raw: &str, request: RequestId) -> Result<Command, AdapterError> {
    let members: Members<'_> = serde_json::from_str(raw)?;
    let event =
        text(&members, "hook_event_name").ok_or(AdapterError::Missing("hook_event_name"))?;
    let facts = facts(&members, agent())?;
    let subagent = name(&members, "agent_id");
    let activity = match event.as_str() {
        "PermissionRequest" => {
            let request = Box::new(permission_request(&members, request, subagent)?);
            return Ok(Command::Ask { facts, request });
        }
        "SessionStart" => Activity::Started,
        // Not `Prompted`: text that is queued while a question is open fires this too, and answers
        // nothing.
        "UserPromptSubmit" | "PreToolUse" => Activity::ToolStarting,
        "PostToolUse" => finished(&members, subagent, fingerprint)?,
        "Stop" | "Interrupt" => Activity::TurnEnded,
        "SubagentStop" => Activity::SubagentEnded { subagent },
        "SessionEnd" => Activity::Ended,
        _ => Activity::Told,
    };
    Ok(Command::Observe { facts, activity })
}

/// Reads from an event what it says of a tool call; nothing where it is about none.
pub fn step(raw: &str) -> Option<Step> {
    let members: Members<'_> = serde_json::from_str(raw).ok()?;
    let thread = text(&members, "session_id")?;
    let session = SessionId::from_agent(&thread);
    let step = match text(&members, "hook_event_name")?.as_str() {
        "PreToolUse" => Step::Starting,
        "PermissionRequest" => Step::Asking,
        "PostToolUse" => Step::Finished,
        "Stop" | "Interrupt" | "SessionEnd" => return Some(Step::TurnEnded(session)),
        _ => return None,
    };
    let (tool, input) = call(&members).ok()?;
    let fingerprint = fingerprint(&tool, input).ok()?;
    Some(step(Call {
        session,
        thread: text(&members, "agent_id").unwrap_or(thread),
        turn: text(&members, "turn_id")?,
        tool,
        fingerprint,
        item: text(&members, "tool_use_id"),
    }))
}

/// The name of the question behind a tool call, the same whether its hook or the app-server tells of
/// it, and after a restart of either.
pub fn request_of(thread: &str, item: &str) -> RequestId {
    let mut hash = Sha256::new();
    for part in ["codex", thread, item] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    RequestId::from_bytes(bytes)
}

/// Codex, as an agent.
pub fn agent() -> Agent {
    Agent::new("codex")
}

fn permission_request(
    members: &Members<'_>,
    request: RequestId,
    subagent: Option<String>,
) -> Result<Request, AdapterError> {
    let (tool, input) = call(members)?;
    let fingerprint = fingerprint(&tool, input)?;
    // "Always" a hook cannot give, nor end the turn: any word about either voids the whole decision.
    let request = Request::new(request, Kind::Permission, tool, Input::new(input.get()));
    Ok(Request { fingerprint, subagent, stoppable: false, ..request })
}

/// The digest by which a call is found again. Between the events of a call the request alone has the
/// model's reason for a command, and a patch loses the end of its last line.
fn fingerprint(tool: &str, input: &RawValue) -> Result<Sha256Hex, AdapterError> {
    let mut value: Value = serde_json::from_str(input.get())?;
    if let Some(input) = value.as_object_mut() {
        if tool == "Bash" {
            input.remove("description");
        }
        if tool == "apply_patch"
            && let Some(Value::String(patch)) = input.get_mut("command")
        {
            patch.truncate(patch.trim_end_matches('\n').len());
        }
    }
    Ok(digest(&mut value))
}

/// Codex takes a bare yes, and a no with a reason. Anything else in the decision voids it, so that
/// what is more than a yes is not said at all.
pub(crate) fn decision(approval: &Approval) -> Option<Box<RawValue>> {
    let decision = match approval.resolution.as_ref()?.verdict.as_ref()? {
        Verdict::Allow => json!({ "behavior": "allow" }),
        Verdict::Deny { reason, .. } => deny(reason),
        Verdict::AllowAlways | Verdict::AllowEdits | Verdict::Answer { .. } => return None,
    };
    output(&decision)
}
