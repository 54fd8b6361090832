//! A reply in the service's own form: whole, or as server-sent events.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::Block;

/// The whole message.
pub(super) fn message(request: &Value, blocks: &[Block]) -> Value {
    let content: Vec<_> = blocks.iter().map(block).collect();
    let calls_tools = blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
    json!({
        "id": id("msg"),
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": content,
        "stop_reason": if calls_tools { "tool_use" } else { "end_turn" },
        "stop_sequence": null,
        "usage": {"input_tokens": 100, "output_tokens": 10},
    })
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text { text } => json!({"type": "text", "text": text}),
        Block::ToolUse { tool, input } => {
            json!({"type": "tool_use", "id": id("toolu"), "name": tool, "input": input})
        }
    }
}

/// Unique within the process, as tool calls of several sessions must not be taken for each other.
pub(super) fn id(kind: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{kind}_01{:022}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The same message, streamed.
pub(super) fn events(message: &Value) -> String {
    let mut stream = String::new();
    let mut start = message.clone();
    start["content"] = json!([]);
    start["stop_reason"] = Value::Null;
    event(&mut stream, &json!({"type": "message_start", "message": start}));
    for (index, block) in message["content"].as_array().into_iter().flatten().enumerate() {
        let mut start = block.clone();
        let deltas: Vec<Value> = if block["type"] == "text" {
            start["text"] = json!("");
            vec![json!({"type": "text_delta", "text": block["text"]})]
        } else {
            start["input"] = json!({});
            let input = block["input"].to_string();
            let middle = (0..=input.len() / 2).rev().find(|at| input.is_char_boundary(*at));
            let (head, tail) = input.split_at(middle.unwrap_or_default());
            [head, tail]
                .map(|part| json!({"type": "input_json_delta", "partial_json": part}))
                .into()
        };
        let start = json!({"type": "content_block_start", "index": index, "content_block": start});
        event(&mut stream, &start);
        for delta in deltas {
            let delta = json!({"type": "content_block_delta", "index": index, "delta": delta});
            event(&mut stream, &delta);
        }
        event(&mut stream, &json!({"type": "content_block_stop", "index": index}));
    }
    let delta = json!({"stop_reason": message["stop_reason"], "stop_sequence": null});
    let usage = json!({"output_tokens": message["usage"]["output_tokens"]});
    event(&mut stream, &json!({"type": "message_delta", "delta": delta, "usage": usage}));
    event(&mut stream, &json!({"type": "message_stop"}));
    stream
}

fn event(stream: &mut String, data: &Value) {
    let kind = data["type"].as_str().unwrap_or_default();
    // Writing to a String cannot fail.
    let _written = write!(stream, "event: {kind}\ndata: {data}\n\n");
}
