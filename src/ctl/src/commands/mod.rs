//! The verbs, each in a file of its own.

mod answer;
pub(crate) mod approve;
pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod demo;
mod deny;
pub(crate) mod doctor;
#[cfg(test)]
mod golden;
mod grants;
pub(crate) mod hooks;
mod list;
mod monitor;
mod overview;
pub(crate) mod pair;
pub(crate) mod panic;
mod picker;
pub(crate) mod policy;
mod resume;
pub(crate) mod rotate_token;
mod sessions;
pub(crate) mod setup;
mod show;
mod status;
mod words;

use crate::cli::{Args, Verb};
use crate::daemon::{Daemon, Target};
use crate::failure::{Failure, Status};
use crate::interrupt;
use crate::output::Output;

/// Does what the command line says.
pub(crate) fn run(args: Args, output: &Output) -> Result<(), Failure> {
    let target = Target::choose(args.runtime_dir.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Status::Failed, format!("cannot start: {error}")))?;
    let done = runtime.block_on(async {
        let verb = match args.verb {
            Some(Verb::Hooks(args)) => return hooks::run(&args, output).await,
            Some(Verb::Audit(args)) => return audit::run(args, &target, output).await,
            Some(Verb::RotateToken(args)) => {
                return rotate_token::run(&args, &target, output).await;
            }
            Some(Verb::Config(args)) => return config::run(&args, output),
            Some(Verb::Policy(args)) => return policy::run(&args, &target, output).await,
            Some(Verb::Setup(args)) => return interrupt::or_clean_up(setup::run(args)).await,
            Some(Verb::Doctor(args)) => return doctor::run(args, target, output).await,
            Some(Verb::Demo(args)) => return interrupt::or_clean_up(demo::run(args)).await,
            Some(Verb::Answer { answers, .. }) if answers.is_empty() && !picker::can(output) => {
                return Err(answer::unsaid());
            }
            verb => verb,
        };
        let begins = matches!(&verb, Some(Verb::Panic(args)) if args.begins());
        let daemon = match Daemon::connect(&target).await {
            Err(failure) if begins => return Err(panic::unreachable(failure)),
            reached => reached?,
        };
        match verb {
            None => overview::run(&daemon, output).await,
            Some(Verb::Status) => status::run(&daemon, output).await,
            Some(Verb::List { all }) => list::run(&daemon, output, all).await,
            Some(Verb::Show { id }) => show::run(&daemon, output, &id).await,
            Some(Verb::Approve(args)) => approve::run(&daemon, output, &args).await,
            Some(Verb::Deny { id, message, stop }) => {
                deny::run(&daemon, output, &id, &message, stop).await
            }
            Some(Verb::Answer { id, answers }) => answer::run(&daemon, output, &id, &answers).await,
            Some(Verb::Resume { session }) => resume::run(&daemon, output, &session).await,
            Some(Verb::Panic(args)) => panic::run(&daemon, output, &args).await,
            Some(Verb::Pair(args)) => pair::run(&daemon, output, &args).await,
            Some(Verb::Monitor) => monitor::run(&daemon, output).await,
            Some(Verb::Sessions { all }) => sessions::run(&daemon, output, all).await,
            Some(
                Verb::Setup(_)
                | Verb::Hooks(_)
                | Verb::Audit(_)
                | Verb::Config(_)
                | Verb::RotateToken(_)
                | Verb::Policy(_)
                | Verb::Doctor(_)
                | Verb::Demo(_),
            ) => Ok(()),
        }
    });
    // A thread that still waits for a line must not hold the end up.
    runtime.shutdown_background();
    done
}
