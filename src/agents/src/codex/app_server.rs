//! What Codex's app-server asks every client of a thread, and the forms of an answer.

use std::collections::BTreeMap;

use pager_core::approval::Input;
use pager_core::{Sha256Hex, Verdict};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fingerprint;

/// A request that a person may answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerRequest {
    /// The thread it is about.
    pub thread: String,
    /// The turn, where the app-server says it.
    pub turn: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// How it is to be answered.
    pub form: Form,
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A command or a patch, of which the hook has told everything.
    Call {
        /// Codex's id for the call.
        item: String,
        /// The command as the shell is given it, where it is one.
        command: Option<String>,
    },
    /// A tool of an MCP server's, of which no id is said.
    Tool {
        /// The tool, as hooks name it.
        tool: String,
        /// Digest of its input.
        fingerprint: Sha256Hex,
    },
    /// Questions to the person.
    Question {
        /// Codex's id for the call.
        item: String,
        /// The questions.
        input: Input,
    },
}

/// How a request is to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// By one word.
    Decision,
    /// As MCP has it.
    Elicitation,
    /// By answers: each question's id, and its text.
    Answers(Vec<(String, String)>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    thread_id: String,
    #[serde(default)]
    turn_id: Option<String>,
    #[serde(default)]
    item_id: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    server_name: Option<String>,
    #[serde(borrow, default, rename = "_meta")]
    meta: Option<Meta<'a>>,
    #[serde(borrow, default)]
    questions: Option<&'a RawValue>,
    // What goes beyond the one call that the hook has told of.
    #[serde(default)]
    approval_id: Option<Value>,
    #[serde(default)]
    network_approval_context: Option<Value>,
    #[serde(default)]
    additional_permissions: Option<Value>,
    #[serde(default)]
    grant_root: Option<Value>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(default)]
    codex_approval_kind: Option<String>,
    #[serde(default)]
    tool_name: Option<String>,
    #[serde(borrow, default)]
    tool_params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    id: String,
    question: String,
    #[serde(default)]
    is_secret: bool,
}

/// Reads a request. Nothing where it is none of those, or asks for more than a hook has told, or for
/// a secret: that is left to the terminal.
pub fn understand(method: &str, params: &str) -> Option<ServerRequest> {
    let params: Params<'_> = serde_json::from_str(params).ok()?;
    let beyond = [
        &params.approval_id,
        &params.network_approval_context,
        &params.additional_permissions,
        &params.grant_root,
    ];
    if beyond.into_iter().any(Option::is_some) {
        return None;
    }
    let (subject, form) = match method {
        "item/commandExecution/requestApproval" => {
            if params.kind.as_deref().is_some_and(|kind| kind != "command") {
                return None;
            }
            let command = Some(params.command?);
            (Subject::Call { item: params.item_id?, command }, Form::Decision)
        }
        "item/fileChange/requestApproval" => {
            (Subject::Call { item: params.item_id?, command: None }, Form::Decision)
        }
        "mcpServer/elicitation/request" => {
            let meta = params.meta?;
            if meta.codex_approval_kind.as_deref() != Some("mcp_tool_call") {
                return None;
            }
            let tool = format!("mcp__{}__{}", params.server_name?, meta.tool_name?);
            let fingerprint = fingerprint(&tool, meta.tool_params?).ok()?;
            (Subject::Tool { tool, fingerprint }, Form::Elicitation)
        }
        "item/tool/requestUserInput" => {
            let raw = params.questions?;
            let questions: Vec<Question> = serde_json::from_str(raw.get()).ok()?;
            if questions.is_empty() || questions.iter().any(|question| question.is_secret) {
                return None;
            }
            let input = Input::new(format!("{{\"questions\":{}}}", raw.get()));
            let ids = questions.into_iter().map(|question| (question.id, question.question));
            (Subject::Question { item: params.item_id?, input }, Form::Answers(ids.collect()))
        }
        _ => return None,
    };
    Some(ServerRequest { thread: params.thread_id, turn: params.turn_id, subject, form })
}

/// Whether the command that the shell is given is the one of a hook's input, wrapped for a shell.
pub fn is_command_of(shell: &str, input: &str) -> bool {
    let command = serde_json::from_str::<Value>(input).ok();
    let command = command.as_ref().and_then(|input| input.get("command")?.as_str());
    let words = shlex::split(shell);
    let script = words.as_ref().and_then(|words| words.last()).map(String::as_str);
    command.is_some() && (script == command || Some(shell) == command)
}

impl Form {
    /// The answer that says this verdict; nothing where none does, and the terminal alone decides.
    pub fn answer(&self, verdict: &Verdict) -> Option<Value> {
        match (self, verdict) {
            (Self::Decision, Verdict::Allow) => Some(json!({ "decision": "accept" })),
            (Self::Decision, Verdict::Deny { interrupt, .. }) => {
                let word = if *interrupt { "cancel" } else { "decline" };
                Some(json!({ "decision": word }))
            }
            (Self::Elicitation, Verdict::Allow) => {
                Some(json!({ "action": "accept", "content": {}, "_meta": null }))
            }
            (Self::Elicitation, Verdict::Deny { .. }) => {
                Some(json!({ "action": "decline", "content": null, "_meta": null }))
            }
            (Self::Answers(questions), Verdict::Answer { answers }) => {
                let answers: BTreeMap<&str, Value> = questions
                    .iter()
                    .filter_map(|(id, text)| {
                        Some((id.as_str(), json!({ "answers": answers.get(text)? })))
                    })
                    .collect();
                Some(json!({ "answers": answers }))
            }
            (Self::Answers(_), Verdict::Deny { .. }) => Some(json!({ "answers": {} })),
            // A yes to more than the one call.
            (_, Verdict::AllowAlways | Verdict::AllowEdits) => None,
            (Self::Decision | Self::Elicitation, Verdict::Answer { .. })
            | (Self::Answers(_), Verdict::Allow) => None,
        }
    }

    /// Whether an answer of this form can itself end the turn.
    pub fn ends_turn(&self) -> bool {
        matches!(self, Self::Decision)
    }
}
