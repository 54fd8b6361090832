//! Every break of a log's chain, and whether a person has said that they know of it. A break stays
//! one for ever: what was there before it, and between, is not proven by what somebody says later.

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use jiff::Timestamp;
use pager_core::Sha256Hex;
use pager_core::audit::{ACKNOWLEDGED, Entry, Gap, Head};
use serde::Serialize;

use super::diagnose::{diagnose, is_replaced};
use super::log::{LINE_MAX, Log, Place};
use super::problem::Problem;
use super::record::Record;
use super::scan::{Scan, Start, Stop, scan};
use super::witness::Witness;

/// After so many breaks it is no log any more, and the rest is not looked at.
const MOST: usize = 1000;

/// What walking a whole log came to.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The walk up to the first break.
    pub(crate) first: Scan,
    pub(crate) breaks: Vec<Break>,
    /// How many records there are that follow another, or begin anew after a break.
    pub(crate) records: u64,
    /// The last of them.
    pub(crate) end: Head,
    /// Whether the log was seen to its end, and in it every record that somebody knows.
    pub(crate) complete: bool,
}

/// A place where the log is not one unbroken chain.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Break {
    #[serde(flatten)]
    pub(crate) problem: Problem,
    /// Its name; none where no sound record follows, or where the chain itself is unbroken: then
    /// there is nothing that could be acknowledged.
    #[serde(rename = "break", serialize_with = "as_text")]
    pub(crate) gap: Option<Gap>,
    /// The record in which a person says that they know of it.
    pub(crate) acknowledged: Option<Acknowledged>,
}

/// Who knows of a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Acknowledged {
    pub(crate) seq: u64,
    pub(crate) ts: Timestamp,
    pub(crate) by: String,
    pub(crate) reason: String,
}

impl Walk {
    /// Whether a person knows of everything that is wrong.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.complete && self.breaks.iter().all(|it| it.acknowledged.is_some())
    }

    /// The first thing that is wrong and of which nobody has said that they know it, or the first of
    /// all.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        let unknown = self.breaks.iter().find(|it| it.acknowledged.is_none());
        unknown.or(self.breaks.first()).map(|it| &it.problem)
    }
}

/// Walks through a log from break to break.
pub(crate) fn walk(log: &Log, witnesses: &[Witness]) -> io::Result<Walk> {
    let wanted: Vec<_> = witnesses.iter().map(|witness| witness.seq).collect();
    let first = scan(log, &Start::default(), &wanted)?;
    let mut walk = Walk {
        records: first.records,
        end: first.end.clone(),
        complete: true,
        breaks: Vec::new(),
        first,
    };
    let mut places = Vec::new();
    let mut met = Vec::new();
    let mut next = None;
    loop {
        let stretch = next.as_ref().unwrap_or(&walk.first);
        met.extend(stretch.seen.iter().map(|(head, _)| head.clone()));
        let Some(problem) = diagnose(log, stretch, witnesses)? else { break };
        let behind = match &stretch.stop {
            Some(stop) if !is_replaced(stretch, witnesses) => behind(log, stop, &stretch.end)?,
            _ => None,
        };
        let (start, gap) = behind.unzip();
        places.push(start.as_ref().map(|start: &Start| start.place));
        walk.breaks.push(Break { problem, gap, acknowledged: None });
        let Some(start) = start.filter(|_| walk.breaks.len() < MOST) else {
            walk.complete = false;
            break;
        };
        let stretch = scan(log, &start, &wanted)?;
        walk.records += stretch.records;
        walk.end = stretch.end.clone();
        next = Some(stretch);
    }
    walk.complete &= witnesses.iter().all(|witness| met.iter().any(|head| witness.knows(head)));
    if walk.breaks.iter().any(|it| it.gap.is_some()) {
        acknowledge(log, &mut walk.breaks, &places)?;
    }
    Ok(walk)
}

/// The first sound record at the line where the chain ends or after it, and what is before that.
fn behind(log: &Log, stop: &Stop, end: &Head) -> io::Result<Option<(Start, Gap)>> {
    let mut between = ring::digest::Context::new(&ring::digest::SHA256);
    let mut place = stop.place;
    let mut offset = stop.offset;
    for file in &log.files[stop.place.file..] {
        let mut reader = file.read_from(offset)?;
        let mut line = Vec::new();
        while (&mut reader).take(LINE_MAX as u64).read_until(b'\n', &mut line)? > 0 {
            let text = line.strip_suffix(b"\n");
            if let Some(entry) = text.and_then(|text| Entry::read(text).ok()) {
                let hash = Sha256Hex::parse(entry.prev_hash).unwrap_or_else(Sha256Hex::zero);
                let head = Head { seq: entry.seq.saturating_sub(1), hash };
                let digest: String =
                    between.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                let between = Sha256Hex::parse(&digest).unwrap_or_else(Sha256Hex::zero);
                let gap = Gap { after: end.clone(), before: entry.head(), between };
                return Ok(Some((Start { place, offset, head }, gap)));
            }
            between.update(&line);
            offset += line.len() as u64;
            // Of a line that is too long the rest is read as if it were others.
            place.line += u64::from(text.is_some());
            line.clear();
        }
        place = Place { file: place.file + 1, line: 1 };
        offset = 0;
    }
    Ok(None)
}

/// Finds the records in which a person says that they know of a break before.
fn acknowledge(log: &Log, breaks: &mut [Break], places: &[Option<Place>]) -> io::Result<()> {
    log.each_line(|place, line| {
        if let Some((gap, acknowledged)) = acknowledgement(line) {
            for (it, start) in breaks.iter_mut().zip(places) {
                if it.gap.as_ref() == Some(&gap) && start.is_some_and(|start| start <= place) {
                    it.acknowledged.get_or_insert_with(|| acknowledged.clone());
                }
            }
        }
        ControlFlow::<()>::Continue(())
    })?;
    Ok(())
}

fn acknowledgement(line: &[u8]) -> Option<(Gap, Acknowledged)> {
    let event = format!("\"event\":\"{}\"", ACKNOWLEDGED.event);
    memchr::memmem::find(line, event.as_bytes())?;
    Entry::read(line).ok().filter(|entry| entry.event == ACKNOWLEDGED.event)?;
    let Record { seq, ts, by, summary, .. } = serde_json::from_slice(line).ok()?;
    let summary = summary?;
    let (gap, reason) = Gap::read_acknowledged(&summary)?;
    Some((gap, Acknowledged { seq, ts, by, reason: reason.to_owned() }))
}

fn as_text<S: serde::Serializer>(gap: &Option<Gap>, serializer: S) -> Result<S::Ok, S::Error> {
    gap.as_ref().map(ToString::to_string).serialize(serializer)
}
