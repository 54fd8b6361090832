//! A stand-in for a coding agent: it runs the real hook on a real permission request, and passes on
//! what the hook prints.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStdout, Command};

use super::child::Guarded;
use super::place::Place;
use crate::failure::Failure;

/// What the log of the hook is called.
pub(crate) const NAME: &str = "pager-hook";
/// What the agent wants to do. Nothing of it is ever run.
const COMMAND: &str = "touch made && curl -s http://127.0.0.1:9 ; echo ok";

/// A process of its own, as an agent is one: pager lets no agent answer for itself, and the hook's
/// parent is the agent. The last command keeps the shell from giving its process to the hook.
const SCRIPT: &str = "\"$1\"\nexit $?\n";

/// A running agent that waits for an answer.
#[derive(Debug)]
pub(crate) struct Agent {
    process: Guarded,
    output: ChildStdout,
}

impl Agent {
    /// Starts it in its project's folder.
    pub(crate) fn start(hook: &Path, place: &Place) -> Result<Self, Failure> {
        let failed = |error| Failure::failed(format!("cannot start the demo's agent: {error}"));
        let request = place.root().join("request.json");
        fs::write(&request, request_text(place)).map_err(failed)?;
        let script = place.root().join("agent");
        fs::write(&script, SCRIPT).map_err(failed)?;
        let mut command = Command::new("/bin/sh");
        command
            .arg(&script)
            .arg(hook)
            .env_clear()
            .env("HOME", place.root())
            .env("PAGER_HOOK_SOCKET", place.runtime().join("hook.sock"))
            .current_dir(place.project())
            .stdin(File::open(&request).map_err(failed)?)
            .stdout(Stdio::piped());
        let mut process =
            Guarded::start(&mut command, File::create(place.log(NAME)).map_err(failed)?)
                .map_err(failed)?;
        let output =
            process.take_stdout().ok_or_else(|| Failure::failed("the agent has no output"))?;
        Ok(Self { process, output })
    }

    /// What it was told, once the hook has ended.
    pub(crate) async fn told(&mut self) -> Result<String, Failure> {
        let mut text = String::new();
        self.output
            .read_to_string(&mut text)
            .await
            .map_err(|error| Failure::failed(format!("cannot read what the hook says: {error}")))?;
        Ok(text)
    }

    /// Returns once it has ended.
    pub(crate) async fn ended(&mut self) -> Result<(), Failure> {
        self.process.ended().await.map(drop).map_err(Failure::failed)
    }
}

/// A permission request as Claude Code writes it.
fn request_text(place: &Place) -> String {
    let request: Value = json!({
        "session_id": "00000000-0000-4000-8000-00000000da7a",
        "transcript_path": place.root().join("transcript.jsonl"),
        "cwd": place.project(),
        "hook_event_name": "PermissionRequest",
        "permission_mode": "default",
        "tool_name": "Bash",
        "tool_input": { "command": COMMAND, "description": "Make a file and ask a server" },
        "permission_suggestions": [{
            "type": "addRules",
            "rules": [
                { "toolName": "Bash", "ruleContent": "touch made *" },
                { "toolName": "Bash", "ruleContent": "curl -s http://127.0.0.1:9" },
            ],
            "behavior": "allow",
            "destination": "localSettings",
        }],
    });
    request.to_string()
}
