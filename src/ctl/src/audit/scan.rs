//! Walking the whole chain, on all processors, with as little memory as they need.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pager_core::audit::{Fault, Head};

use super::log::{Log, Place};
use super::piece::{Flaw, Found, PIECE, Reader};

/// Where to begin, and what the record there is to follow.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) place: Place,
    /// Where the line begins in its file.
    pub(crate) offset: u64,
    pub(crate) head: Head,
}

impl Default for Start {
    fn default() -> Self {
        Self { place: Place { file: 0, line: 1 }, offset: 0, head: Head::default() }
    }
}

/// What a walk came to.
#[derive(Debug)]
pub(crate) struct Scan {
    /// How many records follow one another.
    pub(crate) records: u64,
    /// The head after the last of them.
    pub(crate) end: Head,
    /// Where that one is.
    pub(crate) last: Option<Place>,
    /// The records that were looked out for.
    pub(crate) seen: Vec<(Head, Place)>,
    /// The first line that does not follow; none if all do.
    pub(crate) stop: Option<Stop>,
}

/// The first line that does not follow.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) place: Place,
    pub(crate) offset: u64,
    pub(crate) flaw: Flaw,
}

/// A piece of a file that one thread looks at.
struct Task {
    file: usize,
    from: u64,
    to: u64,
}

type Outcome = io::Result<Option<(Found, Option<Flaw>)>>;

/// Walks from `start` to the log's end, or to the first line that does not follow; looks out for the
/// records of these numbers.
pub(crate) fn scan(log: &Log, start: &Start, wanted: &[u64]) -> io::Result<Scan> {
    let tasks = tasks(log, start);
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    outcomes.resize_with(tasks.len(), || None);
    for (index, outcome) in check_all(log, &tasks, wanted) {
        outcomes[index] = Some(outcome);
    }

    let mut scan =
        Scan { records: 0, end: start.head.clone(), last: None, seen: Vec::new(), stop: None };
    let mut next = start.place;
    for (task, outcome) in tasks.iter().zip(outcomes) {
        if next.file != task.file {
            next = Place { file: task.file, line: 1 };
        }
        // What comes after the first flaw was not looked at, and need not be.
        let Some((found, flaw)) = outcome.transpose()?.flatten() else { continue };
        if let Some(stop) = scan.join(&mut next, found, flaw) {
            scan.stop = Some(stop);
            break;
        }
    }
    Ok(scan)
}

impl Scan {
    /// Adds a piece, if it follows.
    fn join(&mut self, next: &mut Place, found: Found, flaw: Option<Flaw>) -> Option<Stop> {
        let Found { start, block } = found;
        if block.follows.as_ref().is_some_and(|follows| *follows != self.end) {
            return Some(Stop { place: *next, offset: start, flaw: Flaw::Line(Fault::Unlinked) });
        }
        let place = |line| Place { line: next.line + line, ..*next };
        self.seen.extend(block.seen.into_iter().map(|seen| (seen.head, place(seen.line))));
        if let Some(end) = block.end {
            self.end = end;
            self.last = Some(place(block.records - 1));
        }
        self.records += block.records;
        next.line += block.records;
        flaw.map(|flaw| Stop { place: *next, offset: start + block.bytes as u64, flaw })
    }
}

fn tasks(log: &Log, start: &Start) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (file, log) in log.files.iter().enumerate().skip(start.place.file) {
        let mut from = if file == start.place.file { start.offset } else { 0 };
        while from < log.bytes {
            let to = (from + PIECE).min(log.bytes);
            tasks.push(Task { file, from, to });
            from = to;
        }
    }
    tasks
}

/// Looks at every piece up to the first with a flaw; the outcomes come in no order.
fn check_all(log: &Log, tasks: &[Task], wanted: &[u64]) -> Vec<(usize, Outcome)> {
    let (taken, flawed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    let work = || {
        let mut reader = Reader::default();
        let mut outcomes = Vec::new();
        loop {
            let index = taken.fetch_add(1, Ordering::Relaxed);
            if index >= tasks.len() || index > flawed.load(Ordering::Relaxed) {
                return outcomes;
            }
            let task = &tasks[index];
            let file = &log.files[task.file];
            let outcome = file
                .file()
                .and_then(|open| reader.check(&open, task.from..task.to, file.bytes, wanted));
            if !matches!(outcome, Ok(None | Some((_, None)))) {
                flawed.fetch_min(index, Ordering::Relaxed);
            }
            outcomes.push((index, outcome));
        }
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(tasks.len())).map(|_| scope.spawn(work)).collect();
        let mut outcomes = work();
        for other in others {
            match other.join() {
                Ok(more) => outcomes.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcomes
    })
}
