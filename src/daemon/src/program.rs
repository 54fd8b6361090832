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
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
