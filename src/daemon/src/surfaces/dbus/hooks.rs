//! The jobs that wire pager's hooks into an agent's settings, and take them out.

use pager_agents::wiring::{Change, Outcome, Wiring, WiringError};
use pager_core::sanitize::one_line;

use super::Controls;
use super::error::Error;
use super::jobs::Jobs;

/// The agent that is meant where none is named.
pub(super) const DEFAULT: &str = "claude";

/// Starts wiring the hooks into an agent's settings.
pub(super) fn install(jobs: &Jobs, controls: &Controls, agent: &str) -> Result<u64, Error> {
    let program = controls.hook_program.clone();
    let wiring = wiring(controls, agent)?;
    Ok(start(jobs, "install-hooks", move || {
        let mut done = sentence(&wiring.install(&program)?);
        if wiring.needs_trust() {
            done.push_str(
                "; the agent runs nothing of it that you have not trusted: it asks at its next \
                 start, as does pagerctl hooks install",
            );
        }
        Ok(done)
    }))
}

/// Starts taking them out.
pub(super) fn remove(jobs: &Jobs, controls: &Controls, agent: &str) -> Result<u64, Error> {
    let wiring = wiring(controls, agent)?;
    Ok(start(jobs, "remove-hooks", move || Ok(sentence(&wiring.remove()?))))
}

fn wiring(controls: &Controls, agent: &str) -> Result<Wiring, Error> {
    let wirings = &controls.wirings;
    wirings.iter().find(|wiring| wiring.agent() == agent).cloned().ok_or_else(|| {
        let known: Vec<_> = wirings.iter().map(Wiring::agent).collect();
        Error::InvalidArgument(match known.as_slice() {
            [] => "no agent's settings can be found, as pagerd has no HOME".to_owned(),
            known => format!(
                "pager does not know where {:?} has its settings: name one of {}",
                one_line(agent, 40),
                known.join(", ")
            ),
        })
    })
}

fn start(
    jobs: &Jobs,
    kind: &'static str,
    change: impl FnOnce() -> Result<String, WiringError> + Send + 'static,
) -> u64 {
    jobs.start(kind, "editing the agent's settings", || change().map_err(|error| error.to_string()))
}

fn sentence(change: &Change) -> String {
    let file = change.file.display();
    let done = match change.outcome {
        Outcome::Changed => format!("changed {file}"),
        Outcome::Created => format!("made {file}"),
        Outcome::Unchanged => format!("{file} was already as it should be"),
    };
    match &change.backup {
        Some(backup) => format!("{done}, the version before is {}", backup.display()),
        None => done,
    }
}
