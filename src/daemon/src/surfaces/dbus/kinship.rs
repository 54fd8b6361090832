//! Whether a caller lives with an agent: what an agent runs must not answer what agents ask.
//!
//! Everything here is of one user, and what is of one user can disguise itself. pager-security(7) says
//! what is recognised and what is not.

use pager_core::Process;

use crate::host::lineage::{Ancestor, Lineage};

/// What agents leave in the environment of the commands they run. Not what people set for them, such as
/// CLAUDE_CODE_USE_BEDROCK, nor what an editor gives its terminal, such as CLAUDE_CODE_SSE_PORT.
const MARKS: [&str; 12] = [
    "CLAUDECODE",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_SESSION_ID",
    "AI_AGENT",
    "CODEX_THREAD_ID",
    "CODEX_SESSION_ID",
    "CODEX_TOOL_CALL_ID",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "GEMINI_CLI",
    "CURSOR_AGENT",
    "OPENCODE",
];

/// Programs whose one server runs many terminals, and commands outside of any at a word.
const MULTIPLEXERS: [&str; 3] = ["tmux", "screen", "zellij"];

/// An agent that lives.
#[derive(Debug, Clone)]
pub(super) struct KnownAgent {
    pub(super) process: Process,
    /// Its program.
    pub(super) program: String,
    /// Its session's label.
    pub(super) label: String,
    pub(super) lineage: Lineage,
}

/// How it is known that a caller lives with an agent; nothing where it does not seem to. `transient`
/// tells whether a unit of this name was made up by a call rather than written down in a file.
pub(super) fn recognise(
    caller: &Lineage,
    agents: &[KnownAgent],
    transient: impl Fn(&str) -> bool,
) -> Option<String> {
    descent(caller, agents)
        .or_else(|| managed(caller))
        .or_else(|| mark(caller))
        .or_else(|| background_job(caller, agents))
        .or_else(|| made_up_unit(caller, transient))
        .or_else(|| orphan(caller, agents))
}

fn descent(caller: &Lineage, agents: &[KnownAgent]) -> Option<String> {
    let agent = caller
        .chain
        .iter()
        .find_map(|ancestor| agents.iter().find(|agent| agent.process == ancestor.process))?;
    let KnownAgent { process, program, label, .. } = agent;
    Some(format!("it runs below the agent of session {label} ({program}, process {process})"))
}

fn managed(caller: &Lineage) -> Option<String> {
    let group = &caller.own()?.group;
    let ours = |part: &str| part == "pager-sessions.slice" || part.starts_with("pager-session@");
    let part = group.split('/').find(|part| ours(part))?;
    Some(format!("it runs in an agent's unit ({part})"))
}

fn mark(caller: &Lineage) -> Option<String> {
    let environment = caller.environment.as_ref()?;
    let name = MARKS.into_iter().find(|mark| {
        environment.iter().any(|variable| {
            variable.strip_prefix(mark).is_some_and(|rest| rest.starts_with('=') && rest.len() > 1)
        })
    })?;
    Some(format!("its environment has {name}, as that of commands which an agent runs"))
}

/// `tmux run-shell`, and whatever else has a terminal multiplexer run a command outside of its
/// terminals, where an agent lives in one of them.
fn background_job(caller: &Lineage, agents: &[KnownAgent]) -> Option<String> {
    let is_multiplexer =
        |ancestor: &Ancestor| MULTIPLEXERS.iter().any(|name| ancestor.name.starts_with(name));
    let above = caller.chain.iter().take_while(|ancestor| !ancestor.on_terminal);
    let server = above.skip(1).find(|ancestor| is_multiplexer(ancestor))?;
    agents.iter().find(|agent| descends(&agent.lineage, server.process))?;
    let Ancestor { name, process, .. } = server;
    Some(format!(
        "{name} (process {process}), which an agent lives in, runs it beside its terminals"
    ))
}

/// `systemd-run --user`.
fn made_up_unit(caller: &Lineage, transient: impl Fn(&str) -> bool) -> Option<String> {
    let own = caller.own()?;
    if !own.group.contains("/user@") {
        return None;
    }
    let unit = own.group.rsplit('/').find(|part| is_unit(part))?;
    let service = unit.ends_with(".service");
    // Desktops start applications, and the bus its services, in units that they make up as well.
    let expected = unit.starts_with("app-") || unit.starts_with("dbus-");
    let made_up = unit.starts_with("run-") || (service && !expected && transient(unit));
    // A terminal in such a unit is a person's; a unit that is itself given one is not.
    let eldest = caller.chain.last().filter(|_| service);
    let terminal = caller.chain.iter().any(|ancestor| ancestor.on_terminal)
        && eldest.is_none_or(|eldest| !eldest.on_terminal);
    (made_up && !terminal).then(|| format!("it runs in a unit made up for it ({unit})"))
}

fn is_unit(part: &str) -> bool {
    part.ends_with(".service") || part.ends_with(".scope")
}

/// What was let go of, without a terminal, in a control group that an agent lives in.
fn orphan(caller: &Lineage, agents: &[KnownAgent]) -> Option<String> {
    if !caller.from_manager || caller.chain.iter().any(|ancestor| ancestor.on_terminal) {
        return None;
    }
    let group = &caller.own()?.group;
    let agent = agents.iter().find(|agent| {
        let chain = &agent.lineage.chain;
        let beside = chain.iter().any(|ancestor| ancestor.group == *group);
        // Where both have a living ancestor, a desktop or a login, it was not let go of.
        let related =
            caller.chain.iter().any(|ancestor| descends(&agent.lineage, ancestor.process));
        beside && !related
    })?;
    Some(format!(
        "it was started in the background, without a terminal, beside the agent of session {}",
        agent.label
    ))
}

fn descends(lineage: &Lineage, from: Process) -> bool {
    lineage.chain.iter().any(|ancestor| ancestor.process == from)
}

#[cfg(test)]
mod tests;
