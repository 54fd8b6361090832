//! The events of Claude Code that pager listens to.

use super::release::Release;
use super::{Event, Events, PLAIN};

/// Longer than the longest `approvals.window` (24 hours), so that it is always pager that gives a
/// request up. Claude counts in milliseconds in 32 bits: a timeout above 2 147 483 s would fire at
/// once.
const APPROVAL: u32 = 25 * 60 * 60;

/// From here on an event name it does not know costs Claude a warning; before, the whole file.
const TOLERANT: Release = Release(2, 1, 120);

/// Known to every release that has PermissionRequest. The sessions and their state are learned from
/// these, and that a request was settled at the terminal, of which Claude tells a waiting hook only
/// sometimes.
const ALWAYS: &[Event] = &[
    Event { name: "SessionStart", timeout: PLAIN },
    Event { name: "SessionEnd", timeout: PLAIN },
    Event { name: "UserPromptSubmit", timeout: PLAIN },
    Event { name: "PreToolUse", timeout: PLAIN },
    Event { name: "PermissionRequest", timeout: APPROVAL },
    Event { name: "PostToolUse", timeout: PLAIN },
    Event { name: "SubagentStop", timeout: PLAIN },
    Event { name: "Stop", timeout: PLAIN },
];

/// Known to the tolerant releases: that a tool failed, that a call was refused with a comment, and
/// that a turn broke off. Without them the same is learned later, at the end of the turn.
const LATER: &[Event] = &[
    Event { name: "PostToolUseFailure", timeout: PLAIN },
    Event { name: "PostToolBatch", timeout: PLAIN },
    Event { name: "StopFailure", timeout: PLAIN },
];

/// The events to wire for a release, or for one that is not known.
pub(super) fn events(release: Option<Release>) -> Events {
    match release {
        Some(release) if release >= TOLERANT => {
            Events { wanted: ALWAYS.iter().chain(LATER).collect(), harmful: &[] }
        }
        Some(_) => Events { wanted: ALWAYS.iter().collect(), harmful: LATER },
        None => Events { wanted: ALWAYS.iter().collect(), harmful: &[] },
    }
}
