//! Running scenarios: a fresh system each, and what a person needs to see when one fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Failed, Trial};

use super::missing::missing;
use super::{System, prepared};

/// A test of its own on a freshly booted system.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// What the test is called.
    pub name: &'static str,
    /// Runs it; panics or fails where the system does not behave.
    pub run: fn(&System) -> Result<()>,
}

/// Runs the scenarios as `cargo test` would run tests.
///
/// Where this machine cannot boot systems the scenarios are reported as ignored, with the reason;
/// with `PAGER_SYSTEM=required` in the environment that is a failure.
pub fn main(scenarios: Vec<Scenario>) -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = missing();
    let required = std::env::var_os("PAGER_SYSTEM").is_some_and(|value| value == "required");
    if !missing.is_empty() {
        eprintln!("system suite: not run: {}", missing.join("; "));
        if required {
            return ExitCode::FAILURE;
        }
    }
    let trials = scenarios.into_iter().map(|scenario| {
        let trial = Trial::test(scenario.name, move || trial(&scenario));
        trial.with_ignored_flag(!missing.is_empty())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial(scenario: &Scenario) -> Result<(), Failed> {
    let system = System::boot().map_err(|error| Failed::from(reasons(&error)))?;
    let outcome = catch_unwind(AssertUnwindSafe(|| (scenario.run)(&system)));
    let failure = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => reasons(&error),
        Err(_) => "it panicked, as printed above".to_owned(),
    };
    let kept = match keep(scenario.name, &system) {
        Ok(path) => format!("its console and journal are in {path}"),
        Err(error) => format!("its journal could not be kept: {error:#}"),
    };
    Err(Failed::from(format!("{failure}\n{kept}")))
}

fn reasons(error: &anyhow::Error) -> String {
    let reasons: Vec<_> = error.chain().map(ToString::to_string).collect();
    reasons.join("\nbecause: ")
}

fn keep(name: &str, system: &System) -> Result<String> {
    let path = prepared().join("failed").join(name).with_extension("log");
    let folder = path.parent().context("no folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let text = system.post_mortem();
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path.display().to_string())
}
