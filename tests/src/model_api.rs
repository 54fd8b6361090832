//! A scripted stand-in for the model service, so that the real Claude Code and the real Codex can
//! be led through a session on loopback.
//!
//! The reply to a request is a function of the request alone: the conversation is recognised by
//! its first prompt and the turn by how many replies it already holds. Retries, side requests and
//! several sessions at once therefore never shift a script.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

mod reply;
mod responses;
#[cfg(test)]
mod tests;

/// Everything the model will say, conversation by conversation.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The first conversation that matches a request answers it.
    pub conversations: Vec<Conversation>,
}

/// The replies of one conversation: a session, or a subagent within one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Text the first user message must contain; the empty text matches every conversation.
    #[serde(default)]
    pub when: String,
    /// The replies in order. A conversation that outlasts them gets the plain text `done`.
    pub turns: Vec<Vec<Block>>,
}

/// One piece of a reply.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Block {
    /// Plain text for the person.
    Text {
        /// What is said.
        text: String,
    },
    /// A call of one of the agent's tools.
    ToolUse {
        /// The tool's name, such as `Bash`.
        tool: String,
        /// The tool's input.
        input: Value,
    },
}

/// Stands in a script for the file that the agent names for its plan, another one each time.
const PLAN_FILE: &str = "$PLAN_FILE";

/// The file that the agent has its model write a plan to.
fn plan_file(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("create your plan at ")?;
    let (file, _) = rest.split_once(".md")?;
    Some(format!("{file}.md"))
}

impl Script {
    /// One conversation, whatever its prompt.
    pub fn turns(turns: impl IntoIterator<Item = Vec<Block>>) -> Self {
        Self::default().with("", turns)
    }

    /// Adds a conversation for prompts that contain `when`.
    #[must_use]
    pub fn with(
        mut self,
        when: impl Into<String>,
        turns: impl IntoIterator<Item = Vec<Block>>,
    ) -> Self {
        let turns = turns.into_iter().collect();
        self.conversations.push(Conversation { when: when.into(), turns });
        self
    }

    /// The reply to a request body of `POST /v1/messages`.
    fn reply(&self, body: &Value) -> Vec<Block> {
        // The agent also asks for titles and summaries; only a conversation offers tools.
        let has_tools = body["tools"].as_array().is_some_and(|tools| !tools.is_empty());
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let prompt = messages.iter().find(|message| message["role"] == "user");
        let prompt = prompt.map(|message| text_of(&message["content"])).unwrap_or_default();
        let turn = messages.iter().filter(|message| message["role"] == "assistant").count();
        let mut said = self.pick(has_tools, &prompt, turn);
        let plan = plan_file(&body.to_string());
        for block in &mut said {
            if let (Block::ToolUse { input, .. }, Some(plan)) = (block, &plan)
                && input["file_path"] == PLAN_FILE
            {
                input["file_path"] = Value::from(plan.as_str());
            }
        }
        said
    }

    /// What is said at this place of a conversation.
    fn pick(&self, is_turn: bool, prompt: &str, turn: usize) -> Vec<Block> {
        self.conversations
            .iter()
            .find(|conversation| is_turn && prompt.contains(&conversation.when))
            .and_then(|conversation| conversation.turns.get(turn).cloned())
            .unwrap_or_else(|| vec![Block::text("done")])
    }
}

impl Block {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// A call of `tool`.
    pub fn tool(tool: impl Into<String>, input: Value) -> Self {
        Self::ToolUse { tool: tool.into(), input }
    }

    /// A shell command.
    pub fn bash(command: &str) -> Self {
        Self::tool("Bash", json!({"command": command, "description": "Run a command"}))
    }

    /// A question with single-choice options.
    pub fn question(question: &str, options: &[&str]) -> Self {
        let options: Vec<_> = options
            .iter()
            .map(|label| json!({"label": label, "description": format!("Choose {label}")}))
            .collect();
        Self::tool(
            "AskUserQuestion",
            json!({"questions": [
                {"question": question, "header": "Choice", "options": options, "multiSelect": false}
            ]}),
        )
    }

    /// Writes the plan down where the agent has said.
    pub fn plan(markdown: &str) -> Self {
        Self::tool("Write", json!({"file_path": PLAN_FILE, "content": markdown}))
    }

    /// The end of plan mode: what was written down is to be approved.
    pub fn plan_is_made() -> Self {
        Self::tool("ExitPlanMode", json!({}))
    }

    /// A subagent, whose own conversation is recognised by `prompt`.
    pub fn subagent(prompt: &str) -> Self {
        Self::tool(
            "Agent",
            json!({"description": "A part of the work", "prompt": prompt, "subagent_type": "general-purpose"}),
        )
    }
}

