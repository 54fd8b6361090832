//! `pagerctl doctor`: says what is wrong and what to do about it, and does what can be done without
//! asking anybody else. Without `--fix` it changes nothing, and starts nothing but the daemon, by
//! reaching for it.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::daemon::{Daemon, Target};
use crate::doctor::checks::ALL;
use crate::doctor::fix::Mend;
use crate::doctor::report::Report;
use crate::doctor::{Check, Options, PATIENCE, Scene, examine};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{columns, table};
use crate::talk;

/// `pagerctl doctor`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these checks.
    #[arg(value_name = "CHECK")]
    checks: Vec<String>,
    /// List the checks there are.
    #[arg(long, conflicts_with_all = ["fix", "strict"])]
    list: bool,
    /// Mend what is safe to mend, after asking.
    #[arg(long)]
    fix: bool,
    /// Mend it without asking.
    #[arg(long, short, requires = "fix")]
    yes: bool,
    /// Let warnings count as failures.
    #[arg(long)]
    strict: bool,
    /// Read this configuration file instead of all others.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Look at the state in this folder: what pagerd was given as --state-dir.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

/// Does it; fails where something does.
pub(super) async fn run(args: Args, target: Target, output: &Output) -> Result<(), Failure> {
    let checks = wanted(&args.checks)?;
    if args.list {
        return list(&checks, output);
    }
    let scene = || {
        let options = Options { config: args.config.clone(), state_dir: args.state_dir.clone() };
        Arc::new(Scene::new(target.clone(), options))
    };
    let look = async || {
        let rows = examine(&checks, &scene()).await;
        Report::new(env!("CARGO_PKG_VERSION"), rows, args.strict)
    };
    let mut report = look().await;
    if args.fix && mend(&report, args.yes, output).await? {
        heed(&target).await;
        report = look().await;
    }
    output.data(&report, || report.text(columns().map(usize::from)))?;
    if report.ok { Ok(()) } else { Err(Failure::told()) }
}

/// The checks that are named, in their own order; all where none is.
fn wanted(names: &[String]) -> Result<Vec<&'static Check>, Failure> {
    for name in names {
        if ALL.iter().all(|check| check.id != name) {
            let failure = Failure::usage(format!("there is no check {name:?}"));
            return Err(match pager_config::nearest(name, ALL.iter().map(|check| check.id)) {
                Some(near) => failure.with_hint(format!("did you mean {near}?")),
                None => failure.with_hint("pagerctl doctor --list shows those there are"),
            });
        }
    }
    let is_wanted = |check: &&&Check| names.is_empty() || names.iter().any(|name| name == check.id);
    Ok(ALL.iter().filter(is_wanted).copied().collect())
}

/// A row of `doctor --list --json`.
#[derive(Debug, Serialize)]
struct Listed {
    id: &'static str,
    group: &'static str,
    title: &'static str,
}

fn list(checks: &[&Check], output: &Output) -> Result<(), Failure> {
    let listed = checks.iter().map(|check| Listed {
        id: check.id,
        group: check.group.title(),
        title: check.title,
    });
    let listed: Vec<_> = listed.collect();
    output.data(&listed, || {
        let rows = listed.iter().map(|one| [one.id, one.group, one.title].map(str::to_owned));
        table(["CHECK", "GROUP", "ABOUT"], rows.collect())
    })
}

/// Has the daemon look again at what was changed. What it does not heed is seen by looking again;
/// so is that it hangs.
async fn heed(target: &Target) {
    let heeded = async {
        if let Ok(daemon) = Daemon::connect(target).await {
            daemon.manager().reload().await.ok();
        }
    };
    tokio::time::timeout(PATIENCE, heeded).await.ok();
}

/// Does what is to be done about it, if the person agrees; whether anything was.
async fn mend(report: &Report, yes: bool, output: &Output) -> Result<bool, Failure> {
    let mut mends: Vec<&Mend> = Vec::new();
    for mend in report.checks.iter().filter_map(|row| row.mend.as_ref()) {
        if !mends.contains(&mend) {
            mends.push(mend);
        }
    }
    if mends.is_empty() {
        output.note("There is nothing that --fix mends.");
        return Ok(false);
    }
    output.note("To be done:");
    for mend in &mends {
        output.note(&format!("  {}", mend.intent()));
    }
    if !yes {
        if !output.is_talk() || !talk::somebody_is_there() {
            return Err(Failure::usage("nobody is there to be asked whether to do this")
                .with_hint("--yes does it without asking"));
        }
        if !talk::yes_no("Shall it be done?", Some(false)).await? {
            output.note("Nothing was changed.");
            return Ok(false);
        }
    }
    for mend in mends {
        match mend.carry_out() {
            Ok(done) => output.note(&done),
            // What is left is seen by looking again.
            Err(failure) => crate::output::complain(&failure),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_named_or_all() {
        assert_eq!(wanted(&[]).unwrap().len(), ALL.len());
        let two = wanted(&["voice".to_owned(), "token".to_owned()]).unwrap();
        assert_eq!(two.iter().map(|check| check.id).collect::<Vec<_>>(), ["token", "voice"]);
        let slip = wanted(&["tokn".to_owned()]).err().unwrap();
        assert_eq!(slip.status as u8, 2);
        assert_eq!(slip.hint.as_deref(), Some("did you mean token?"));
    }
}
