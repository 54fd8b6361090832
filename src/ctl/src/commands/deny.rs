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
) -> Result<(), Failure> {
    daemon.manager().deny(id, message).await?;
    output.done(&Decided { id, verdict: "deny" }, || format!("Denied {id}"))
}
