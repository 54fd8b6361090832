//! The double is held to the service's own form, as the real program needs it.

use super::*;

fn request(messages: &Value, stream: bool) -> Value {
    json!({"model": "m", "stream": stream, "tools": [{"name": "Bash"}], "messages": messages})
}

async fn post(api: &ModelApi, body: Value) -> String {
    let request = reqwest::Client::new().post(format!("{}/v1/messages", api.url())).json(&body);
    request.send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_streamed_tool_call_is_put_together_from_its_parts() {
    let api = ModelApi::start(Script::turns([vec![Block::bash("echo ü")]])).unwrap();
    let stream = post(&api, request(&json!([{"role": "user", "content": "go"}]), true)).await;
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    let parts = events.iter().filter_map(|event| event["delta"]["partial_json"].as_str());
    let input: Value = serde_json::from_str(&parts.collect::<String>()).unwrap();
    assert_eq!(input["command"], "echo ü");
    let stop = events.iter().find(|event| event["type"] == "message_delta").unwrap();
    assert_eq!(stop["delta"]["stop_reason"], "tool_use");
    assert_eq!(events.last().unwrap()["type"], "message_stop");
}

#[tokio::test]
async fn the_reply_follows_from_the_conversation_not_from_what_was_asked_before() {
    let script = Script::default()
        .with("paint", [vec![Block::bash("a")], vec![Block::text("painted")]])
        .with("cook", [vec![Block::text("cooked")]]);
    let api = ModelApi::start(script).unwrap();
    let text = async |messages: Value| {
        let reply = post(&api, request(&messages, false)).await;
        let reply: Value = serde_json::from_str(&reply).unwrap();
        reply["content"][0]["text"].as_str().map(str::to_owned)
    };
    let paint = json!([{"role": "user", "content": "paint it"}]);
    assert_eq!(text(paint.clone()).await, None);
    assert_eq!(text(paint).await, None, "asked again, the same turn");
    let cook = json!([{"role": "user", "content": [{"type": "text", "text": "cook it"}]}]);
    assert_eq!(text(cook).await.as_deref(), Some("cooked"));
    let painting = json!([
        {"role": "user", "content": "paint it"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": "not today"}
        ]},
    ]);
    assert_eq!(text(painting).await.as_deref(), Some("painted"));
    let told = api.wait_for_result("Bash", Duration::from_secs(10)).unwrap();
    let text = "not today".to_owned();
    assert_eq!(told, ToolResult { tool: "Bash".into(), text, is_error: true });
}

#[tokio::test]
async fn a_request_without_tools_is_no_turn_of_the_script() {
    let api = ModelApi::start(Script::turns([vec![Block::text("first")]])).unwrap();
    let title = json!({"model": "m", "messages": [{"role": "user", "content": "name this"}]});
    let reply: Value = serde_json::from_str(&post(&api, title).await).unwrap();
    assert_eq!(reply["content"][0]["text"], "done");
    assert_eq!(api.requests().len(), 1);
}
