//! The real Claude Code, as the user has it: past its first-run dialogs, with a scripted model.

use anyhow::Result;
use serde_json::{Value, json};

use super::System;
use super::terminal::Terminal;
use crate::model_api::ModelApi;

/// Where the agent works.
pub const FOLDER: &str = "/home/user/work";

/// The agent's settings, in which hooks are wired.
pub const SETTINGS: &str = "/home/user/.claude/settings.json";

/// The variables by which the agent speaks to the scripted model, and to nobody else.
const SURROUNDINGS: [&str; 4] = [
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_API_KEY",
    "DISABLE_AUTOUPDATER",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
];

const KEY: &str = "sk-ant-test-00000000000";

impl System {
    /// The version of the agent that is installed.
    ///
    /// # Errors
    /// Where it does not run.
    pub fn claude_version(&self) -> Result<String> {
        Ok(self.run_as_user(["claude", "--version"])?.trim().to_owned())
    }

    /// Answers the agent's first-run questions as a person once does.
    ///
    /// # Errors
    /// Where the answers cannot be written.
    pub fn set_up_claude(&self) -> Result<()> {
        let project =
            json!({"hasTrustDialogAccepted": true, "hasCompletedProjectOnboarding": true});
        let state = json!({
            "hasCompletedOnboarding": true,
            "theme": "dark",
            "customApiKeyResponses": {"approved": [&KEY[KEY.len() - 20..]], "rejected": []},
            "projects": {FOLDER: project},
        });
        self.run_as_user(["mkdir", "--parents", FOLDER])?;
        self.write_as_user("/home/user/.claude.json", state.to_string())
    }

    /// Opens a terminal and starts the agent in it, with these arguments of its command line.
    ///
    /// # Errors
    /// Where the terminal cannot be opened.
    pub fn start_claude(&self, model: &ModelApi, arguments: &str) -> Result<Terminal<'_>> {
        self.start_claude_by(model, "", arguments)
    }

    /// The same in a unit of its own, which gets these options of systemd-run(1).
    ///
    /// # Errors
    /// Where the terminal cannot be opened.
    pub fn start_claude_in_a_unit(
        &self,
        model: &ModelApi,
        options: &str,
        arguments: &str,
    ) -> Result<Terminal<'_>> {
        let names = SURROUNDINGS.map(|name| format!("--setenv={name}")).join(" ");
        let run =
            format!("systemd-run --user --quiet --collect --pty --same-dir {names} {options}");
        self.start_claude_by(model, &run, arguments)
    }

    fn start_claude_by(
        &self,
        model: &ModelApi,
        launcher: &str,
        arguments: &str,
    ) -> Result<Terminal<'_>> {
        let [url, key, updater, traffic] = SURROUNDINGS;
        let address = model.url();
        // Releases of late begin in a mode in which they ask about little.
        let mode = match arguments.contains("--permission-mode") {
            true => "",
            false => "--permission-mode default",
        };
        let script = format!(
            "export {url}={address} {key}={KEY} {updater}=1 {traffic}=1; \
             exec {launcher} claude {mode} {arguments}"
        );
        Terminal::open(self, FOLDER, &script)
    }
}

/// Settings that run `command` on each of the events.
pub fn hooks(command: &str, events: &[&str]) -> Value {
    let hook = json!([{
        "matcher": "*",
        "hooks": [{"type": "command", "command": command, "timeout": 600}],
    }]);
    let events = events.iter().map(|event| ((*event).to_owned(), hook.clone()));
    json!({"hooks": Value::Object(events.collect())})
}
