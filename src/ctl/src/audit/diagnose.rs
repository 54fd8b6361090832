//! Finding out what was done to a log that is not one unbroken chain.

use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;

use pager_core::Sha256Hex;
use pager_core::audit::{Broken, Entry, Fault, Head, REPLACED, rotated_name};
use serde::Deserialize;

use super::log::{LINE_MAX, Log, Place};
use super::piece::Flaw;
use super::problem::{Kind, Problem};
use super::scan::{Scan, Start, Stop, scan};
use super::witness::Witness;
use crate::output::shown;

/// Whether a record that was met is not the one that somebody knows.
pub(super) fn is_replaced(scan: &Scan, witnesses: &[Witness]) -> bool {
    scan.seen.iter().any(|(head, _)| {
        witnesses.iter().any(|witness| witness.seq == head.seq && !witness.knows(head))
    })
}

/// The first thing that is wrong with a log that was walked through; none if nothing is.
pub(super) fn diagnose(
    log: &Log,
    scan: &Scan,
    witnesses: &[Witness],
) -> io::Result<Option<Problem>> {
    let case = Case { log, scan, witnesses };
    // A record that is not the one somebody knows comes before whatever is wrong after it.
    if let Some(problem) = case.replaced() {
        return Ok(Some(problem));
    }
    match &scan.stop {
        Some(stop) => case.explain(stop).map(Some),
        None => Ok(case.cut()),
    }
}

struct Case<'a> {
    log: &'a Log,
    scan: &'a Scan,
    witnesses: &'a [Witness],
}

