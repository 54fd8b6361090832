//! Codex's hooks: beside the wiring the person's trust, which Codex keeps for itself.

use pager_agents::wiring::{Change, Check};
use pager_core::sanitize::one_line;
use serde::Serialize;

use super::{Agent, COMMAND_MAX, checked, installed, removed};
use crate::codex::{Codex, Seen, Trust, TrustState, program};
use crate::failure::Failure;
use crate::output::Output;
use crate::{programs, talk};

/// What an install did, for a script.
#[derive(Serialize)]
struct Installed<'a> {
    #[serde(flatten)]
    change: &'a Change,
    trust: &'a [Trust],
}

/// How things stand, for a script.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    check: &'a Check,
    trust: &'a [Trust],
}

pub(super) async fn install(yes: bool, output: &Output) -> Result<(), Failure> {
    // Before anything is written: without Codex the entries would stand there and never be run.
    let codex = program()?;
    let hook = programs::HOOK.find()?;
    let wiring = Agent::Codex.wiring()?;
    let change = wiring.install(&hook).map_err(Failure::failed)?;
    let check = wiring.check(&hook).map_err(Failure::failed)?;
    let mut codex = Codex::start(&codex, &wiring, &hook).await?;
    let mut seen = codex.see(&check).await?;
    warn(&seen, output);
    if !seen.is_trusted() && (yes || agreed(&hook.display().to_string(), &seen, output).await?) {
        codex.trust(&seen).await?;
        seen = codex.see(&check).await?;
    }
    let text = || format!("{}\n{}", installed(&change), trusted(&seen));
    output.done(&Installed { change: &change, trust: &seen.trust }, text)?;
    if seen.is_trusted() {
        return Ok(());
    }
    Err(Failure::failed("the hooks are wired, but Codex does not run what is not trusted")
        .with_hint(
            "trust them with `pagerctl hooks install --agent codex --yes`, or in Codex itself, \
             which asks at its next start",
        ))
}

pub(super) async fn remove(output: &Output) -> Result<(), Failure> {
    let wiring = Agent::Codex.wiring()?;
    // While the entries are there, Codex can tell which of its records are about them. Where it
    // cannot be asked they stay, and allow nothing: they are bound to these entries' words.
    if let (Ok(codex), Ok(hook)) = (program(), programs::HOOK.find()) {
        let forgotten = async {
            let check = wiring.check(&hook).map_err(Failure::failed)?;
            if !check.exists {
                return Ok(());
            }
            let mut codex = Codex::start(&codex, &wiring, &hook).await?;
            let seen = codex.see(&check).await?;
            codex.forget(&seen).await
        };
        if let Err(failure) = forgotten.await {
            output.note(&format!("Codex keeps its record of the trust: {}", failure.what));
        }
    }
    let change = wiring.remove().map_err(Failure::failed)?;
    output.done(&change, || removed(&change))
}

pub(super) async fn check(output: &Output) -> Result<(), Failure> {
    let codex = program()?;
    let hook = programs::HOOK.find()?;
    let wiring = Agent::Codex.wiring()?;
    let check = wiring.check(&hook).map_err(Failure::failed)?;
    let seen = Codex::start(&codex, &wiring, &hook).await?.see(&check).await?;
    warn(&seen, output);
    let data = Checked { check: &check, trust: &seen.trust };
    let text = || {
        let wired = checked(&check);
        if check.is_installed() { format!("{wired}\n{}", trusted(&seen)) } else { wired }
    };
    if check.is_installed() && seen.is_trusted() {
        return output.done(&data, text);
    }
    output.line(&data, text)?;
    Err(Failure::told())
}

/// Asks the person, who alone can say so, whether Codex is to trust pager's entries.
async fn agreed(hook: &str, seen: &Seen, output: &Output) -> Result<bool, Failure> {
    if !output.is_talk() || !talk::somebody_is_there() {
        return Ok(false);
    }
    let count = seen.trust.iter().filter(|trust| trust.state != TrustState::Trusted).count();
    let hook = one_line(hook, COMMAND_MAX);
    talk::yes_no(
        &format!(
            "Codex runs a hook only if you trust it. Shall it trust pager's {count} entries, \
             which run {hook} --agent codex?"
        ),
        None,
    )
    .await
}

/// What keeps Codex from reading a file of hooks, in its own words.
fn warn(seen: &Seen, output: &Output) {
    for warning in &seen.warnings {
        output.note(&format!("Codex says: {}", one_line(warning, 4 * COMMAND_MAX)));
    }
}

/// Whether Codex runs every entry; else which it passes over, and why.
pub(crate) fn trusted(seen: &Seen) -> String {
    if seen.is_trusted() {
        return format!("Codex trusts all {} entries.", seen.trust.len());
    }
    let faults = seen.trust.iter().filter_map(|trust| {
        let fault = match trust.state {
            TrustState::Trusted => return None,
            TrustState::Untrusted => "is not trusted",
            TrustState::Modified => "was trusted with other words than it has now",
            TrustState::Disabled => "is switched off in Codex",
            TrustState::Missing => "is not seen by Codex",
        };
        Some(format!("  {} {fault}", trust.event))
    });
    let faults: Vec<_> = faults.collect();
    format!("Codex does not run everything that is wired:\n{}", faults.join("\n"))
}
