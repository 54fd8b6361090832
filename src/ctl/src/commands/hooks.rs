//! `pagerctl hooks`: the coding agent's side of pager. It works on the settings file itself, so that
//! no daemon is needed.

mod codex;

use clap::{Subcommand, ValueEnum};
use pager_agents::wiring::{Change, Check, EventAction, EventState, Outcome, Wiring};
use pager_config::paths::Paths;
use pager_core::sanitize::one_line;

use crate::failure::Failure;
use crate::output::{Output, shown};
use crate::programs;

pub(crate) use codex::trusted;

/// The longest foreign command that is shown.
const COMMAND_MAX: usize = 200;

/// `pagerctl hooks …`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Deed {
    /// Let the agent run pager-hook for every event that pager needs.
    Install {
        #[command(flatten)]
        which: Which,
        /// Have Codex trust the entries without asking about it.
        #[arg(long, short)]
        yes: bool,
    },
    /// Take pager's entries out again; those of others stay.
    Remove(Which),
    /// Say whether everything is wired; exits with 1 if not.
    Check(Which),
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct Which {
    /// The agent whose settings are meant.
    #[arg(long, value_enum, default_value_t = Agent::Claude)]
    agent: Agent,
}

/// An agent whose settings pager knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Agent {
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
}

impl Agent {
    /// The settings of this person's agent.
    pub(crate) fn wiring(self) -> Result<Wiring, Failure> {
        let variable = match self {
            Self::Claude => "CLAUDE_CONFIG_DIR",
            Self::Codex => "CODEX_HOME",
        };
        let paths = Paths::from_env();
        let folder = std::env::var_os(variable).filter(|dir| !dir.is_empty());
        if paths.home().is_none() && folder.is_none() {
            return Err(Failure::failed("no home folder: HOME is not an absolute path")
                .with_hint(format!("set HOME, or {variable}, to one")));
        }
        let home = paths.home().unwrap_or_else(|| std::path::Path::new("/"));
        Ok(match self {
            Self::Claude => {
                Wiring::claude(home, folder.as_deref()).searching(std::env::var_os("PATH"))
            }
            Self::Codex => Wiring::codex(home, folder.as_deref()),
        })
    }
}

/// Does it.
pub(crate) async fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match args.deed {
        Deed::Install { which: Which { agent: Agent::Codex }, yes } => {
            codex::install(yes, output).await
        }
        Deed::Remove(Which { agent: Agent::Codex }) => codex::remove(output).await,
        Deed::Check(Which { agent: Agent::Codex }) => codex::check(output).await,
        Deed::Install { which: Which { agent: Agent::Claude }, yes: _ } => {
            let change = install(Agent::Claude)?;
            output.done(&change, || installed(&change))
        }
        Deed::Remove(Which { agent: Agent::Claude }) => {
            let change = Agent::Claude.wiring()?.remove().map_err(Failure::failed)?;
            output.done(&change, || removed(&change))
        }
        Deed::Check(Which { agent: Agent::Claude }) => {
            let program = programs::HOOK.find()?;
            let check = Agent::Claude.wiring()?.check(&program).map_err(Failure::failed)?;
            if check.is_installed() {
                return output.done(&check, || checked(&check));
            }
            output.line(&check, || checked(&check))?;
            Err(Failure::told())
        }
    }
}

/// Wires this installation's `pager-hook` into an agent's settings.
pub(crate) fn install(agent: Agent) -> Result<Change, Failure> {
    let program = programs::HOOK.find()?;
    agent.wiring()?.install(&program).map_err(Failure::failed)
}

/// What an install did, in a few lines.
pub(crate) fn installed(change: &Change) -> String {
    let file = shown(&change.file);
    let count = |action| change.events.iter().filter(|event| event.action == action).count();
    let mut text = match change.outcome {
        Outcome::Unchanged => {
            return format!(
                "{file}: pager-hook is wired for {} events already.",
                change.events.len()
            );
        }
        Outcome::Created => format!("Wrote {file}"),
        Outcome::Changed => format!("Changed {file}"),
    };
    let parts = [
        (count(EventAction::Added), "added"),
        (count(EventAction::Updated), "brought up to date"),
        (count(EventAction::Removed), "taken out"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, done)| format!("{} {done}", entries(*count)))
        .collect();
    text.push_str(&format!(": {}.", parts.join(", ")));
    push_backup(&mut text, change);
    text.push_str(
        "\nSessions started from now on ask through pager. One that runs already may have to be \
         restarted: type /hooks in it to see which hooks it knows.",
    );
    text
}

fn removed(change: &Change) -> String {
    let file = shown(&change.file);
    let count = change.events.iter().filter(|e| e.action == EventAction::Removed).count();
    if change.outcome == Outcome::Unchanged {
        return format!("{file}: nothing of pager's is in it.");
    }
    let mut text = format!("Changed {file}: {} taken out.", entries(count));
    push_backup(&mut text, change);
    text
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

fn push_backup(text: &mut String, change: &Change) {
    if let Some(backup) = &change.backup {
        text.push_str(&format!("\nThe file as it was: {}", shown(backup)));
    }
}

/// How the agent is wired, and what to do where it is not.
pub(crate) fn checked(check: &Check) -> String {
    let file = shown(&check.file);
    let mut lines = Vec::new();
    if check.is_installed() {
        lines.push(format!("{file}: all {} events are wired.", check.events.len()));
    } else if !check.exists {
        lines.push(format!("{file} does not exist: no event is wired."));
    } else {
        lines.push(format!("{file}:"));
        lines.extend(check.events.iter().filter_map(|event| {
            let fault = fault(&event.state)?;
            Some(format!("  {} {fault}", event.event))
        }));
        lines.extend(check.harmful.iter().map(|event| {
            format!("  {event} is wired, for which the agent's release takes no settings at all")
        }));
        if check.hooks_disabled {
            lines.push("  disableAllHooks is true: no hook of anybody's runs".to_owned());
        }
    }
    for event in &check.events {
        if let Some(matcher) = &event.limited_to {
            let matcher = one_line(matcher, COMMAND_MAX);
            lines.push(format!("Note: {} is heard for {matcher} only.", event.event));
        }
    }
    for command in &check.other_permission_hooks {
        let command = one_line(command, COMMAND_MAX);
        lines.push(format!("Note: another hook is asked for permission too: {command}"));
    }
    if check.hooks_disabled {
        lines.push("What to do: take disableAllHooks out of the file.".to_owned());
    } else if !check.is_installed() {
        let agent = if check.agent == "claude" { "" } else { " --agent codex" };
        lines.push(format!("What to do: pagerctl hooks install{agent}"));
    }
    lines.join("\n")
}

fn fault(state: &EventState) -> Option<String> {
    let command = |command: &str| one_line(command, COMMAND_MAX);
    match state {
        EventState::Installed => None,
        EventState::Missing => Some("is not wired".to_owned()),
        EventState::Elsewhere { command: other } => {
            Some(format!("runs another pager-hook: {}", command(other)))
        }
        EventState::ProgramMissing { command: gone } => {
            Some(format!("runs a program that is not there: {}", command(gone)))
        }
        EventState::OtherTimeout { seconds: Some(seconds) } => {
            Some(format!("has the wrong timeout, {seconds} s"))
        }
        EventState::OtherTimeout { seconds: None } => Some("has no timeout".to_owned()),
    }
}
