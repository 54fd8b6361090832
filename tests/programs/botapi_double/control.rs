//! The control interface, and the program that offers it to other processes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::client::Client;

async fn control(client: &Client, command: &str, params: Value) -> (u16, Value) {
    let url = format!("{}/control/{command}", client.double.url());
    let reply = client.http().post(url).json(&params).send().await.expect("a reply");
    (reply.status().as_u16(), reply.json().await.expect("JSON"))
}

async fn done(client: &Client, command: &str, params: Value) -> Value {
    let (status, body) = control(client, command, params).await;
    assert_eq!(status, 200, "{command}: {body}");
    body
}

#[tokio::test]
async fn a_tap_can_be_made_and_watched_from_another_process() {
    let client = Client::new();
    done(&client, "user", json!({ "id": 333, "username": "carol" })).await;
    let prompt = json!({
        "chat_id": 333, "text": "Allow this?",
        "reply_markup": { "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] },
    });
    let wait = done(&client, "wait", json!({ "chat": 333, "contains": "this", "buttons": 1 }));
    let (found, sent) = tokio::join!(wait, client.ok("sendMessage", prompt));
    assert_eq!(found["message"], sent["message_id"]);
    assert_eq!(found["card"], "┌─ bot\n│ Allow this?\n├─\n│ [ Yes ]\n└─\n");

    let tap = done(&client, "tap", json!({ "user": 333, "label": "Yes" })).await["tap"].clone();
    let answer = json!({ "callback_query_id": tap, "text": "OK" });
    let (answered, _) = tokio::join!(
        done(&client, "wait", json!({ "tap": tap })),
        client.ok("answerCallbackQuery", answer)
    );
    assert_eq!(answered["tap"]["answer"]["text"], "OK");
    let edit = json!({ "chat_id": 333, "message_id": sent["message_id"], "text": "Allowed" });
    client.ok("editMessageText", edit).await;
    done(
        &client,
        "wait",
        json!({ "chat": 333, "message": sent["message_id"], "buttons": 0, "edits": 1 }),
    )
    .await;
    let (status, body) = control(&client, "tap", json!({ "user": 333, "label": "Yes" })).await;
    assert_eq!((status, body["ok"].as_bool()), (400, Some(false)));
    client.double.finish();
}

#[tokio::test]
async fn faults_expectations_and_state_go_over_it_too() {
    let client = Client::new();
    done(
        &client,
        "fault",
        json!({ "method": "getMe", "fault": "refuse", "value": 418, "description": "teapot" }),
    )
    .await;
    assert_eq!(client.call("getMe", json!({})).await.0, 418);
    done(&client, "expect", json!({ "method": "sendMessage", "contains": "chat not found" })).await;
    assert_eq!(
        done(&client, "violations", json!({})).await["complaints"].as_array().map(Vec::len),
        Some(1)
    );
    client.call("sendMessage", json!({ "chat_id": 9, "text": "x" })).await;
    assert_eq!(done(&client, "violations", json!({})).await["complaints"], json!([]));
    done(&client, "group", json!({ "chat": -7, "members": [111, 222], "title": "G" })).await;
    done(&client, "send", json!({ "user": 222, "chat": -7, "text": "/list" })).await;
    let state = done(&client, "state", json!({})).await;
    assert_eq!(state["pending_updates"], 1);
    assert_eq!(state["calls"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        control(&client, "wait", json!({ "chat": 111, "contains": "x", "timeout": 0 })).await.0,
        408
    );
    assert_eq!(control(&client, "nonsense", json!({})).await.0, 400);
    assert_eq!(control(&client, "wait", json!({ "chat": 111, "kontains": "x" })).await.0, 400);
    client.double.finish();
}

fn spawn(port_file: &std::path::Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_botapi-double"))
        .args(["--token", "77:abc", "--port-file"])
        .arg(port_file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the double as a program");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("its first line");
    let url = line.split(' ').next().expect("an address").to_owned();
    (child, url)
}

#[tokio::test]
async fn the_program_tells_its_port_and_its_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let port_file = folder.path().join("port");
    for (method, success) in [("getMe", true), ("getMoney", false)] {
        let (child, url) = spawn(&port_file);
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        http.get(format!("{url}/bot77:abc/{method}")).send().await.expect("a reply");
        let help = http.get(format!("{url}/control/help")).send().await.expect("a reply");
        assert!(help.text().await.expect("a body").contains("fault"));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("to end it");
        let output = child.wait_with_output().expect("its end");
        assert_eq!(output.status.success(), success, "{output:?}");
        let port = std::fs::read_to_string(&port_file).expect("the port file");
        assert!(url.ends_with(&format!(":{}", port.trim())), "{url} {port}");
    }
}
