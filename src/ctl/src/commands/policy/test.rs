//! `pagerctl policy test`

use std::path::Path;

use pager_config::paths::Paths;
use pager_config::read_any;
use pager_policy::{CaseResult, Cases, Disk, Place};

use super::{lines, load, now};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(cases: &Path, policy: Option<&Path>, output: &Output) -> Result<(), Failure> {
    let paths = Paths::from_env();
    let place = Place::usual(&paths);
    let policy = load(policy, &place, &paths)?;
    let text = read_any(cases).map_err(Failure::failed)?;
    let text =
        text.ok_or_else(|| Failure::failed(format!("{} does not exist", cases.display())))?;
    let file = Cases::parse(cases, &text).map_err(|faults| Failure::failed(lines(&faults)))?;
    let folder = std::path::absolute(cases).map_err(Failure::failed)?;
    let folder = folder.parent().unwrap_or(Path::new("/"));
    let results = file.run(&policy, &place.home, folder, &Disk, now());
    let failed = results.iter().filter(|result| !result.passed).count();
    output.data(&results, || told(&results, failed))?;
    if failed == 0 { Ok(()) } else { Err(Failure::told()) }
}

fn told(results: &[CaseResult], failed: usize) -> String {
    let failures = results.iter().filter_map(|result| result.failure.as_ref());
    let failures: String = failures.map(|failure| format!("{failure}\n")).collect();
    format!("{failures}{} passed, {failed} failed\n", results.len() - failed)
}
