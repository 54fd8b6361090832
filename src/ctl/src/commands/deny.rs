//! `pagerctl deny`

use super::approve::Decided;
use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::output::Output;

pub(super) async fn run(
    daemon: &Daemon,
    output: &Output,
    id: &str,
    message: &str,
    stop: bool,
) -> Result<(), Failure> {
    if stop {
        daemon.manager().deny_and_stop(id, message).await?;
    } else {
        daemon.manager().deny(id, message).await?;
    }
    let done = if stop { "Denied and stopped" } else { "Denied" };
    output.done(&Decided { id, verdict: "deny", pending: false }, || format!("{done} {id}"))
}
