//! Codex's app-server on its standard input and output: one JSON message a line.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Take};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::failure::Failure;

/// It answers within a second; at its first start it makes its databases.
const PATIENCE: Duration = Duration::from_secs(30);

/// More than it says in all that is asked of it here.
const OUTPUT_MAX: u64 = 64 << 20;

/// A running app-server of our own, which ends with this.
pub(super) struct AppServer {
    /// Killed when dropped.
    _child: Child,
    stdin: ChildStdin,
    stdout: BufReader<Take<ChildStdout>>,
    asked: u64,
}

/// What it says: an answer, or something of no concern here.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<Value>,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Value>,
}

impl AppServer {
    /// Starts the app-server of `codex`.
    pub(super) async fn start(codex: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::failed(format!("cannot run {}: {error}", codex.display()));
        let mut child = Command::new(codex)
            .arg("app-server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let stdout = BufReader::new(stdout.take(OUTPUT_MAX));
        let mut server = Self { _child: child, stdin, stdout, asked: 0 };
        let client =
            json!({"name": "pagerctl", "title": "pager", "version": env!("CARGO_PKG_VERSION")});
        server.call::<Value>("initialize", json!({ "clientInfo": client })).await?;
        server.send(&json!({"method": "initialized"})).await.map_err(|_| silent("initialize"))?;
        Ok(server)
    }

    /// Asks it for something.
    pub(super) async fn call<T: DeserializeOwned>(
        &mut self,
        method: &str,
        params: Value,
    ) -> Result<T, Failure> {
        match timeout(PATIENCE, self.answer(method, params)).await {
            Ok(Ok(Ok(result))) => serde_json::from_str(result.get()).map_err(|_| silent(method)),
            Ok(Ok(Err(error))) => {
                let why =
                    error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned);
                Err(Failure::failed(format!("codex app-server refuses {method}: {why}")))
            }
            Ok(Err(_)) | Err(_) => Err(silent(method)),
        }
    }

    /// Its answer, or its refusal.
    async fn answer(
        &mut self,
        method: &str,
        params: Value,
    ) -> io::Result<Result<Box<RawValue>, Value>> {
        self.asked += 1;
        let id = Value::from(self.asked);
        self.send(&json!({"id": id, "method": method, "params": params})).await?;
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let message: Message = serde_json::from_str(&line)?;
            if message.method.is_none() && message.id.as_ref() == Some(&id) {
                return Ok(message.result.ok_or(message.error.unwrap_or_default()));
            }
        }
    }

    async fn send(&mut self, message: &Value) -> io::Result<()> {
        self.stdin.write_all(format!("{message}\n").as_bytes()).await
    }
}

fn silent(method: &str) -> Failure {
    Failure::failed(format!("codex app-server gives no answer to {method} that can be understood"))
        .with_hint("`codex --version` shows whether it runs; pager needs 0.169 or later")
}
