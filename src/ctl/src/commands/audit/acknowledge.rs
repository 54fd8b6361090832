//! `pagerctl audit acknowledge`: a person knows of a break. Nothing is healed by it.

use std::path::Path;

use serde::Serialize;

use super::verify::{open, witnesses};
use crate::audit::{Break, walk};
use crate::daemon::{Daemon, Target};
use crate::failure::{Failure, Status};
use crate::output::{Output, shown};

/// What `audit acknowledge --json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    #[serde(rename = "break")]
    gap: String,
    reason: &'a str,
}

pub(super) async fn run(
    seq: u64,
    reason: &str,
    file: Option<&Path>,
    target: &Target,
    output: &Output,
) -> Result<(), Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage("say why the break is there, with -m"));
    }
    let path = crate::audit::Log::path(file)?;
    let witnesses = witnesses(&path, Vec::new())?;
    let log = open(&path, &witnesses)?;
    let walk = walk(&log, &witnesses)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", shown(&path))))?;
    let named = |it: &&Break| it.gap.as_ref().is_some_and(|gap| gap.before.seq == seq);
    let mut named = walk.breaks.iter().filter(named).peekable();
    if named.peek().is_none() {
        let what = format!("the log {} has no break before a record {seq}", shown(&path));
        return Err(Failure::new(Status::NotFound, what)
            .with_hint("pagerctl audit verify names what can be acknowledged"));
    }
    let Some(gap) = named.find(|it| it.acknowledged.is_none()).and_then(|it| it.gap.as_ref())
    else {
        let what = format!("the break before record {seq} was acknowledged already");
        return Err(Failure::new(Status::Settled, what));
    };
    let gap = gap.to_string();
    let daemon = Daemon::connect(target).await?;
    daemon.manager().acknowledge_break(&gap, reason).await?;
    output.done(&Done { gap, reason }, || {
        format!(
            "The break before record {seq} is acknowledged. It stays one: pagerctl audit verify"
        )
    })
}
