//! One connection to the socket of Codex's app-server: JSON messages over WebSocket.

use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pager_core::Origin;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Limits, Message, WebSocketStream};

use crate::host::origin;

/// How long the app-server may take to let us in.
const ADMIT_WITHIN: Duration = Duration::from_secs(2);

/// The app-server keeps its own messages below 16 MiB.
const MESSAGE_MAX: usize = 64 << 20;

/// Why there is no connection, or no more.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    /// Nobody listens.
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    /// Somebody else's program listens.
    #[error("user {0} listens there")]
    OtherUser(u32),
    /// It is no WebSocket, or broke.
    #[error("{0}")]
    WebSocket(#[from] tokio_websockets::Error),
    /// It ended.
    #[error("the app-server closed the connection")]
    Closed,
    /// It did not answer.
    #[error("the app-server does not answer")]
    Silent,
    /// It does not want us.
    #[error("the app-server refuses: {0}")]
    Refused(Value),
}

/// A connection.
pub(super) struct Socket {
    stream: WebSocketStream<UnixStream>,
    origin: Origin,
    asked: u64,
}

/// Something the app-server says.
#[derive(Debug)]
pub(super) enum Incoming {
    /// It asks all its clients.
    Request { id: Value, method: String, params: Box<RawValue> },
    /// It tells something.
    Notification { method: String, params: Box<RawValue> },
    /// It answers a request of ours: with a result, or without one.
    Response { id: u64, result: Result<Box<RawValue>, Value> },
    /// Something of a later version's.
    Unknown,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    params: Option<Box<RawValue>>,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Value>,
}

impl Socket {
    /// Connects and introduces itself.
    pub(super) async fn connect(path: &Path) -> Result<Self, SocketError> {
        match timeout(ADMIT_WITHIN, Self::enter(path)).await {
            Ok(entered) => entered,
            Err(_) => Err(SocketError::Silent),
        }
    }

    async fn enter(path: &Path) -> Result<Self, SocketError> {
        // The path is a link to where a socket's name is short enough.
        let stream = UnixStream::connect(tokio::fs::canonicalize(path).await?).await?;
        let owner = stream.peer_cred()?.uid();
        if owner != rustix::process::getuid().as_raw() {
            return Err(SocketError::OtherUser(owner));
        }
        let origin = origin::peer(&stream).map_or_else(origin::nowhere, origin::of_agent);
        let limits = Limits::default().max_payload_len(Some(MESSAGE_MAX));
        let builder = ClientBuilder::new().limits(limits).uri("ws://localhost/");
        let builder = builder.map_err(|error| std::io::Error::other(error.to_string()))?;
        let (stream, _) = builder.connect_on(stream).await?;
        let mut socket = Self { stream, origin, asked: 0 };
        let initialize = json!({
            "clientInfo": { "name": "pager", "title": "pager", "version": env!("CARGO_PKG_VERSION") },
            "capabilities": { "experimentalApi": true },
        });
        let asked = socket.request("initialize", &initialize).await?;
        loop {
            match socket.next().await? {
                Incoming::Response { id, result } if id == asked => {
                    result.map_err(SocketError::Refused)?;
                    break;
                }
                _ => {}
            }
        }
        socket.send(&json!({ "method": "initialized" })).await?;
        Ok(socket)
    }

    /// The app-server, as the origin of what it says.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Asks for something; the answer has the number returned.
    pub(super) async fn request(
        &mut self,
        method: &str,
        params: &Value,
    ) -> Result<u64, SocketError> {
        self.asked += 1;
        self.send(&json!({ "id": self.asked, "method": method, "params": params })).await?;
        Ok(self.asked)
    }

    /// Answers a request of the app-server's.
    pub(super) async fn respond(&mut self, id: &Value, result: &Value) -> Result<(), SocketError> {
        self.send(&json!({ "id": id, "result": result })).await
    }

    /// The next thing it says. Nothing is lost where this is not waited for to the end.
    pub(super) async fn next(&mut self) -> Result<Incoming, SocketError> {
        loop {
            let message = self.stream.next().await.ok_or(SocketError::Closed)??;
            if message.is_close() {
                return Err(SocketError::Closed);
            }
            if let Some(text) = message.as_text() {
                return Ok(read(text));
            }
        }
    }

    async fn send(&mut self, message: &Value) -> Result<(), SocketError> {
        Ok(self.stream.send(Message::text(message.to_string())).await?)
    }
}

fn read(text: &str) -> Incoming {
    let nothing = || RawValue::NULL.to_owned();
    match serde_json::from_str(text) {
        Ok(Wire { id: Some(id), method: Some(method), params, .. }) => {
            Incoming::Request { id, method, params: params.unwrap_or_else(nothing) }
        }
        Ok(Wire { id: None, method: Some(method), params, .. }) => {
            Incoming::Notification { method, params: params.unwrap_or_else(nothing) }
        }
        Ok(Wire { id: Some(id), method: None, result, error, .. }) => match id.as_u64() {
            Some(id) => Incoming::Response { id, result: result.ok_or(error.unwrap_or_default()) },
            None => Incoming::Unknown,
        },
        Ok(Wire { id: None, method: None, .. }) | Err(_) => Incoming::Unknown,
    }
}
