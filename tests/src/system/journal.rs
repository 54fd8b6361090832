//! The booted system's journal.

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::{Input, Lines, System};

/// One journal entry, by field.
pub type Entry = Map<String, Value>;

impl System {
    /// The entries so far that match, such as `PAGER_APPROVAL=…`; with no matches, all.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn journal(&self, matches: &[&str]) -> Result<Vec<Entry>> {
        let mut command = self.command_as_root(["journalctl", "--output=json", "--no-pager"]);
        command.args(matches);
        let printed = self.run_with(command, Input::None)?;
        printed.lines().map(entry).collect()
    }

    /// Waits for an entry that matches and that `found` accepts; earlier entries count.
    ///
    /// # Errors
    /// Where none comes.
    pub fn wait_for_journal(
        &self,
        matches: &[&str],
        found: impl Fn(&Entry) -> bool,
    ) -> Result<Entry> {
        let follow = ["journalctl", "--output=json", "--follow", "--lines=all"];
        let mut command = self.command_as_root(follow);
        command.args(matches);
        let mut lines = Lines::of(command)?;
        let what = format!("a journal entry with {matches:?}");
        lines.wait(&what, |line| entry(line).ok().filter(|entry| found(entry)))
    }
}

fn entry(line: &str) -> Result<Entry> {
    serde_json::from_str(line).with_context(|| format!("parsing the journal entry {line}"))
}
