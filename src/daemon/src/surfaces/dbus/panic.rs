//! A panic, begun by whoever calls and ended by a person.

use pager_core::sanitize::one_line;
use pager_core::{AccessCommand, Command, Lock};
use zbus::message::Header;
use zbus::{Connection, fdo};

use super::approval::microseconds;
use super::context::{Context, plain};
use super::error::{Error, unreadable};
use crate::emergency::Report;

/// The longest reason, in characters.
const REASON_MAX: usize = 200;

/// What was stopped, what was not, the evidence, and what is missing there.
pub(super) type Done = (Vec<String>, Vec<String>, String, Vec<String>);

pub(super) async fn begin(
    context: &Context,
    connection: &Connection,
    header: &Header<'_>,
    reason: &str,
) -> Result<Done, Error> {
    let (actor, agent) = context.anyone(connection, header).await?;
    let mut reason = one_line(reason, REASON_MAX);
    if let Some(how) = agent {
        let stop = if reason.is_empty() { "" } else { "; " };
        reason =
            one_line(&format!("{reason}{stop}by a program of an agent: {how}"), 2 * REASON_MAX);
    }
    let Report { stopped, left, evidence, missing } =
        context.shared.controls.emergency.begin(actor, reason).await?;
    let all = |lines: Vec<String>| lines.iter().map(|line| plain(line)).collect();
    Ok((all(stopped), all(left), plain(&evidence), all(missing)))
}

pub(super) async fn end(
    context: &Context,
    connection: &Connection,
    header: &Header<'_>,
) -> Result<(), Error> {
    let actor = context.governor(connection, header).await?;
    context.handle().submit(actor, Command::Access(AccessCommand::Unlock)).await?;
    Ok(())
}

pub(super) async fn lock(context: &Context) -> fdo::Result<Option<Lock>> {
    let lock = context.handle().with_store(|_, machine| Ok(machine.locked().cloned()));
    lock.await.map_err(unreadable)
}

pub(super) fn since(lock: Option<&Lock>) -> u64 {
    lock.map_or(0, |lock| microseconds(lock.at))
}

pub(super) fn by(lock: Option<&Lock>) -> String {
    lock.map(|lock| plain(&lock.by.to_string())).unwrap_or_default()
}
