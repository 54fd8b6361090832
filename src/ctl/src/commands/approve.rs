//! `pagerctl approve`

use serde::Serialize;

use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::output::Output;

/// A verdict that counts.
#[derive(Debug, Serialize)]
pub(super) struct Decided<'a> {
    /// As it was given.
    pub(super) id: &'a str,
    /// `allow`, `allow_always`, `deny` or `answer`.
    pub(super) verdict: &'static str,
}

pub(super) async fn run(
    daemon: &Daemon,
    output: &Output,
    id: &str,
    always: bool,
) -> Result<(), Failure> {
    let (verdict, done) = if always {
        daemon.manager().approve_always(id).await?;
        ("allow_always", "Always allowed")
    } else {
        daemon.manager().approve(id).await?;
        ("allow", "Allowed")
    };
    output.done(&Decided { id, verdict }, || format!("{done} {id}"))
}
