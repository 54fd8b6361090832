//! Faults on demand.

use std::time::Duration;

use pager_tests::botapi::{Fault, Limit};
use serde_json::json;

use crate::client::Client;

fn hello() -> serde_json::Value {
    json!({ "chat_id": 111, "text": "hello" })
}

fn standing(client: &Client) -> usize {
    client.double.view().messages(111).len()
}

#[tokio::test]
async fn a_proxys_error_page_comes_before_or_after_the_effect() {
    let client = Client::new();
    client.double.fault("sendMessage", 2, Fault::Status(502));
    client.double.fault("sendMessage", 1, Fault::StatusAfter(500));
    for (status, messages) in [(502, 0), (502, 0), (500, 1)] {
        let reply = client.post("sendMessage", &hello()).send().await.expect("a reply");
        assert_eq!(reply.status(), status);
        assert!(reply.text().await.expect("a body").starts_with("<html>"));
        assert_eq!(standing(&client), messages);
    }
    client.ok("sendMessage", hello()).await;
    assert_eq!(client.double.faults_left(), 0);
    client.double.finish();
}

#[tokio::test]
async fn a_connection_breaks_before_or_after_the_effect() {
    let client = Client::new();
    for (fault, messages) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        client.double.fault("*", 1, fault);
        // Clients retry by themselves on a connection from their pool: this one is fresh each time.
        let fresh = reqwest::Client::builder().no_proxy().build().expect("a client");
        let broken = fresh.post(client.url("sendMessage")).json(&hello()).send().await;
        assert!(broken.is_err(), "{broken:?}");
        assert_eq!(standing(&client), messages);
    }
    client.double.finish();
}

#[tokio::test]
async fn a_server_that_is_down_refuses_and_comes_back_on_its_port() {
    let client = Client::new();
    client.ok("getMe", json!({})).await;
    client.double.go_down();
    let fresh = reqwest::Client::builder().no_proxy().build().expect("a client");
    let refused = fresh.get(client.url("getMe")).send().await.expect_err("nobody listens");
    assert!(refused.is_connect(), "{refused:?}");
    client.double.come_back();
    assert_eq!(fresh.get(client.url("getMe")).send().await.expect("a reply").status(), 200);
    client.double.finish();
}

#[tokio::test]
async fn a_held_call_waits_for_its_release_and_others_do_not() {
    let client = Client::new();
    client.double.fault("sendMessage", 1, Fault::Hold);
    client.double.fault("editMessageText", 1, Fault::HoldReply);
    let held = client.call("sendMessage", hello());
    let meanwhile = async {
        client
            .double
            .wait_for("the call", |view| view.calls_of("sendMessage").first().map(|_| ()))
            .await;
        client.ok("getMe", json!({})).await;
        assert_eq!(standing(&client), 0);
        client.double.release();
    };
    let ((status, sent), ()) = tokio::join!(held, meanwhile);
    assert_eq!(status, 200);
    let edit =
        json!({ "chat_id": 111, "message_id": sent["result"]["message_id"], "text": "edited" });
    let (_, text) = tokio::join!(client.ok("editMessageText", edit), async {
        let edited =
            client.double.wait_message(111, "the edit", |message| message.edits == 1).await;
        client.double.release();
        edited.text().to_owned()
    });
    assert_eq!(text, "edited");
    client.double.finish();
}

#[tokio::test]
async fn a_reply_comes_late_slowly_or_cut() {
    let client = Client::new();
    client.double.fault("getMe", 1, Fault::Delay(Duration::from_millis(1)));
    client.ok("getMe", json!({})).await;
    client.double.fault("getMe", 1, Fault::Slow(Duration::from_millis(1)));
    client.ok("getMe", json!({})).await;
    client.double.fault("getMe", 1, Fault::Malformed);
    let cut = client
        .post("getMe", &json!({}))
        .send()
        .await
        .expect("a reply")
        .text()
        .await
        .expect("a body");
    assert!(serde_json::from_str::<serde_json::Value>(&cut).is_err(), "{cut}");
    client.double.finish();
}

#[tokio::test]
async fn a_call_into_a_ban_prolongs_it_and_is_a_violation() {
    let client = Client::new();
    let _bob = client.double.user(222);
    client.double.fault_in(111, "*", 1, Fault::RetryAfter(30));
    let reply = client.post("sendMessage", &hello()).send().await.expect("a reply");
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["retry-after"]),
        (429, &"30".parse().expect("a header"))
    );
    let body: serde_json::Value = reply.json().await.expect("JSON");
    assert_eq!(body["description"], "Too Many Requests: retry after 30");
    assert_eq!(body["parameters"]["retry_after"], 30);
    client.ok("sendMessage", json!({ "chat_id": 222, "text": "others go on" })).await;
    assert!(client.double.violations().is_empty(), "a fault is not the bot's fault");

    client.double.advance(Duration::from_secs(29));
    assert_eq!(
        client.call("sendChatAction", json!({ "chat_id": 111, "action": "typing" })).await.0,
        429
    );
    assert_eq!(client.double.violations().len(), 1);
    client.double.advance(Duration::from_secs(29));
    assert_eq!(
        client.call("sendMessage", hello()).await.0,
        429,
        "the first call into the ban began it anew"
    );
    client.double.advance(Duration::from_secs(30));
    client.ok("sendMessage", hello()).await;
    assert_eq!(client.double.close().len(), 2);
}

#[tokio::test]
async fn limits_hold_when_they_are_on() {
    let client = Client::new();
    client.double.limit_flood(Some(Limit { calls: 3, seconds: 60 }), None);
    for _ in 0..3 {
        client.ok("sendMessage", hello()).await;
    }
    let words = client.refused("sendMessage", hello()).await;
    assert!(words.starts_with("Too Many Requests: retry after "), "{words}");
    client.double.advance(Duration::from_secs(61));
    client.ok("sendMessage", hello()).await;
    client.double.finish();
}
