//! What became of a settings file.

use std::path::PathBuf;

use serde::Serialize;

/// What an install or a removal did.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The agent whose settings these are.
    pub agent: &'static str,
    /// The settings file.
    pub file: PathBuf,
    /// What became of the file.
    pub outcome: Outcome,
    /// The copy of the file as it was before, where one was made by this change.
    pub backup: Option<PathBuf>,
    /// What became of each event's entry.
    pub events: Vec<EventChange>,
}

/// What became of a settings file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Outcome {
    /// The file was there and has been rewritten.
    Changed,
    /// The file was already as wanted and has not been touched.
    Unchanged,
    /// The file was not there and has been written.
    Created,
}

/// What became of the entry of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventChange {
    /// The agent's name of the event.
    pub event: String,
    /// What was done.
    pub action: EventAction,
}

/// What was done to the entry of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventAction {
    /// There was no entry of pager's.
    Added,
    /// The entry named another program or another timeout, or stood there twice.
    Updated,
    /// The entry was right.
    Kept,
    /// The entry has been taken out.
    Removed,
}
