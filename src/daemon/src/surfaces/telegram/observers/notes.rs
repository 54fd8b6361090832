//! What is worth a note, and its words.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use pager_core::{Event, Level, Machine, Phase, SessionId, present};
use serde::{Deserialize, Serialize};

use crate::engine::Health;
use crate::redaction;
use crate::store::Logged;

/// What is older is not told any more.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// How many notes are in a message; the last ones count.
const MOST: usize = 20;

/// Something to be told, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) level: Level,
    pub(super) line: String,
}

impl Note {
    /// Whether the phone is to make itself heard.
    pub(super) fn is_loud(&self) -> bool {
        self.level > Level::Finished
    }
}

/// How far an observer has followed the event log, and who was in a turn there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) seq: u64,
    working: BTreeSet<SessionId>,
}

impl Place {
    /// As things are.
    pub(super) fn at(seq: u64, machine: &Machine) -> Self {
        let working = machine.sessions().filter(|session| session.phase == Phase::Working);
        Self { seq, working: working.map(|session| session.id.clone()).collect() }
    }

    /// Passes an event, and says what of it is worth a note.
    pub(super) fn pass(&mut self, logged: &Logged, now: Timestamp) -> Option<Note> {
        self.seq = logged.seq;
        let (note, at) = match &logged.event {
            Event::SessionChanged { session } => {
                let worked = match session.phase {
                    Phase::Working => {
                        self.working.insert(session.id.clone());
                        false
                    }
                    Phase::Idle | Phase::Ended => self.working.remove(&session.id),
                };
                let finished = worked && session.phase == Phase::Idle;
                let label = redaction::line(&session.label, 80);
                let line = format!("{} in {label} has finished its turn.", session.agent.title());
                (finished.then_some(Note { level: Level::Finished, line })?, session.changed)
            }
            Event::Noticed { notice } => {
                let level = notice.level()?;
                let words = present::notice(notice);
                // What can be done about it is nothing an observer can do.
                let line = redaction::line(words.lines().next().unwrap_or_default(), 300);
                (Note { level, line }, notice.at)
            }
            Event::SessionForgotten { id } => {
                self.working.remove(id);
                return None;
            }
            _ => return None,
        };
        (now.duration_since(at) < FRESH).then_some(note)
    }
}

/// The words of some notes, one a line; none where there is none.
pub(super) fn text(notes: &[&Note]) -> Option<String> {
    let shown = &notes[notes.len().saturating_sub(MOST)..];
    let left = notes.len() - shown.len();
    let more = (left > 0).then(|| format!("… and {left} more before"));
    let lines = shown.iter().map(|note| match note.level {
        Level::Finished => note.line.clone(),
        Level::Warning => format!("Warning: {}", note.line),
        Level::Error => format!("Error: {}", note.line),
    });
    let lines: Vec<_> = more.into_iter().chain(lines).collect();
    (!notes.is_empty()).then(|| lines.join("\n"))
}

/// What is wrong now that no event tells of: with the disk, with the door for questions.
pub(super) fn standing(health: &Health, door: &str) -> BTreeSet<String> {
    let mut standing = BTreeSet::new();
    if let Health::Degraded { why } = health {
        let why = redaction::line(why, 200);
        standing.insert(format!("pager can write nothing down, so nothing is decided: {why}"));
    }
    if door.starts_with("conflict") || door.starts_with("unauthorized") {
        let door = redaction::line(door, 200);
        standing.insert(format!("questions do not come to Telegram: {door}"));
    }
    standing
}

/// What of that was told already.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeSet<String>);

impl Told {
    /// What of it is new.
    pub(super) fn news(&mut self, standing: BTreeSet<String>) -> Vec<Note> {
        let new = standing.difference(&self.0).cloned();
        let news = new.map(|line| Note { level: Level::Error, line }).collect();
        self.0 = standing;
        news
    }
}
