//! Wiring pager's hooks into the settings file of a coding agent, taking them out, and checking them.
//!
//! The file belongs to a person and to other tools: only pager's own entries are touched, the rest
//! keeps its bytes, and a file that is not understood is left alone.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

mod change;
mod check;
mod claude;
mod codex;
mod command;
mod document;
mod edit;
mod error;
mod file;
mod grant;
mod release;

pub use change::{Change, EventAction, EventChange, Outcome};
pub use check::{Check, EventCheck, EventState};
pub use command::HOOK_PROGRAM;
pub use error::WiringError;
pub use grant::Grant;

use command::HookCommand;
use document::Document;
use edit::Edit;
use file::SettingsFile;
use release::Installation;

/// `pager-hook` leaves a plain event within a fraction of a second; this bounds the harm of a
/// machine that hangs.
const PLAIN: u32 = 5;

/// The place where one agent reads its hooks from.
#[derive(Debug, Clone)]
pub struct Wiring {
    settings: PathBuf,
    reader: Reader,
}

/// The agent that reads the settings.
#[derive(Debug, Clone)]
enum Reader {
    Claude(Installation),
    Codex,
}

/// An event pager wants to hear of, and how long the agent may wait for `pager-hook`, in seconds.
#[derive(Debug)]
struct Event {
    name: &'static str,
    timeout: u32,
}

/// What to listen to in the release that reads the settings.
struct Events {
    wanted: Vec<&'static Event>,
    /// Those for which it would not take the settings at all.
    harmful: &'static [Event],
}

impl Wiring {
    /// Names Claude Code's settings: those in `config_dir` (its `CLAUDE_CONFIG_DIR`) where that is
    /// set and not empty, else those in `.claude` under `home`.
    #[must_use]
    pub fn claude(home: &Path, config_dir: Option<&OsStr>) -> Self {
        let config_dir = config_dir.filter(|folder| !folder.is_empty()).map(Path::new);
        let folder = config_dir.map_or_else(|| home.join(".claude"), Path::to_owned);
        Self {
            settings: folder.join("settings.json"),
            reader: Reader::Claude(Installation::new(home, config_dir)),
        }
    }

    /// Names Codex's file of hooks: the one in `codex_home` (its `CODEX_HOME`) where that is set and
    /// not empty, else the one in `.codex` under `home`. Codex runs nothing of it that the person has
    /// not trusted.
    #[must_use]
    pub fn codex(home: &Path, codex_home: Option<&OsStr>) -> Self {
        let codex_home = codex_home.filter(|folder| !folder.is_empty()).map(Path::new);
        let folder = codex_home.map_or_else(|| home.join(".codex"), Path::to_owned);
        Self { settings: folder.join("hooks.json"), reader: Reader::Codex }
    }

    /// Looks for the agent's program in the folders of `path` (the person's `PATH`) as well as in
    /// those of its own installers.
    #[must_use]
    pub fn searching(self, path: Option<OsString>) -> Self {
        let reader = match self.reader {
            Reader::Claude(installation) => Reader::Claude(installation.searching(path)),
            Reader::Codex => Reader::Codex,
        };
        Self { reader, ..self }
    }

    /// The release of the agent that reads the settings, the oldest where there are several; none
    /// where it cannot be told or does not matter, and only what every release knows is wired.
    #[must_use]
    pub fn release(&self) -> Option<String> {
        match &self.reader {
            Reader::Claude(installation) => installation.release().map(|it| it.to_string()),
            Reader::Codex => None,
        }
    }

    /// Whether `command`, as it stands in the settings, runs `hook_program` for this agent.
    #[must_use]
    pub fn is_own(&self, hook_program: &Path, command: &str) -> bool {
        command::pager_hook(command).as_deref() == Some(hook_program)
            && command::has(command, self.arguments())
    }

    /// Whether the agent runs a hook only once the person has told it to trust that.
    #[must_use]
    pub fn needs_trust(&self) -> bool {
        matches!(self.reader, Reader::Codex)
    }

