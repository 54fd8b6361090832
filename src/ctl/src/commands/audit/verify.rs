//! `pagerctl audit verify`

use std::path::Path;

use serde::Serialize;

use crate::audit::{Log, Problem, Scan, Start, Witness, diagnose, scan};
use crate::failure::Failure;
use crate::output::{Output, shown};

/// What `audit verify --json` prints.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    log: String,
    files: usize,
    /// How many records follow one another from the first.
    records: u64,
    /// The last of them; none in an empty log.
    head: Option<pager_core::audit::Head>,
    /// What the log was held against.
    witnesses: Vec<Witness>,
    problem: Option<Problem>,
}

pub(super) fn run(
    place: Option<&Path>,
    heads: Vec<Witness>,
    output: &Output,
) -> Result<(), Failure> {
    let mut witnesses = heads;
    // First: a daemon may go on writing, and its log then has more than it had.
    let log_path = Log::path(place)?;
    witnesses.extend(Witness::from_database(&log_path)?);
    let log = Log::find(&log_path).map_err(|failure| match witnesses.first() {
        Some(known) => {
            failure.with_hint(format!("{} knows record {} of this log", known.source, known.seq))
        }
        None => failure,
    })?;
    let failed =
        |error| Failure::failed(format!("cannot read the log {}: {error}", shown(&log.path)));
    let wanted: Vec<_> = witnesses.iter().map(|witness| witness.seq).collect();
    let scan = scan(&log, &Start::default(), &wanted).map_err(failed)?;
    let problem = diagnose(&log, &scan, &witnesses).map_err(failed)?;
    let report = Report {
        ok: problem.is_none(),
        log: shown(&log.path),
        files: log.files.len(),
        records: scan.records,
        head: scan.last.map(|_| scan.end.clone()),
        witnesses,
        problem,
    };
    let Some(problem) = &report.problem else {
        return output.done(&report, || sound(&report, &scan));
    };
    output.data(&report, || format!("{}\n{}\n", problem.sentence(), before(&scan)))?;
    Err(Failure::told())
}

/// What is said of a log that is whole.
fn sound(report: &Report, scan: &Scan) -> String {
    let files = match report.files {
        1 => String::new(),
        n => format!(" in {n} files"),
    };
    let mut text = match report.records {
        0 => "OK. The log is empty.".to_owned(),
        1 => format!("OK. The log has 1 record{files}: {}.", scan.end.short()),
        n => format!("OK. The log has {n} records{files}; the last is {}.", scan.end.short()),
    };
    match report.witnesses.iter().max_by_key(|witness| witness.seq) {
        None if report.records > 0 => text.push_str(
            "\nNothing was there to hold its end against: whether it was cut cannot be told. \
             --head names a record that must be there.",
        ),
        Some(witness) if witness.seq < scan.end.seq => {
            let source = witness.source;
            text.push_str(&format!("\n{source} knows it up to record {}.", witness.seq));
        }
        _ => {}
    }
    text
}

fn before(scan: &Scan) -> String {
    match scan.records {
        0 => "No record before it is proven.".to_owned(),
        1 => "The record before it is proven.".to_owned(),
        n => format!("The {n} records before it are proven."),
    }
}
