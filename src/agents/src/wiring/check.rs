//! Telling how pager is wired, without changing anything.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::command::{has, is_executable};
use super::document::{Document, Entry};
use super::{Event, Events};

/// How pager is wired into one agent's settings.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// The agent whose settings these are.
    pub agent: &'static str,
    /// The settings file.
    pub file: PathBuf,
    /// Whether the file is there.
    pub exists: bool,
    /// Whether its `disableAllHooks` keeps every hook from running.
    pub hooks_disabled: bool,
    /// Each event that pager needs.
    pub events: Vec<EventCheck>,
    /// Entries of pager's for events that the agent's release does not know, and for which it takes
    /// none of its settings: an install takes them out.
    pub harmful: Vec<&'static str>,
    /// Commands of others that are asked for permission too, and may answer first.
    pub other_permission_hooks: Vec<String>,
    /// Every command of others, with the event it is run for.
    #[serde(skip)]
    pub others: Vec<(String, String)>,
}

/// How one event is wired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventCheck {
    /// The agent's name of the event.
    pub event: &'static str,
    /// Whether pager will hear of it.
    #[serde(flatten)]
    pub state: EventState,
    /// The tools or causes its entry is limited to by a `matcher`, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited_to: Option<String>,
}

/// Whether pager will hear of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[must_use]
pub enum EventState {
    /// As an install would write it.
    Installed,
    /// There is no entry of pager's.
    Missing,
    /// The entry names another `pager-hook`, or this one for another agent.
    Elsewhere {
        /// Its command line.
        command: String,
    },
    /// The entry names a program that is not there or not executable.
    ProgramMissing {
        /// Its command line.
        command: String,
    },
    /// The agent would give the hook up sooner or later than pager needs.
    OtherTimeout {
        /// The seconds it names; nothing for the agent's own default.
        seconds: Option<u32>,
    },
}

impl Check {
    /// Whether every event reaches pager just as an install would have it.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        !self.hooks_disabled
            && self.harmful.is_empty()
            && self.events.iter().all(|event| event.state == EventState::Installed)
    }
}

/// What an install would write.
pub(super) struct Wanted<'a> {
    pub(super) agent: &'static str,
    pub(super) events: Events,
    pub(super) program: &'a Path,
    pub(super) arguments: &'static [&'static str],
}

pub(super) fn check(file: &Path, wanted: &Wanted<'_>, document: Option<&Document>) -> Check {
    let entries = document.map(Document::entries).unwrap_or_default();
    let others = entries.iter().filter(|e| e.event == "PermissionRequest" && e.ours.is_none());
    let foreign = entries.iter().filter(|entry| entry.ours.is_none());
    let ours = |event: &&Event| entries.iter().any(|e| e.event == event.name && e.ours.is_some());
    let events = &wanted.events;
    Check {
        agent: wanted.agent,
        file: file.to_owned(),
        exists: document.is_some(),
        hooks_disabled: document.is_some_and(Document::hooks_disabled),
        events: events.wanted.iter().map(|event| check_event(event, &entries, wanted)).collect(),
        harmful: events.harmful.iter().filter(ours).map(|event| event.name).collect(),
        other_permission_hooks: others.map(|entry| entry.command.clone()).collect(),
        others: foreign.map(|entry| (entry.event.clone(), entry.command.clone())).collect(),
    }
}

fn check_event(event: &Event, entries: &[Entry], wanted: &Wanted<'_>) -> EventCheck {
    let ours = || entries.iter().filter(|e| e.event == event.name && e.ours.is_some());
    // An entry for everything tells more than one a person has limited.
    let entry = ours().find(|entry| entry.matcher.is_none()).or_else(|| ours().next());
    EventCheck {
        event: event.name,
        state: entry.map_or(EventState::Missing, |entry| state(event, entry, wanted)),
        limited_to: entry.and_then(|entry| entry.matcher.clone()),
    }
}

fn state(event: &Event, entry: &Entry, wanted: &Wanted<'_>) -> EventState {
    let command = || entry.command.clone();
    match &entry.ours {
        // A bare name is looked up in the agent's PATH, which is not ours to know.
        Some(program) if program.is_absolute() && !is_executable(program) => {
            EventState::ProgramMissing { command: command() }
        }
        Some(program) if program == wanted.program && has(&entry.command, wanted.arguments) => {
            match entry.timeout() {
                Some(seconds) if seconds == event.timeout => EventState::Installed,
                seconds => EventState::OtherTimeout { seconds },
            }
        }
        _ => EventState::Elsewhere { command: command() },
    }
}
