//! `pagerctl approve`

use owo_colors::OwoColorize;
use pager_core::present;
use pager_core::sanitize::visible;
use serde::Serialize;

use crate::authentication::with_agent;
use crate::daemon::{Approval, Daemon};
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::talk;

/// What to let the agent do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The approval.
    id: String,
    /// Also grant what the agent suggests for the future. The exact rule is shown, and you are asked
    /// once more.
    #[arg(long)]
    always: bool,
    /// Do not ask once more.
    #[arg(long, short, requires = "always")]
    yes: bool,
    /// Of a plan: also accept the edits that follow from it.
    #[arg(long, conflicts_with = "always")]
    accept_edits: bool,
}

/// A verdict that counts.
#[derive(Debug, Serialize)]
pub(super) struct Decided<'a> {
    /// As it was given.
    pub(super) id: &'a str,
    /// `allow`, `allow_always`, `allow_edits`, `deny` or `answer`.
    pub(super) verdict: &'static str,
    /// Whether it waits all the same, for other people's yes.
    pub(super) pending: bool,
}

pub(super) async fn run(daemon: &Daemon, output: &Output, args: &Args) -> Result<(), Failure> {
    let id = args.id.as_str();
    let (verdict, done) = if args.always {
        always(daemon, output, args).await?;
        ("allow_always", "Always allowed")
    } else if args.accept_edits {
        with_agent(daemon, output, id, async || daemon.manager().accept_edits(id).await).await?;
        ("allow_edits", "Allowed with its edits")
    } else {
        with_agent(daemon, output, id, async || daemon.manager().approve(id).await).await?;
        ("allow", "Allowed")
    };
    // Looked at only now: what another has said in the meantime counts as well.
    let counted = daemon.approval(id).await.ok().filter(|approval| approval.state == "pending");
    let said = match &counted {
        Some(Approval { yeses, needed, .. }) => {
            let given = u32::try_from(yeses.len()).unwrap_or(u32::MAX);
            present::is_counted(given, *needed)
        }
        None => format!("{done} {id}"),
    };
    output.done(&Decided { id, verdict, pending: counted.is_some() }, || said)
}

async fn always(daemon: &Daemon, output: &Output, args: &Args) -> Result<(), Failure> {
    let approval = daemon.approval(&args.id).await?;
    // Of what cannot be granted the daemon says why.
    if let Some(rule) = approval.always_rule.as_deref().filter(|_| approval.state == "pending")
        && !args.yes
    {
        confirm(output, &approval, rule).await?;
    }
    let id = approval.id.as_str();
    with_agent(daemon, output, id, async || daemon.manager().approve_always(id).await).await
}

async fn confirm(output: &Output, approval: &Approval, rule: &str) -> Result<(), Failure> {
    let rule = format!("    {}", visible(rule).replace('\n', "\n    "));
    if !output.is_talk() || !talk::somebody_is_there() {
        let what = format!("this would be granted for good:\n{rule}");
        return Err(Failure::usage(what).with_hint("if that is meant, give --yes as well"));
    }
    let agent = pager_core::Agent::new(&approval.agent);
    output::say(format!(
        "{} may do this from now on without asking:\n{}",
        agent.title(),
        rule.bold()
    ))?;
    if talk::yes_no("Grant it?", Some(false)).await? {
        return Ok(());
    }
    Err(Failure::failed("nothing was granted, and the approval still waits"))
}