    /// The settings file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.settings
    }

    /// Wires `hook_program` into every event pager needs; entries of an older or moved `pager-hook`
    /// are brought up to date in place.
    ///
    /// # Errors
    /// When the program cannot be run, or the file is not understood, not a regular file, cannot be
    /// written, or keeps changing under the edit. The file is then as it was.
    pub fn install(&self, hook_program: &Path) -> Result<Change, WiringError> {
        let command = HookCommand::new(hook_program, self.arguments())?;
        let events = self.events();
        self.change(file::Missing::Create, |document| edit::install(document, &events, &command))
    }

    /// Takes every entry of pager's out of the file, and the lists and groups left empty by that.
    ///
    /// # Errors
    /// When the file is not understood, not a regular file, cannot be written, or keeps changing
    /// under the edit. The file is then as it was.
    pub fn remove(&self) -> Result<Change, WiringError> {
        self.change(file::Missing::Leave, |document| Ok(edit::remove(document)))
    }

    /// Says, event by event, whether `hook_program` is wired, and what else in the file matters to
    /// approvals.
    ///
    /// # Errors
    /// When the file cannot be read or is not understood.
    pub fn check(&self, hook_program: &Path) -> Result<Check, WiringError> {
        let file = SettingsFile::new(&self.settings)?;
        let text = file.read()?.map(|found| found.text);
        let document = text.as_deref().map(|text| Document::parse(&self.settings, text));
        let document = document.transpose()?;
        let wanted = check::Wanted {
            agent: self.agent(),
            events: self.events(),
            program: hook_program,
            arguments: self.arguments(),
        };
        Ok(check::check(&self.settings, &wanted, document.as_ref()))
    }

    /// The agent's short name: `claude` or `codex`.
    #[must_use]
    pub fn agent(&self) -> &'static str {
        match self.reader {
            Reader::Claude(_) => "claude",
            Reader::Codex => "codex",
        }
    }

    fn events(&self) -> Events {
        match &self.reader {
            Reader::Claude(installation) => claude::events(installation.release()),
            Reader::Codex => codex::events(),
        }
    }

    /// What `pager-hook` is to be told of whose hook it is.
    fn arguments(&self) -> &'static [&'static str] {
        match self.reader {
            Reader::Claude(_) => &[],
            Reader::Codex => &["--agent", "codex"],
        }
    }

    fn change(
        &self,
        missing: file::Missing,
        edit: impl Fn(&Document) -> Result<Edit, WiringError>,
    ) -> Result<Change, WiringError> {
        let file = SettingsFile::new(&self.settings)?;
        // The agent and its other tools write this file too: when one did so between our reading
        // and our writing, its version is taken up once; after that a person has to look.
        match self.attempt(&file, missing, &edit) {
            Err(WiringError::Busy { .. }) => self.attempt(&file, missing, &edit),
            done => done,
        }
    }

    fn attempt(
        &self,
        file: &SettingsFile<'_>,
        missing: file::Missing,
        edit: &impl Fn(&Document) -> Result<Edit, WiringError>,
    ) -> Result<Change, WiringError> {
        let found = file.read()?;
        let change = |outcome, backup, events| Change {
            agent: self.agent(),
            file: self.settings.clone(),
            outcome,
            backup,
            events,
        };
        if found.is_none() && missing == file::Missing::Leave {
            return Ok(change(Outcome::Unchanged, None, Vec::new()));
        }
        let before = found.as_ref().map_or("", |found| found.text.as_str());
        let document = Document::parse(&self.settings, before)?;
        let edit = edit(&document)?;
        let after = document.text();
        if found.is_some() && after == before {
            return Ok(change(Outcome::Unchanged, None, edit.events));
        }
        document::prove(&self.settings, before, &after)?;
        let backup = match &found {
            Some(found) => file.back_up(found, edit.first)?,
            None => None,
        };
        file.write(found.as_ref(), &after)?;
        let outcome = if found.is_some() { Outcome::Changed } else { Outcome::Created };
        Ok(change(outcome, backup, edit.events))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use super::*;

    fn edit_while_another_writes(times: u32) -> (Result<Change, WiringError>, String) {
        let home = tempfile::tempdir().unwrap();
        let wiring = Wiring::claude(home.path(), None);
        fs::create_dir(home.path().join(".claude")).unwrap();
        fs::write(wiring.file(), "{}").unwrap();
        let written = Cell::new(0);
        let change = wiring.change(file::Missing::Create, |document| {
            if written.get() < times {
                written.set(written.get() + 1);
                fs::write(wiring.file(), format!("{{\"theirs\": {}}}", written.get())).unwrap();
            }
            document.settings.object_value_or_set("hooks");
            Ok(Edit { events: Vec::new(), first: false })
        });
        (change, fs::read_to_string(wiring.file()).unwrap())
    }

    #[test]
    fn what_another_wrote_meanwhile_is_taken_up_once() {
        let (change, text) = edit_while_another_writes(1);
        assert_eq!(change.unwrap().outcome, Outcome::Changed);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value, serde_json::json!({"theirs": 1, "hooks": {}}));
    }

    #[test]
    fn a_file_that_keeps_changing_is_left_to_its_writer() {
        let (change, text) = edit_while_another_writes(9);
        assert!(matches!(change, Err(WiringError::Busy { .. })));
        assert_eq!(text, "{\"theirs\": 2}");
    }

    #[test]
    fn an_edit_of_other_settings_is_never_written() {
        let file = Path::new("/settings.json");
        let before =
            r#"{"a": 1, "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]}}"#;
        assert!(document::prove(file, before, before).is_ok());
        for after in [before.replace('1', "2"), before.replace("\"x\"", "\"y\""), "{}".to_owned()] {
            let proof = document::prove(file, before, &after);
            assert!(matches!(proof, Err(WiringError::Unproven { .. })), "{after}");
        }
    }
}
