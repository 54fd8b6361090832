//! `pagerctl` alone: what waits, then the sessions.

use serde::Serialize;

use super::list::{self, Row};
use super::panic::locked;
use super::sessions;
use crate::daemon::{Daemon, Session};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Serialize)]
pub(super) struct Overview<'a> {
    pub(super) approvals: Vec<Row<'a>>,
    pub(super) sessions: &'a [Session],
}

pub(super) async fn run(daemon: &Daemon, output: &Output) -> Result<(), Failure> {
    let approvals = daemon.waiting().await?;
    let mut sessions = daemon.sessions().await?;
    sessions.retain(|session| session.state != "ended");
    let rows = approvals.iter().map(Row::from).collect();
    let locked = daemon.locked().await?.map(|lock| locked(&lock) + "\n\n").unwrap_or_default();
    output.data(&Overview { approvals: rows, sessions: &sessions }, || {
        let waiting = list::text(&approvals, false, output);
        let gap = if waiting.is_empty() { "" } else { "\n" };
        locked + &waiting + gap + &sessions::text(&sessions, output)
    })
}
