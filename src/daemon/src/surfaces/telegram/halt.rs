//! `/stop` and `/panic`: what gets through whatever else does not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pager_core::approval::Verdict;
use pager_core::{AccessCommand, Actor, Approval, Command, Machine, SessionId, present};
use teloxide_core::types::Message;

use super::Door;
use super::gate::Seen;
use crate::engine::EngineError;
use crate::redaction;

/// What the agent is told.
const REASON: &str = "The user has stopped this.";
/// The longest reason of a panic, in characters.
const REASON_MAX: usize = 200;

impl Door {
    /// Shuts everything, and says so: the last that is said here.
    ///
    /// # Errors
    /// [`EngineError::Stopped`]: nothing was done, the next daemon is to see this message.
    pub(super) async fn panic(&self, message: &Message) -> Result<String, EngineError> {
        let user = Seen::of_message(message).user();
        let reason = redaction::line(argument(message), REASON_MAX);
        let lock = Command::Access(AccessCommand::Lock { reason });
        match self.handle.submit(Actor::Telegram { user }, lock).await {
            Ok(_) => {
                Ok("Everything is shut, and what waited is cancelled. Nothing is answered here \
                         until somebody at the machine ends it: pagerctl panic --end"
                    .to_owned())
            }
            Err(EngineError::Stopped) => Err(EngineError::Stopped),
            Err(error) => {
                tracing::error!("a panic came to nothing: {error}");
                Ok("Nothing was shut: pager cannot write it down. At the machine: systemctl --user \
                    stop pager.socket pager.service"
                    .to_owned())
            }
        }
    }

    /// Denies what a session waits for and ends its turn, and says what was done. `since` is the time
    /// before which the message cannot have been written.
    ///
    /// # Errors
    /// [`EngineError::Stopped`]: the next daemon is to see this message.
    pub(super) async fn stop(
        &self,
        message: &Message,
        since: Timestamp,
    ) -> Result<String, EngineError> {
        match self.halt(message, since).await {
            Err(error @ EngineError::StoreUnavailable(_)) => {
                tracing::warn!("a stop came to nothing: {error}");
                Ok("Nothing was stopped: pager cannot write it down.".to_owned())
            }
            halted => halted,
        }
    }

    async fn halt(&self, message: &Message, since: Timestamp) -> Result<String, EngineError> {
        let written = Timestamp::from_second(message.date.timestamp()).unwrap_or(Timestamp::MIN);
        if self.is_stale(since.max(written)) {
            return Ok("This /stop is an old one, so it did not count. Send it again.".to_owned());
        }
        let replied = match message.reply_to_message() {
            Some(original) => {
                let place = self.place(message.chat.id.0, original.id.0);
                match self.anchored(&place).await? {
                    Some((id, _)) => self.look(id).await?.0.map(|approval| approval.session),
                    None => None,
                }
            }
            None => None,
        };
        let name = argument(message).to_owned();
        let meant = self
            .handle
            .with_store(move |_, machine| Ok(meant(machine, replied.as_ref(), &name)))
            .await?;
        let waiting = match meant {
            Ok(waiting) => waiting,
            Err(why) => return Ok(why),
        };
        let user = Seen::of_message(message).user();
        let (mut denied, mut ended) = (0, false);
        for approval in &waiting {
            let interrupt = approval.stoppable;
            let verdict = Verdict::Deny { reason: REASON.to_owned(), interrupt };
            // One that was settled in this moment needs no denial.
            if self.decide(approval.id, user, message.id.0, verdict).await?.is_ok() {
                denied += 1;
                ended |= interrupt;
            }
        }
        let Some(first) = waiting.first() else { return Ok(NOTHING.to_owned()) };
        let who = format!("{} in {}", first.agent.title(), redaction::line(&first.label, 80));
        let what = match denied {
            0 => return Ok(format!("Nothing of {who} waits any more.")),
            1 => "1 request denied".to_owned(),
            more => format!("{more} requests denied"),
        };
        Ok(if ended {
            format!("Stopped {who}: {what}, and its turn ended.")
        } else {
            format!("{what} of {who}. {}.", present::cannot_stop(&first.agent))
        })
    }
}

const NOTHING: &str = "Nothing waits, so there is nothing to stop from here. An agent that works is \
                       stopped at its terminal.";

/// What stands behind the command.
fn argument(message: &Message) -> &str {
    let text = message.text().unwrap_or_default().trim();
    text.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim())
}

/// All that the session waits for that is meant; or what its sender is told.
fn meant(
    machine: &Machine,
    replied: Option<&SessionId>,
    name: &str,
) -> Result<Vec<Approval>, String> {
    let mut sessions: BTreeMap<&SessionId, Vec<Approval>> = BTreeMap::new();
    for approval in machine.pending() {
        sessions.entry(&approval.session).or_default().push(approval.clone());
    }
    let is_meant = |id: &SessionId, waiting: &[Approval]| match replied {
        Some(session) => id == session,
        None if name.is_empty() => true,
        None => {
            id.as_str().starts_with(name)
                || waiting.iter().any(|approval| approval.label.eq_ignore_ascii_case(name))
        }
    };
    if sessions.is_empty() {
        return Err(NOTHING.to_owned());
    }
    sessions.retain(|id, waiting| is_meant(id, waiting));
    let labels: Vec<_> = sessions
        .iter()
        .filter_map(|(id, waiting)| {
            let label = redaction::line(&waiting.first()?.label, 80);
            Some(format!("{label} ({})", id.as_str().chars().take(8).collect::<String>()))
        })
        .collect();
    let mut waiting = sessions.into_values();
    match (waiting.next(), waiting.next()) {
        (Some(one), None) => Ok(one),
        (None, _) if replied.is_some() => Err("Nothing of this session waits any more.".to_owned()),
        (None, _) => Err(format!(
            "Nothing of {} waits. /pending tells what does.",
            redaction::line(name, 80)
        )),
        (Some(_), Some(_)) => Err(format!(
            "More than one session waits. Reply /stop to one of its questions, or name it or the \
             beginning of its id:\n{}",
            labels.iter().map(|label| format!("/stop {label}")).collect::<Vec<_>>().join("\n")
        )),
    }
}
