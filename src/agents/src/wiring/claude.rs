//! The events of Claude Code that pager listens to.

use super::Event;

/// `pager-hook` leaves a plain event within a fraction of a second; this bounds the harm of a
/// machine that hangs.
const PLAIN: u32 = 5;

/// Longer than the longest `approvals.window` (24 hours), so that it is always pager that gives a
/// request up. Claude counts in milliseconds in 32 bits: a timeout above 2 147 483 s would fire at
/// once.
const APPROVAL: u32 = 25 * 60 * 60;

/// The sessions and their state are learned from these, and that a request was settled at the
/// terminal, of which Claude tells a waiting hook nothing.
pub(super) const EVENTS: &[Event] = &[
    Event { name: "SessionStart", timeout: PLAIN },
    Event { name: "SessionEnd", timeout: PLAIN },
    Event { name: "UserPromptSubmit", timeout: PLAIN },
    Event { name: "PreToolUse", timeout: PLAIN },
    Event { name: "PermissionRequest", timeout: APPROVAL },
    Event { name: "PermissionDenied", timeout: PLAIN },
    Event { name: "PostToolUse", timeout: PLAIN },
    Event { name: "PostToolUseFailure", timeout: PLAIN },
    Event { name: "Notification", timeout: PLAIN },
    Event { name: "SubagentStart", timeout: PLAIN },
    Event { name: "SubagentStop", timeout: PLAIN },
    Event { name: "Stop", timeout: PLAIN },
    Event { name: "StopFailure", timeout: PLAIN },
    Event { name: "CwdChanged", timeout: PLAIN },
];
