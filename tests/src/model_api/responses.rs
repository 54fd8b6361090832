//! The form of the service that Codex speaks: a conversation is a list of items, and so is a reply.

use std::fmt::Write;

use serde_json::{Value, json};

use super::reply::id;
use super::{Block, Script, ToolResult, text_of};

/// What the agent is told when it asks which models there are: it knows its own.
pub(super) fn models() -> Value {
    json!({"object": "list", "data": [], "models": []})
}

impl Script {
    /// The reply to a request body of `POST /v1/responses`, as server-sent events.
    pub(super) fn respond(&self, body: &Value) -> String {
        let items = body["input"].as_array().map(Vec::as_slice).unwrap_or_default();
        let user = items.iter().filter(|item| item["role"] == "user");
        let prompt: Vec<_> = user.map(|item| text_of(&item["content"])).collect();
        // Whoever wants a title for the session says what form it is to have.
        let is_turn = body["tools"].as_array().is_some_and(|tools| !tools.is_empty())
            && body["text"]["format"].is_null();
        events(&self.pick(is_turn, &prompt.join("\n"), turns(items)))
    }
}

/// How many replies a conversation holds: runs of items that are the model's.
fn turns(items: &[Value]) -> usize {
    let is_reply = |item: &Value| {
        item["role"] == "assistant"
            || item["type"] == "function_call"
            || item["type"] == "reasoning"
    };
    let starts = |at: usize| is_reply(&items[at]) && (at == 0 || !is_reply(&items[at - 1]));
    (0..items.len()).filter(|at| starts(*at)).count()
}

fn events(blocks: &[Block]) -> String {
    let mut stream = String::new();
    let response = id("resp");
    event(&mut stream, &json!({"type": "response.created", "response": {"id": response}}));
    for (index, block) in blocks.iter().enumerate() {
        let item = item(block);
        for kind in ["response.output_item.added", "response.output_item.done"] {
            event(&mut stream, &json!({"type": kind, "output_index": index, "item": item}));
        }
    }
    let usage = json!({"input_tokens": 100, "input_tokens_details": null, "output_tokens": 10,
        "output_tokens_details": null, "total_tokens": 110});
    let done = json!({"id": response, "usage": usage});
    event(&mut stream, &json!({"type": "response.completed", "response": done}));
    stream
}

fn item(block: &Block) -> Value {
    match block {
        Block::Text { text } => json!({"type": "message", "role": "assistant", "id": id("msg"),
            "content": [{"type": "output_text", "text": text}]}),
        Block::ToolUse { tool, input } => json!({"type": "function_call", "id": id("fc"),
            "call_id": id("call"), "name": tool, "arguments": input.to_string()}),
    }
}

fn event(stream: &mut String, data: &Value) {
    let kind = data["type"].as_str().unwrap_or_default();
    // Writing to a String cannot fail.
    let _written = write!(stream, "event: {kind}\ndata: {data}\n\n");
}

/// The results of all tool calls in a conversation, in order. That a call was refused is said in
/// words alone.
pub(super) fn tool_results(body: &Value) -> Vec<ToolResult> {
    let items = body["input"].as_array().map(Vec::as_slice).unwrap_or_default();
    let called = |id: &Value| {
        items.iter().find(|item| item["type"] == "function_call" && item["call_id"] == *id)
    };
    let outputs = items.iter().filter(|item| item["type"] == "function_call_output");
    outputs
        .map(|item| ToolResult {
            tool: called(&item["call_id"])
                .and_then(|call| call["name"].as_str())
                .unwrap_or_default()
                .to_owned(),
            text: text_of(&item["output"]),
            is_error: false,
        })
        .collect()
}
