//! The hook and status-line client a coding agent runs.
//!
//! It carries what the agent writes on standard input to the daemon and, for a permission request
//! alone, waits for a person's decision and prints it. Whatever goes wrong, it says nothing and exits
//! with status 0, because silence is what leaves the question to the agent's own dialog.

#![forbid(unsafe_code)]

mod args;
mod event;
mod input;
mod output;
mod request;
mod wait;
mod watch;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use pager_proto::{ConnectError, Connection, Hello, Kind, RequestId, encode_hello, socket_path};

use crate::args::{Action, Args};
use crate::event::Waits;
use crate::input::Stop;
use crate::request::Request;
use crate::watch::Watch;

/// How long a step towards the daemon may take while the agent is held up by it.
const STEP: Duration = Duration::from_millis(50);

/// How long an event waits to be looked at. The daemon does so at once, but for a moment when the
/// machine is busy; what it could not look at settles nothing, and the question stays open elsewhere.
const NOTICE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    // A panic would end in a signal or a status that the agent reports as a failed hook.
    std::panic::set_hook(Box::new(|panic| {
        complain(&panic.to_string());
        std::process::exit(0);
    }));
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Action::Serve(args)) => serve(&args),
        Ok(Action::Print(text)) => drop(std::io::stdout().write_all(text.as_bytes())),
        Err(error) => {
            complain(&error.to_string());
            input::drain();
        }
    }
    ExitCode::SUCCESS
}

fn serve(args: &Args) {
    let served = match socket_path() {
        Ok(path) => carry(args, &path),
        Err(_) => Err(Stop::NoDaemon),
    };
    if let Err(Stop::NoDaemon | Stop::TooLarge) = served {
        input::drain();
    }
}

fn carry(args: &Args, path: &Path) -> Result<(), Stop> {
    let watch = Watch::signals();
    let connection = match Connection::open(path, STEP) {
        Ok(connection) => Some(connection),
        // The daemon lives and takes nothing now. That is the end of an event, but a permission
        // request can wait for better times, and only reading tells which of them this is.
        Err(ConnectError::Busy(_) | ConnectError::Interrupted) => None,
        Err(_) => return Err(Stop::NoDaemon),
    };
    let hello = Hello {
        program: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        agent: args.agent.clone(),
        kind: args.kind,
        request: Some(RequestId::random().map_err(|_| Stop::NoDaemon)?),
    };
    let mut request = Request::new(encode_hello(&hello), connection);
    let waits = match args.kind {
        Kind::Event => {
            let mut reader = request.reader(&watch);
            let waits = event::recognise(&mut reader);
            reader.check()?;
            waits
        }
        Kind::StatusLine | Kind::Ping => Waits::No,
    };
    if waits == Waits::No {
        request.forget()?;
    }
    request.read_to_end(&watch)?;
    match waits {
        Waits::Yes => {
            let watch = watch.and_agent();
            if let Some(decision) = wait::for_decision(request, path, &watch, &wait::PATIENCE) {
                output::print(&decision, &watch);
            }
        }
        // Nobody can be asked for the parent of a process that has ended.
        Waits::No => request.await_notice(&watch),
    }
    Ok(())
}

fn complain(what: &str) {
    // Nobody is left to tell where standard error is gone as well.
    drop(writeln!(std::io::stderr(), "pager-hook: {what}"));
}
