//! Where a hook's word comes from: established by the kernel, never by the word itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A process, named so that a number used again names another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot: `starttime` of proc_pid_stat(5).
    pub started: u64,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid)
    }
}

/// The process behind a hook event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The agent: the hook's parent, or its grandparent where the parent is the shell the agent
    /// started the hook with. None if it was gone before it could be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Process>,
    /// The agent's program, `unknown` where that cannot be read.
    pub program: String,
    /// The control group the hook runs in, as /proc/PID/cgroup names it; empty if unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}
