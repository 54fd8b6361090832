//! The real Codex, as the user has it: past its first-run dialogs, with a scripted model.

use anyhow::Result;

use super::System;
use super::claude::FOLDER;
use super::terminal::Terminal;
use crate::model_api::ModelApi;

/// Where the program and those it starts are.
pub const PROGRAMS: &str = "/opt/codex";

/// A `PATH` with Codex in it.
pub const PATH: &str = "/opt/codex/bin:/usr/local/bin:/usr/bin:/bin";

const CONFIG: &str = "/home/user/.codex/config.toml";

impl System {
    /// Answers the agent's first-run questions as a person once does, and names the model; `more`
    /// ends the configuration.
    ///
    /// # Errors
    /// Where the answers cannot be written.
    pub fn set_up_codex(&self, model: &ModelApi, more: &str) -> Result<()> {
        self.run_as_user(["mkdir", "--parents", FOLDER])?;
        let url = model.url();
        let config = format!(
            r#"model = "gpt-5.5"
model_provider = "scripted"
approval_policy = "on-request"
sandbox_mode = "workspace-write"
check_for_update_on_startup = false

[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
requires_openai_auth = false

[projects."{FOLDER}"]
trust_level = "trusted"

[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"

{more}"#
        );
        self.write_as_user(CONFIG, config)
    }

    /// Opens a terminal and starts the agent in it, with these arguments of its command line.
    ///
    /// # Errors
    /// Where the terminal cannot be opened.
    pub fn start_codex(&self, arguments: &str) -> Result<Terminal<'_>> {
        Terminal::open(self, FOLDER, &format!("export PATH={PATH}; exec codex {arguments}"))
    }
}
