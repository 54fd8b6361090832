//! `pagerctl demo`: one question from a coding agent to the answer, with the real daemon and the
//! real hook, in a temporary place.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use jiff::Timestamp;
use owo_colors::OwoColorize;
use pager_core::sanitize::visible;

use super::show;
use crate::daemon::{Approval, Daemon, Event, Target};
use crate::demo::agent::{self, Agent};
use crate::demo::place::Place;
use crate::demo::{audit, daemon as pagerd};
use crate::failure::Failure;
use crate::output::{say, shown};
use crate::programs;
use crate::talk;

/// How long a hook may take to be heard, and to end once it was answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// `pagerctl demo …`
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Answer so, where there is no person at a terminal.
    #[arg(long, value_enum)]
    answer: Option<Answer>,
    /// Leave the temporary folder where it is.
    #[arg(long)]
    keep: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Answer {
    /// Let the agent do it.
    Allow,
    /// Do not let it.
    Deny,
}

/// Does it.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    if args.answer.is_none() && !talk::somebody_is_there() {
        return Err(Failure::usage("no answer, and no terminal to ask for it")
            .with_hint("give one with --answer allow or --answer deny"));
    }
    let (program, hook) = (programs::DAEMON.find()?, programs::HOOK.find()?);
    // Dropped in the reverse order, on whatever way out: the agent, the daemon, their folder.
    let place = Place::make()?;
    say("A coding agent asks, and you answer: once from end to\nend, with the real programs.")?;
    say(format!("Everything is in {}.", shown(place.root())).dimmed())?;

    let started = Instant::now();
    let mut process = pagerd::start(&program, &place).await?;
    step(1, "The daemon is up")?;
    say(format!("   pagerd was ready after {} ms.", started.elapsed().as_millis()))?;
    say("   It has no bus, no systemd, no Telegram; only its own\n   sockets.")?;

    let daemon = Daemon::connect(&Target::Socket(place.runtime().join("hook.sock"))).await?;
    let mut agent = Agent::start(&hook, &place)?;
    let approval = asked(&daemon, &mut agent, &place).await?;
    step(2, "An agent asks for permission")?;
    say(
        "   It ran pager-hook, which carried the question to the\n   daemon and waits for your answer.\n",
    )?;
    say(show::text(&approval, Timestamp::now()).trim_end())?;

    step(3, "You answer")?;
    let answer = match args.answer {
        Some(answer) => answer,
        None => tokio::select! {
            answer = ask() => answer?,
            ended = process.ended() => {
                ended.map_err(Failure::failed)?;
                return Err(Failure::failed("pagerd has ended").with_hint(place.log_tail(pagerd::NAME)));
            }
        },
    };
    settle(&daemon, &approval.id, answer).await?;

    step(4, "The agent goes on")?;
    let told = tokio::time::timeout(PATIENCE, agent.told()).await.map_err(|_| {
        Failure::failed("pager-hook does not pass the answer on")
            .with_hint(place.log_tail(agent::NAME))
    })??;
    say("   This is what pager-hook printed for it:\n")?;
    say(told_shown(&told, answer)?)?;

    step(5, "It is written down")?;
    process
        .stop()
        .await
        .map_err(|error| Failure::failed(format!("pagerd does not end: {error}")))?;
    let log = place.state().join("audit.jsonl");
    let line = audit::verified_line(&log, &approval.id)?;
    say("   One line in the audit log, state/audit.jsonl:\n")?;
    say(visible(&line).dimmed())?;
    say("\n   Its hash fits what it says, and the line before it.")?;

    drop(agent);
    step(6, "Cleaned up")?;
    if args.keep {
        say(format!("   The daemon has ended; kept: {}", shown(&place.keep())))?;
    } else {
        let root = shown(place.root());
        place
            .remove()
            .map_err(|error| Failure::failed(format!("cannot remove {root}: {error}")))?;
        say("   The daemon has ended and the folder is removed.")?;
    }
    say(format!(
        "\nFor your own agent: {}, then {}.",
        "make install".bold(),
        "pagerctl setup".bold()
    ))?;
    Ok(())
}

fn step(number: u32, title: &str) -> Result<(), Failure> {
    say(format!("\n{}", format!("{number}. {title}").bold()))
}

/// The approval, once the question has arrived.
async fn asked(daemon: &Daemon, agent: &mut Agent, place: &Place) -> Result<Approval, Failure> {
    let lost = |what: &str| {
        let logs = [place.log_tail(agent::NAME), place.log_tail(pagerd::NAME)];
        Failure::failed(what).with_hint(logs.join("\n"))
    };
    tokio::select! {
        approval = first_waiting(daemon) => approval,
        ended = agent.ended() => {
            ended?;
            Err(lost("pager-hook ended without an answer"))
        }
        () = tokio::time::sleep(PATIENCE) => Err(lost("the question does not arrive")),
    }
}

async fn first_waiting(daemon: &Daemon) -> Result<Approval, Failure> {
    // Listened to before the first look, so that nothing can come unheard between the two.
    let mut events = daemon.events().await?;
    loop {
        if let Some(approval) = daemon.waiting().await?.pop() {
            return Ok(approval);
        }
        while !matches!(events.next().await?, Event::Requested { .. }) {}
    }
}

async fn ask() -> Result<Answer, Failure> {
    loop {
        let answer = talk::line("   [a]llow or [d]eny? ").await?;
        match answer.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("a" | "allow" | "y" | "yes") => return Ok(Answer::Allow),
            Some("d" | "deny" | "n" | "no") => return Ok(Answer::Deny),
            Some(_) => {}
            None => return Err(Failure::failed("the input ended without an answer")),
        }
    }
}

async fn settle(daemon: &Daemon, id: &str, answer: Answer) -> Result<(), Failure> {
    let said = match answer {
        Answer::Allow => {
            daemon.manager().approve(id).await?;
            "Allowed"
        }
        Answer::Deny => {
            daemon.manager().deny(id, "Not in the demo.").await?;
            "Denied"
        }
    };
    say(format!(
        "   {said}. Any door would have done: the first answer\n   wins, and the others are told."
    ))
}

/// The decision as the agent got it, laid out to be read. It must be what was answered.
fn told_shown(told: &str, answer: Answer) -> Result<String, Failure> {
    let unlike = |why: String| Failure::failed(format!("pager-hook printed {why}"));
    let value: serde_json::Value = serde_json::from_str(told)
        .map_err(|error| unlike(format!("something that is not JSON ({error})")))?;
    let wanted = match answer {
        Answer::Allow => "allow",
        Answer::Deny => "deny",
    };
    let behavior = &value["hookSpecificOutput"]["decision"]["behavior"];
    if behavior != wanted {
        return Err(unlike(format!("the decision {behavior}, not {wanted}")));
    }
    let text = serde_json::to_string_pretty(&value).map_err(Failure::failed)?;
    Ok(format!("   {}", visible(&text).replace('\n', "\n   ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_decision_that_was_made_passes() {
        let told = |decision: &str| {
            format!(
                r#"{{"hookSpecificOutput":{{"hookEventName":"PermissionRequest","decision":{decision}}}}}"#
            )
        };
        let allow = told(r#"{"behavior":"allow"}"#);
        assert!(told_shown(&allow, Answer::Allow).is_ok());
        assert!(told_shown(&allow, Answer::Deny).is_err());
        assert!(told_shown(&told("{}"), Answer::Allow).is_err());
        assert!(told_shown("", Answer::Deny).is_err());
    }
}
