//! Having the person authenticate at this terminal, where the policy wants that and no desktop does.

use std::process::Stdio;
use std::time::Duration;

use owo_colors::OwoColorize;
use pager_core::approval::Kind;
use pager_core::sanitize::one_line;
use pager_core::{Agent, present};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use crate::daemon::Daemon;
use crate::failure::{Failure, Status};
use crate::interrupt;
use crate::output::Output;

/// polkit's agent for terminals.
const AGENT: &str = "pkttyagent";
/// How long it may take to end once it was told to.
const END: Duration = Duration::from_secs(5);
/// More of a summary than anybody reads at a password prompt.
const SUMMARY: usize = 500;

/// Calls, and where polkit found nobody who could ask the person, calls once more with an agent that
/// asks here. A desktop's own agent is thus always the first to be used.
///
/// # Errors
/// What the call says, or why nobody can be asked here.
pub(crate) async fn with_agent(
    daemon: &Daemon,
    output: &Output,
    id: &str,
    call: impl AsyncFn() -> zbus::Result<()>,
) -> Result<(), Failure> {
    let refused = match call().await {
        Err(error) if wants_agent(&error) => Failure::from(error),
        done => return Ok(done?),
    };
    if !output.may_ask_password() {
        return Err(refused.with_hint(
            "do it in a terminal, or where a desktop with an authentication agent runs",
        ));
    }
    // The agent shows polkit's words for any yes: what this one is for is said before.
    let approval = daemon.approval(id).await?;
    let kind = Kind::from_word(&approval.kind).unwrap_or(Kind::Permission);
    let agent = Agent::new(&approval.agent);
    let headline = present::headline_of(&agent, &approval.label, kind, &approval.tool);
    let summary = one_line(&approval.summary, SUMMARY);
    output.note(&format!("{}\n    {summary}", headline.bold()));
    interrupt::or_clean_up(async {
        let mut agent = AtTerminal::start().await?;
        let done = call().await;
        agent.end().await;
        Ok(done?)
    })
    .await
}

fn wants_agent(error: &zbus::Error) -> bool {
    let zbus::Error::MethodError(name, ..) = error else { return false };
    name.as_str() == "org.pagerd.Pager1.Error.AuthenticationRequired"
}

/// An agent that asks at this terminal on behalf of this process.
struct AtTerminal {
    child: Child,
    terminal: Termios,
}

impl AtTerminal {
    /// Starts it, and returns once polkit knows it; or where it could not be made known, of which it
    /// tells the person itself.
    async fn start() -> Result<Self, Failure> {
        let unready = |error: std::io::Error| {
            Failure::new(Status::Refused, format!("{AGENT} cannot ask for your password: {error}"))
                .with_hint(format!(
                    "install polkit's {AGENT}, which Debian has in the package polkitd"
                ))
        };
        let terminal = tcgetattr(std::io::stdin()).map_err(|error| unready(error.into()))?;
        let mut child = Command::new(AGENT)
            .arg(format!("--process={}", std::process::id()))
            // It says that it is ready by closing this.
            .arg("--notify-fd=1")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(unready)?;
        let ready = child.stdout.take();
        let started = Self { child, terminal };
        if let Some(mut ready) = ready {
            ready.read_to_end(&mut Vec::new()).await.map_err(unready)?;
        }
        Ok(started)
    }

    async fn end(&mut self) {
        let pid = self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(pid) = pid {
            // It may have ended by itself.
            kill_process(pid, Signal::TERM).ok();
        }
        tokio::time::timeout(END, self.child.wait()).await.ok();
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        // An agent that is ended while it asks may leave a terminal that shows nothing of what is
        // typed. A terminal that is gone needs no mode.
        tcsetattr(std::io::stdin(), OptionalActions::Drain, &self.terminal).ok();
    }
}
