//! Whether Codex trusts pager's entries, and having it do so.

use std::path::{Path, PathBuf};

use pager_agents::wiring::{Check, Wiring};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::app_server::AppServer;
use crate::failure::Failure;

/// Whether Codex would run the entry of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Trust {
    /// Codex's name of the event.
    pub(crate) event: &'static str,
    /// Whether it would.
    pub(crate) state: TrustState,
}

/// Whether Codex would run an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrustState {
    /// It would.
    #[serde(alias = "managed")]
    Trusted,
    /// Nobody has told it to.
    Untrusted,
    /// The entry is no longer the one that was trusted.
    Modified,
    /// The person has switched the hook off.
    Disabled,
    /// It sees no entry of pager's.
    #[serde(other)]
    Missing,
}

/// Codex, asked about one file of hooks.
pub(crate) struct Codex<'a> {
    server: AppServer,
    wiring: &'a Wiring,
    hook_program: &'a Path,
}

#[derive(Deserialize)]
struct Listed {
    data: Vec<Folder>,
}

#[derive(Deserialize)]
struct Folder {
    hooks: Vec<Hook>,
    #[serde(default)]
    warnings: Vec<String>,
}

/// A hook that Codex knows of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hook {
    key: String,
    event_name: String,
    #[serde(default)]
    command: Option<String>,
    source_path: PathBuf,
    enabled: bool,
    current_hash: String,
    trust_status: TrustState,
}

/// What Codex knows of pager's entries.
pub(crate) struct Seen {
    /// Each event pager needs.
    pub(crate) trust: Vec<Trust>,
    /// What Codex finds wrong with files of hooks.
    pub(crate) warnings: Vec<String>,
    ours: Vec<Hook>,
}

impl Seen {
    /// Whether Codex runs every entry.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trust.iter().all(|trust| trust.state == TrustState::Trusted)
    }
}

/// The `codex` that the person's shell would run.
pub(crate) fn program() -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("codex"))
        .find(|program| crate::programs::is_executable(program))
        .ok_or_else(|| {
            Failure::failed("there is no codex in PATH, and Codex itself has to trust the hooks")
                .with_hint("install Codex, or run this where `codex --version` works")
        })
}

impl<'a> Codex<'a> {
    /// Starts the Codex that is to be asked.
    pub(crate) async fn start(
        codex: &Path,
        wiring: &'a Wiring,
        hook_program: &'a Path,
    ) -> Result<Self, Failure> {
        Ok(Self { server: AppServer::start(codex).await?, wiring, hook_program })
    }

    /// What it knows of the entries that a check has looked at.
    pub(crate) async fn see(&mut self, check: &Check) -> Result<Seen, Failure> {
        // The folder only says which project's hooks are listed besides.
        let folder = self.wiring.file().parent();
        let listed: Listed = self.server.call("hooks/list", json!({ "cwds": [folder] })).await?;
        let mut seen = Seen { trust: Vec::new(), warnings: Vec::new(), ours: Vec::new() };
        let file = real(self.wiring.file());
        for folder in listed.data {
            seen.warnings.extend(folder.warnings);
            seen.ours.extend(folder.hooks.into_iter().filter(|hook| {
                let command = hook.command.as_deref().unwrap_or_default();
                self.wiring.is_own(self.hook_program, command) && real(&hook.source_path) == file
            }));
        }
        seen.trust = check
            .events
            .iter()
            .map(|event| {
                let hook = seen.ours.iter().find(|hook| same_event(&hook.event_name, event.event));
                let state = hook.map_or(TrustState::Missing, |hook| match hook.enabled {
                    true => hook.trust_status,
                    false => TrustState::Disabled,
                });
                Trust { event: event.event, state }
            })
            .collect();
        Ok(seen)
    }

    /// Has it trust pager's entries just as they are, and nobody else's.
    pub(crate) async fn trust(&mut self, seen: &Seen) -> Result<(), Failure> {
        let state: Map<String, Value> = seen
            .ours
            .iter()
            .map(|hook| (hook.key.clone(), json!({ "trusted_hash": hook.current_hash })))
            .collect();
        self.write(vec![edit("hooks.state", &Value::Object(state), "upsert")]).await
    }

    /// Has it forget that pager's entries were trusted.
    pub(crate) async fn forget(&mut self, seen: &Seen) -> Result<(), Failure> {
        let forget = |hook: &Hook| {
            let key = Value::from(hook.key.as_str());
            edit(&format!("hooks.state.{key}"), &Value::Null, "replace")
        };
        self.write(seen.ours.iter().map(forget).collect()).await
    }

    async fn write(&mut self, edits: Vec<Value>) -> Result<(), Failure> {
        if edits.is_empty() {
            return Ok(());
        }
        let params = json!({ "edits": edits, "reloadUserConfig": true });
        self.server.call::<Value>("config/batchWrite", params).await.map(drop)
    }
}

fn edit(key: &str, value: &Value, strategy: &str) -> Value {
    json!({ "keyPath": key, "value": value, "mergeStrategy": strategy })
}

/// Codex begins the names with a small letter here and with a capital in the file.
fn same_event(listed: &str, wired: &str) -> bool {
    listed.eq_ignore_ascii_case(wired)
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