/// One request as it came in.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// Method and path, such as `POST /v1/messages`.
    pub call: String,
    /// The body; null where there was none or it was no JSON.
    pub body: Value,
}

/// What the agent told the model that a tool call came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToolResult {
    /// The tool that was called.
    pub tool: String,
    /// Its result, or why there is none.
    pub text: String,
    /// Whether the agent called it an error, as it does a denial.
    pub is_error: bool,
}

impl Request {
    /// The results of all tool calls of the conversation so far, in order.
    pub fn tool_results(&self) -> Vec<ToolResult> {
        if self.body["input"].is_array() {
            return responses::tool_results(&self.body);
        }
        let messages = self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let blocks = || messages.iter().filter_map(|message| message["content"].as_array());
        let called = |id: &Value| {
            blocks().flatten().find(|block| block["type"] == "tool_use" && block["id"] == *id)
        };
        let results = blocks().flatten().filter(|block| block["type"] == "tool_result");
        results
            .map(|block| ToolResult {
                tool: called(&block["tool_use_id"])
                    .and_then(|call| call["name"].as_str())
                    .unwrap_or_default()
                    .to_owned(),
                text: text_of(&block["content"]),
                is_error: block["is_error"] == true,
            })
            .collect()
    }
}

/// The text of a message's or a tool result's content, which is a string or a list of blocks.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<_> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

#[derive(Default)]
struct Shared {
    script: Script,
    requests: Mutex<Vec<Request>>,
    arrived: Condvar,
}

impl Shared {
    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running model service. Lives on a thread of its own, so that it serves sync and async tests.
pub struct ModelApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl ModelApi {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Where no socket or thread can be had.
    pub fn start(script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { script, ..Shared::default() });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("model-api".into()).spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(serve(listener, served, stopped))
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `ANTHROPIC_BASE_URL` is to be set to, and, with `/v1` behind it, Codex's `base_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests().clone()
    }

    /// Blocks until `found` finds what it looks for among the requests, and returns it.
    ///
    /// # Errors
    /// After `limit`, naming what did arrive.
    pub fn wait<T>(
        &self,
        limit: Duration,
        mut found: impl FnMut(&[Request]) -> Option<T>,
    ) -> io::Result<T> {
        let end = Instant::now() + limit;
        let mut requests = self.shared.requests();
        loop {
            if let Some(it) = found(&requests) {
                return Ok(it);
            }
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                let calls: Vec<_> = requests.iter().map(|request| request.call.as_str()).collect();
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("the awaited request never came; these did: {calls:?}"),
                ));
            };
            let waited = self.shared.arrived.wait_timeout(requests, left);
            requests = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Blocks until the model is told a result of `tool`, and returns the first one.
    ///
    /// # Errors
    /// After `limit`.
    pub fn wait_for_result(&self, tool: &str, limit: Duration) -> io::Result<ToolResult> {
        self.wait(limit, |requests| {
            let mut results = requests.iter().flat_map(Request::tool_results);
            results.find(|result| result.tool == tool)
        })
    }
}

impl Drop for ModelApi {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed, and a test must not panic while it unwinds.
            drop(thread.join());
        }
    }
}

async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = Router::new()
        .route("/", get(StatusCode::OK))
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/models", get(axum::Json(responses::models())))
        .route("/v1/responses", post(answer_items))
        .fallback(unknown)
        // Conversations carry whole files.
        .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
        .with_state(shared);
    tokio::select! {
        served = axum::serve(listener, router) => served,
        _ = stopped => Ok(()),
    }
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let body = record(&shared, &method, &uri, &body);
    let message = reply::message(&body, &shared.script.reply(&body));
    if body["stream"] == true {
        let headers = [(header::CONTENT_TYPE, "text/event-stream")];
        (headers, Body::from(reply::events(&message))).into_response()
    } else {
        axum::Json(message).into_response()
    }
}

async fn answer_items(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let body = record(&shared, &method, &uri, &body);
    let headers = [(header::CONTENT_TYPE, "text/event-stream")];
    (headers, Body::from(shared.script.respond(&body))).into_response()
}

async fn count_tokens(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    record(&shared, &method, &uri, &body);
    axum::Json(json!({"input_tokens": body.len() / 4})).into_response()
}

async fn unknown(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    record(&shared, &method, &uri, &body);
    let error =
        json!({"type": "error", "error": {"type": "not_found_error", "message": "Not found"}});
    (StatusCode::NOT_FOUND, axum::Json(error)).into_response()
}

fn record(shared: &Shared, method: &Method, uri: &Uri, body: &Bytes) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let call = format!("{method} {}", uri.path());
    shared.requests().push(Request { call, body: body.clone() });
    shared.arrived.notify_all();
    body
}