impl Case<'_> {
    /// A record of the unbroken chain that is not the one a witness knows.
    fn replaced(&self) -> Option<Problem> {
        let differs = |(head, place): &(Head, Place)| {
            let of_it = |witness: &&Witness| witness.seq == head.seq && !witness.knows(head);
            self.witnesses.iter().find(of_it).map(|witness| (head.clone(), *place, witness))
        };
        let (head, place, witness) =
            self.scan.seen.iter().filter_map(differs).min_by_key(|(head, ..)| head.seq)?;
        let what = format!(
            "record {} is not the one that {} knows, {}:{}: this is another log, or it was made anew \
             from a record at or before this one",
            head.seq, witness.source, witness.seq, witness.hash
        );
        Some(self.problem(Kind::SecondLog, place, head.seq, what))
    }

    /// Records at the end that a witness knows, or a file, and that are not there.
    fn cut(&self) -> Option<Problem> {
        let end = &self.scan.end;
        let last = self.witnesses.iter().max_by_key(|witness| witness.seq);
        let place = self.after_last();
        if let Some(witness) = last.filter(|witness| witness.seq > end.seq) {
            let what = format!(
                "{} cut off: {} knows record {}, {}:{}",
                are_or_is(end.seq + 1, witness.seq),
                witness.source,
                witness.seq,
                witness.seq,
                witness.hash
            );
            return Some(self.problem(Kind::Cut, place, end.seq + 1, what));
        }
        if !self.log.current {
            let what = format!(
                "record {} and what follows it are cut off: the file {} is missing",
                end.seq + 1,
                shown(&self.log.path)
            );
            return Some(self.problem(Kind::Cut, place, end.seq + 1, what));
        }
        None
    }

    fn explain(&self, stop: &Stop) -> io::Result<Problem> {
        let line = self.line_at(stop)?;
        let due = self.scan.end.seq + 1;
        let problem = |kind, seq, what| self.problem(kind, stop.place, seq, what);
        match &stop.flaw {
            Flaw::Torn => {
                let what = format!(
                    "record {due} is torn: the file's last line has no end, as after a loss of power"
                );
                Ok(problem(Kind::Torn, due, what))
            }
            Flaw::Line(Fault::Broken(broken)) => {
                let seq = claimed_seq(&line).unwrap_or(due);
                let what = match broken {
                    Broken::NotARecord(_) => {
                        format!("record {due} has been changed: the line {broken}")
                    }
                    Broken::Changed | Broken::OutOfOrder { .. } => format!("record {seq} {broken}"),
                };
                let seq = if matches!(broken, Broken::NotARecord(_)) { due } else { seq };
                Ok(problem(Kind::Changed, seq, what))
            }
            Flaw::Line(Fault::Unlinked) => match Entry::read(&line) {
                Ok(entry) => self.unlinked(stop, &entry),
                // It has been changed since it was looked at.
                Err(broken) => Ok(problem(Kind::Changed, due, format!("record {due} {broken}"))),
            },
        }
    }

    /// A sound record where it does not belong.
    fn unlinked(&self, stop: &Stop, entry: &Entry<'_>) -> io::Result<Problem> {
        let (end, seq) = (&self.scan.end, entry.seq);
        let due = end.seq + 1;
        let problem = |kind, seq, what| self.problem(kind, stop.place, seq, what);
        if seq == due {
            return self.other_past(stop, entry);
        }
        if seq > due {
            let belongs = |other: &Entry<'_>| other.follows(end);
            if let Some(place) = self.find(belongs)? {
                let at = self.name(place);
                let what = format!(
                    "the records are not in order: record {seq} stands where record {due} belongs, \
                     which is at {at}"
                );
                return Ok(problem(Kind::Reordered, seq, what));
            }
            let mut what = format!("{} missing", are_or_is(due, seq - 1));
            if stop.place.line == 1 {
                let stem = self.log.path.file_stem().unwrap_or_default().to_string_lossy();
                what.push_str(&format!(
                    ", and with {} a file: {}",
                    if due + 1 == seq { "it" } else { "them" },
                    rotated_name(&stem, due)
                ));
            }
            if entry.event == REPLACED.event {
                what.push_str(
                    "; pagerd found that out when it started, and this record tells of it",
                );
            }
            return Ok(problem(Kind::Missing, due, what));
        }
        let same = |other: &Entry<'_>| other.seq == seq && other.hash == entry.hash;
        match self.find(same)?.filter(|first| *first != stop.place) {
            Some(first) => {
                let what = format!("record {seq} stands here again: it is at {}", self.name(first));
                Ok(problem(Kind::Repeated, seq, what))
            }
            None => {
                let what =
                    format!("record {seq} is another log's: record {due} of this one belongs here");
                Ok(problem(Kind::SecondLog, seq, what))
            }
        }
    }

    /// The right number, but made to follow another record than the one before it. Whether this
    /// record is the wrong one or the one before it can be told where the rest leads to what a
    /// witness knows.
    fn other_past(&self, stop: &Stop, entry: &Entry<'_>) -> io::Result<Problem> {
        let (seq, end) = (entry.seq, &self.scan.end);
        let Some(last) = self.scan.last else {
            let what = "record 1 does not begin a log: the hash before it is not 64 zeros";
            return Ok(self.problem(Kind::SecondLog, stop.place, seq, what.to_owned()));
        };
        let hash = Sha256Hex::parse(entry.prev_hash).unwrap_or_else(Sha256Hex::zero);
        let start =
            Start { place: stop.place, offset: stop.offset, head: Head { seq: seq - 1, hash } };
        let wanted: Vec<_> = self.witnesses.iter().map(|witness| witness.seq).collect();
        let rest = scan(self.log, &start, &wanted)?;
        let mut later = self.witnesses.iter().filter(|witness| witness.seq >= seq).peekable();
        let known = |witness: &Witness| rest.seen.iter().any(|(head, _)| witness.knows(head));
        if rest.stop.is_none() && later.peek().is_some() && later.all(known) {
            let what = format!(
                "record {} has been changed and its hash made anew: record {seq} was made to follow \
                 another, and the records from there on are the known ones",
                end.seq
            );
            return Ok(self.problem(Kind::Changed, last, end.seq, what));
        }
        let what = format!(
            "record {seq} was made to follow another record {}: from here on this is another log, or \
             that record has been changed and its hash made anew",
            end.seq
        );
        Ok(self.problem(Kind::SecondLog, stop.place, seq, what))
    }

    /// The first sound record like this, wherever it is.
    fn find(&self, like: impl Fn(&Entry<'_>) -> bool) -> io::Result<Option<Place>> {
        self.log.each_line(|place, line| match Entry::read(line) {
            Ok(entry) if like(&entry) => ControlFlow::Break(place),
            _ => ControlFlow::Continue(()),
        })
    }

    fn line_at(&self, stop: &Stop) -> io::Result<Vec<u8>> {
        let mut line = vec![0; LINE_MAX];
        let length = self.log.files[stop.place.file].file()?.read_at(&mut line, stop.offset)?;
        line.truncate(length);
        if let Some(end) = memchr::memchr(b'\n', &line) {
            line.truncate(end);
        }
        Ok(line)
    }

    /// Where the next record would be.
    fn after_last(&self) -> Place {
        let last_file = self.log.files.len() - 1;
        match self.scan.last {
            Some(last) if last.file == last_file => Place { line: last.line + 1, ..last },
            _ => Place { file: last_file, line: 1 },
        }
    }

    fn name(&self, place: Place) -> String {
        format!("{}:{}", shown(&self.log.files[place.file].path), place.line)
    }

    fn problem(&self, kind: Kind, place: Place, seq: u64, what: String) -> Problem {
        let file = self.log.files[place.file].path.clone();
        Problem { kind, file, line: place.line, seq, what }
    }
}

/// `record 5 is`, or `records 5 to 7 are`.
fn are_or_is(first: u64, last: u64) -> String {
    if first >= last {
        format!("record {first} is")
    } else {
        format!("records {first} to {last} are")
    }
}

/// The number that a broken line bears, if it can still be read.
fn claimed_seq(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Claim {
        seq: u64,
    }
    serde_json::from_slice::<Claim>(line).ok().map(|claim| claim.seq)
}
