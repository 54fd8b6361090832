//! The events of Codex CLI that pager listens to.

use super::{Event, Events, PLAIN};

/// The most that Codex gives to these events. Of more it warns at every start.
const ENDING: u32 = 3;

/// Longer than the longest `approvals.codex_window` (24 hours), so that it is always pager that gives
/// a request up. It never follows the setting: Codex trusts an entry by its exact words, and one that
/// changed would wait to be trusted again.
const APPROVAL: u32 = 25 * 60 * 60;

const EVENTS: &[Event] = &[
    Event { name: "SessionStart", timeout: PLAIN },
    Event { name: "SessionEnd", timeout: ENDING },
    Event { name: "UserPromptSubmit", timeout: PLAIN },
    Event { name: "PreToolUse", timeout: PLAIN },
    Event { name: "PermissionRequest", timeout: APPROVAL },
    Event { name: "PostToolUse", timeout: PLAIN },
    Event { name: "SubagentStop", timeout: PLAIN },
    Event { name: "Stop", timeout: PLAIN },
    Event { name: "Interrupt", timeout: ENDING },
];

/// The events to wire. A release that does not know one of them passes it over in silence.
pub(super) fn events() -> Events {
    Events { wanted: EVENTS.iter().collect(), harmful: &[] }
}
