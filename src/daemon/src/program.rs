//! The daemon as a program: arguments, log, exit status.

use std::process::ExitCode;

use crate::args::Args;
use crate::daemon::{self, Failure};
use crate::{host, panics};
use clap::Parser;

/// `EX_CONFIG` of sysexits(3): the configuration is wrong, and a restart mends nothing.
const EX_CONFIG: u8 = 78;

/// How many bytes of stack a thread has that does what may block.
const BLOCKING_STACK: usize = 16 << 20;

/// Runs it. To be called before any thread is started.
pub fn run() -> ExitCode {
    let args = Args::parse();
    // Before any thread is started: it clears variables of the environment.
    let passed = host::sockets::passed();
    host::journal::init();
    host::limits::set();
    panics::end_the_daemon();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // The shell parser goes down into what is nested; what is not used costs nothing.
        .thread_stack_size(BLOCKING_STACK)
        .build()
        .map_err(|error| Failure::Other(error.into()))
        .and_then(|runtime| runtime.block_on(daemon::run(&args, passed)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config(errors)) => {
            tracing::error!(message_id = pager_core::message_id::CONFIG_REFUSED, "{errors}");
            ExitCode::from(EX_CONFIG)
        }
        Err(Failure::Other(error)) => {
            tracing::error!("{}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, without those that it has said itself.
fn chain(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::{EX_CONFIG, chain};

    #[test]
    fn the_manual_tells_every_status() {
        let manual = include_str!("../../../man/pagerd.8");
        let section = manual.split(".Sh EXIT STATUS\n").nth(1).unwrap();
        let section = section.split(".Sh ").next().unwrap();
        let told: Vec<u8> =
            section.lines().filter_map(|line| line.strip_prefix(".It ")?.parse().ok()).collect();
        assert_eq!(told, [0, 1, EX_CONFIG]);
    }

    #[test]
    fn a_cause_is_told_once() {
        let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let plain = anyhow::Error::from(denied()).context("the socket").context("cannot start");
        assert_eq!(chain(&plain), "cannot start: the socket: permission denied");
        let path = std::path::PathBuf::from("/run/hook.sock");
        let whole = crate::host::sockets::BindError::Io { path, source: denied() };
        assert_eq!(chain(&whole.into()), "/run/hook.sock: permission denied");
    }
}
