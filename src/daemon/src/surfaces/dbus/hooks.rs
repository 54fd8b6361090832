//! The jobs that wire pager's hooks into an agent's settings, and take them out.

use pager_agents::wiring::{Change, Outcome, Wiring, WiringError};

use super::Controls;
use super::jobs::Jobs;

/// Starts wiring the hooks into every agent's settings.
pub(super) fn install(jobs: &Jobs, controls: &Controls) -> u64 {
    let program = controls.hook_program.clone();
    start(jobs, controls, "install-hooks", move |wiring| wiring.install(&program))
}

/// Starts taking them out.
pub(super) fn remove(jobs: &Jobs, controls: &Controls) -> u64 {
    start(jobs, controls, "remove-hooks", Wiring::remove)
}

fn start(
    jobs: &Jobs,
    controls: &Controls,
    kind: &'static str,
    change: impl Fn(&Wiring) -> Result<Change, WiringError> + Send + 'static,
) -> u64 {
    let wirings = controls.wirings.clone();
    jobs.start(kind, "editing the agent's settings", move || {
        let mut sentences = Vec::new();
        for wiring in &wirings {
            sentences.push(sentence(&change(wiring).map_err(|error| error.to_string())?));
        }
        Ok(sentences.join("; "))
    })
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
