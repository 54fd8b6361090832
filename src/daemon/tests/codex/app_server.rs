//! A stand-in for Codex's app-server, as far as a second client of a thread sees it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_websockets::{Message, ServerBuilder, WebSocketStream};

/// Only a test that has failed waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const THREAD: &str = "01a1fe17-9e64-7292-89e2-20e70dfc9625";
pub(crate) const TURN: &str = "01a1fe17-9eaf-7e83-bb48-5c4db96311fb";

pub(crate) struct AppServer {
    home: PathBuf,
    asks: Arc<Mutex<Vec<Value>>>,
    says: mpsc::UnboundedSender<Value>,
    heard: mpsc::UnboundedReceiver<Value>,
    task: JoinHandle<()>,
}

impl AppServer {
    /// Starts it for a Codex with one thread open.
    pub(crate) fn start(home: &Path) -> Self {
        Self::asking(home, Vec::new())
    }

    fn asking(home: &Path, asks: Vec<Value>) -> Self {
        let folder = home.join("app-server-control");
        std::fs::create_dir_all(&folder).unwrap();
        let socket = home.join("s");
        drop(std::fs::remove_file(&socket));
        let listener = UnixListener::bind(&socket).unwrap();
        let link = folder.join("app-server-control.sock");
        drop(std::fs::remove_file(&link));
        std::os::unix::fs::symlink(&socket, link).unwrap();
        let asks = Arc::new(Mutex::new(asks));
        let (says, to_say) = mpsc::unbounded_channel();
        let (hears, heard) = mpsc::unbounded_channel();
        let task = tokio::spawn(serve(listener, Arc::clone(&asks), to_say, hears));
        Self { home: home.to_owned(), asks, says, heard, task }
    }

    /// Ends it, and starts another that asks for the same.
    pub(crate) async fn restart(self) -> Self {
        self.task.abort();
        drop(self.task.await);
        let asks = self.asks.lock().unwrap().clone();
        Self::asking(&self.home, asks)
    }

    /// Ends it for good.
    pub(crate) async fn end(self) {
        std::fs::remove_file(self.home.join("s")).unwrap();
        self.task.abort();
        drop(self.task.await);
    }

    /// Asks every client, now and whenever one joins, until one answers.
    pub(crate) fn ask(&self, method: &str, id: u64, params: &Value) {
        let request = json!({ "method": method, "id": id, "params": params });
        self.asks.lock().unwrap().push(request.clone());
        self.says.send(request).unwrap();
    }

    /// Asks whether the command of `item` may run.
    pub(crate) fn ask_command(&self, item: &str, id: u64, command: &str) {
        let params = json!({ "kind": "command", "threadId": THREAD, "turnId": TURN,
            "itemId": item, "startedAtMs": 1, "environmentId": "local", "reason": "May I?",
            "command": format!("/bin/bash -lc '{command}'"), "cwd": "/home/ada/webshop" });
        self.ask("item/commandExecution/requestApproval", id, &params);
    }

    /// Another client has answered.
    pub(crate) fn resolve(&self, id: u64) {
        self.asks.lock().unwrap().retain(|ask| ask["id"] != id);
        let params = json!({ "threadId": THREAD, "requestId": id });
        self.says.send(json!({ "method": "serverRequest/resolved", "params": params })).unwrap();
    }

    /// The next thing it is told, apart from the introduction.
    pub(crate) async fn heard(&mut self) -> Value {
        timeout(PATIENCE, self.heard.recv()).await.expect("nothing is said").unwrap()
    }

    /// Reads what it is told until that is a call of `method`.
    pub(crate) async fn called(&mut self, method: &str) -> Value {
        loop {
            let message = self.heard().await;
            if message["method"] == method {
                return message["params"].clone();
            }
        }
    }

    /// Reads what it is told until that is an answer.
    pub(crate) async fn answered(&mut self) -> (Value, Value) {
        loop {
            let message = self.heard().await;
            if message.get("method").is_none() {
                return (message["id"].clone(), message["result"].clone());
            }
        }
    }
}

async fn serve(
    listener: UnixListener,
    asks: Arc<Mutex<Vec<Value>>>,
    mut says: mpsc::UnboundedReceiver<Value>,
    hears: mpsc::UnboundedSender<Value>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (_, mut client) = ServerBuilder::new().accept(stream).await.unwrap();
        let mut joined = false;
        loop {
            tokio::select! {
                Some(message) = says.recv() => if joined {
                    send(&mut client, &message).await;
                },
                message = client.next() => {
                    let Some(Ok(message)) = message else { break };
                    let Some(text) = message.as_text() else { continue };
                    let message: Value = serde_json::from_str(text).unwrap();
                    let result = match message["method"].as_str() {
                        Some("thread/loaded/list") => json!({ "data": [THREAD], "nextCursor": null }),
                        _ => json!({}),
                    };
                    if message.get("method").is_none() {
                        asks.lock().unwrap().retain(|ask| ask["id"] != message["id"]);
                    } else if message.get("id").is_some() {
                        send(&mut client, &json!({ "id": message["id"], "result": result })).await;
                    }
                    if message["method"] == "thread/resume" {
                        joined = true;
                        let open = asks.lock().unwrap().clone();
                        for ask in open {
                            send(&mut client, &ask).await;
                        }
                    }
                    if !matches!(message["method"].as_str(), Some("initialize" | "initialized")) {
                        drop(hears.send(message));
                    }
                }
            }
        }
    }
}

async fn send(client: &mut WebSocketStream<UnixStream>, message: &Value) {
    // A client that has gone misses nothing: it is asked again when it comes back.
    drop(client.send(Message::text(message.to_string())).await);
}
