//! `pagerctl panic`: shuts everything at once, and opens it again.

use std::borrow::Cow;

use owo_colors::OwoColorize;
use pager_core::sanitize::one_line;
use serde::Serialize;

use super::words::by;
use crate::daemon::{Daemon, Lock};
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::talk;
use crate::time::date;

/// `pagerctl panic`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Why; it is written down and told.
    #[arg(long, value_name = "TEXT", default_value = "", conflicts_with = "end")]
    reason: String,
    /// Open everything again.
    #[arg(long)]
    end: bool,
    /// Open it without asking.
    #[arg(long, requires = "end")]
    yes: bool,
}

impl Args {
    /// Whether it is to be shut.
    pub(crate) fn begins(&self) -> bool {
        !self.end
    }
}

/// What was done.
#[derive(Debug, Serialize)]
pub(super) struct Shut {
    pub(super) stopped: Vec<String>,
    pub(super) running: Vec<String>,
    pub(super) evidence: Option<String>,
    pub(super) missing: Vec<String>,
}

const NEXT: &str = "\
What to do now:
  1. Revoke the bot's token: @BotFather, /revoke. Whoever has the old one can read
     along until then. Give pager the new one: pagerctl rotate-token
  2. Look whether the audit log is whole, and what was allowed:
     pagerctl audit verify; pagerctl audit
  3. Take back what should not have been granted:
     pagerctl policy grants; pagerctl pair
  4. Open everything again: pagerctl panic --end
";

pub(super) async fn run(daemon: &Daemon, output: &Output, args: &Args) -> Result<(), Failure> {
    if args.end {
        return end(daemon, output, args.yes).await;
    }
    let (stopped, running, evidence, missing) =
        daemon.manager().panic_because(&args.reason).await?;
    let evidence = (!evidence.is_empty()).then_some(evidence);
    let shut = Shut { stopped, running, evidence, missing };
    output.done(&shut, || text(&shut))
}

fn text(shut: &Shut) -> String {
    let mut text = format!(
        "{} No chat is heard, and what waited is cancelled: the agents' own dialogs decide.\n",
        "Everything from outside is shut.".bold()
    );
    let mut list = |title: &str, lines: &[String]| {
        if !lines.is_empty() {
            text.push_str(&format!("{title}\n"));
            text.extend(lines.iter().map(|line| format!("  {}\n", one_line(line, 400))));
        }
    };
    list("Stopped:", &shut.stopped);
    list("Still running:", &shut.running);
    match &shut.evidence {
        Some(path) => list("Evidence:", std::slice::from_ref(path)),
        None => list("Evidence:", &["none could be kept".to_owned()]),
    }
    list("Missing there:", &shut.missing);
    text + "\n" + NEXT.trim_end()
}

async fn end(daemon: &Daemon, output: &Output, yes: bool) -> Result<(), Failure> {
    let Some(lock) = daemon.locked().await? else {
        return Err(Failure::new(Status::Settled, "nothing is shut: there was no panic"));
    };
    if !yes {
        if !talk::somebody_is_there() {
            let what = "this opens everything again: say so with --yes";
            return Err(Failure::usage(what));
        }
        let question = format!("{}\nType yes to open everything again: ", locked(&lock));
        if talk::line(&question).await?.as_deref() != Some("yes") {
            return Err(Failure::failed("everything stays shut"));
        }
    }
    daemon.manager().end_panic().await?;
    output.done(&(), || "Everything is open again.".to_owned())
}

/// That everything is shut, since when and by whom.
pub(super) fn locked(lock: &Lock) -> String {
    format!(
        "Everything from outside is shut since {}, {}. To open it: pagerctl panic --end",
        date(lock.since),
        one_line(&by(&lock.by), 80)
    )
}

/// Where the daemon cannot be reached nothing is heard from outside, and nothing can be stopped.
pub(crate) fn unreachable(failure: Failure) -> Failure {
    let hint = "no chat is heard while pagerd does not run. To keep it so: systemctl --user mask \
                --now pager.socket pager.service. End the agents themselves, and revoke the bot's \
                token: @BotFather, /revoke";
    match failure.status {
        Status::Unreachable => Failure { hint: Some(Cow::Borrowed(hint)), ..failure },
        _ => failure,
    }
}
