//! `pagerctl policy`: whether the policy is right, what it says of a call and why, and a person's own
//! tests of it.

pub(crate) mod check;
mod explain;
mod test;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use pager_config::Diagnostic;
use pager_config::paths::Paths;
use pager_policy::{Place, Policy};

use super::grants;
use crate::daemon::{Daemon, Target};
use crate::failure::Failure;
use crate::output::Output;

/// `pagerctl policy …`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Report what is wrong in a policy file, and what is likely a mistake; exits with 1 if anything
    /// is wrong.
    Check {
        /// The file [default: $XDG_CONFIG_HOME/pager/policy.toml].
        file: Option<PathBuf>,
    },
    /// Say what would happen with a call: every rule, every criterion.
    Explain(explain::Args),
    /// Judge the calls of a file and compare with what is expected of them; exits with 1 if any
    /// differs.
    Test {
        /// The file of cases.
        cases: PathBuf,
        /// Judge by this policy instead of the person's.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// List the rules that were granted for good, by whom, when, and where they stand.
    Grants,
    /// Take a granted rule back.
    Revoke {
        /// The approval it was granted with, as `grants` names it.
        id: String,
    },
}

/// Does it.
pub(crate) async fn run(args: &Args, target: &Target, output: &Output) -> Result<(), Failure> {
    match &args.deed {
        Deed::Check { file } => check::run(file.as_deref(), output),
        Deed::Explain(args) => explain::run(args, target, output).await,
        Deed::Test { cases, policy } => test::run(cases, policy.as_deref(), output),
        Deed::Grants => grants::list(&Daemon::connect(target).await?, output).await,
        Deed::Revoke { id } => grants::revoke(&Daemon::connect(target).await?, output, id).await,
    }
}

/// The file that is meant: the one that was named, or the person's own.
fn file(named: Option<&Path>, paths: &Paths) -> Result<PathBuf, Failure> {
    match named {
        Some(file) => Ok(file.to_owned()),
        None => Ok(paths.config_dir().map_err(Failure::failed)?.join("policy.toml")),
    }
}

/// The policy of a file, as the daemon would have it.
fn load(named: Option<&Path>, place: &Place, paths: &Paths) -> Result<Policy, Failure> {
    let path = file(named, paths)?;
    if named.is_some_and(|file| !file.exists()) {
        return Err(Failure::failed(format!("{} does not exist", path.display())));
    }
    pager_policy::load(&path, place)
        .map_err(|faults| Failure::failed(format!("the policy is wrong:\n{}", lines(&faults))))
}

fn lines(faults: &[Diagnostic]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn now() -> Timestamp {
    Timestamp::now()
}
