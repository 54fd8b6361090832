//! `pagerctl audit verify`

use std::io;
use std::path::Path;

use pager_core::sanitize::visible;
use serde::Serialize;

use crate::audit::{Acknowledged, Break, Log, Problem, Scan, Walk, Witness, walk};
use crate::failure::Failure;
use crate::output::{Output, shown};
use crate::time::stamp;

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
    /// The first thing wrong that nobody has acknowledged; where all is, the first of all.
    problem: Option<Problem>,
    /// Whether nothing is wrong but breaks that were acknowledged.
    acknowledged: bool,
    breaks: Vec<Break>,
}

/// What is found in the log of this folder.
pub(crate) fn of(folder: &Path) -> Result<Walk, Failure> {
    let path = Log::path(Some(folder))?;
    let witnesses = witnesses(&path, Vec::new())?;
    let log = open(&path, &witnesses)?;
    walk(&log, &witnesses).map_err(|error| unreadable(&path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot read the log {}: {error}", shown(path)))
}

pub(super) fn run(
    place: Option<&Path>,
    heads: Vec<Witness>,
    accept_acknowledged: bool,
    output: &Output,
) -> Result<(), Failure> {
    let path = Log::path(place)?;
    let witnesses = witnesses(&path, heads)?;
    let log = open(&path, &witnesses)?;
    let walk = walk(&log, &witnesses).map_err(|error| unreadable(&path, &error))?;
    let report = Report {
        ok: walk.breaks.is_empty(),
        acknowledged: walk.is_acknowledged(),
        log: shown(&log.path),
        files: log.files.len(),
        records: walk.first.records,
        head: walk.first.last.map(|_| walk.first.end.clone()),
        witnesses,
        problem: walk.problem().cloned(),
        breaks: walk.breaks.clone(),
    };
    if report.ok {
        return output.done(&report, || sound(&report, &walk.first));
    }
    output.data(&report, || broken(&report, &walk))?;
    if accept_acknowledged && report.acknowledged { Ok(()) } else { Err(Failure::told()) }
}

/// What the log is held against. To be asked before the log is looked at: a daemon may go on writing,
/// and its log then has more than it had.
pub(super) fn witnesses(path: &Path, heads: Vec<Witness>) -> Result<Vec<Witness>, Failure> {
    let mut witnesses = heads;
    witnesses.extend(Witness::from_database(path)?);
    Ok(witnesses)
}

pub(super) fn open(path: &Path, witnesses: &[Witness]) -> Result<Log, Failure> {
    Log::find(path).map_err(|failure| match witnesses.first() {
        Some(known) => {
            failure.with_hint(format!("{} knows record {} of this log", known.source, known.seq))
        }
        None => failure,
    })
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

/// What is said of one that is not.
fn broken(report: &Report, walk: &Walk) -> String {
    let mut text = String::new();
    for it in &report.breaks {
        text.push_str(&format!("{}\n", it.problem.sentence()));
        match (&it.acknowledged, &it.gap) {
            (Some(Acknowledged { seq, ts, by, reason }), _) => text.push_str(&format!(
                "    acknowledged {} by {}, in record {seq}: {}\n",
                stamp(*ts),
                visible(by),
                visible(reason)
            )),
            (None, Some(gap)) => text.push_str(&format!(
                "    not acknowledged; once you know why: pagerctl audit acknowledge {} -m WHY\n",
                gap.before.seq
            )),
            (None, None) => {}
        }
    }
    text.push_str(&format!("{}\n", before(&walk.first)));
    if let [_, ..] = walk.breaks.as_slice()
        && report.acknowledged
    {
        let n = walk.breaks.len();
        let breaks = if n == 1 { "1 break" } else { &format!("{n} breaks") };
        text.push_str(&format!(
            "{breaks}, acknowledged. Each stretch between is whole; with them the log has {} records, \
             the last is {}.\n",
            walk.records,
            walk.end.short()
        ));
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
