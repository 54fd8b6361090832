//! The members of a hook event, as the agents that write JSON of Claude's kind have them.

use std::collections::BTreeMap;

use pager_core::sanitize::{one_line, visible};
use pager_core::{Agent, Facts, SessionId};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::AdapterError;

/// The most characters kept of a name: a tool's, a model's, a subagent's.
pub(crate) const NAME_MAX: usize = 200;
/// The most characters kept of a path, as many as the kernel takes.
const PATH_MAX: usize = 4096;

/// An object's members, unread: of a large event only what is needed is parsed.
pub(crate) type Members<'a> = BTreeMap<String, &'a RawValue>;

pub(crate) fn text(members: &Members<'_>, member: &str) -> Option<String> {
    serde_json::from_str(members.get(member)?.get()).ok()
}

/// A name of the agent's: bounded, and safe wherever it is shown or sent.
pub(crate) fn name(members: &Members<'_>, member: &str) -> Option<String> {
    text(members, member).map(|text| one_line(&text, NAME_MAX))
}

pub(crate) fn facts(members: &Members<'_>, agent: Agent) -> Result<Facts, AdapterError> {
    let session = text(members, "session_id").ok_or(AdapterError::Missing("session_id"))?;
    let mut facts = Facts::new(SessionId::from_agent(&session), agent);
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
