//! getUpdates: what is confirmed, what is filtered, and who may wait.

use std::time::Duration;

use pager_tests::botapi::Order;
use serde_json::{Value, json};

use crate::client::Client;

async fn poll(client: &Client, params: Value) -> Vec<Value> {
    client.ok("getUpdates", params).await.as_array().expect("a list").clone()
}

fn texts(updates: &[Value]) -> Vec<&str> {
    updates.iter().filter_map(|update| update["message"]["text"].as_str()).collect()
}

fn id(update: &Value) -> i64 {
    update["update_id"].as_i64().expect("an id")
}

#[tokio::test]
async fn an_offset_confirms_what_lies_before_it() {
    let client = Client::new();
    let alice = client.double.user(111);
    for text in ["one", "two", "three", "four"] {
        alice.send(text);
    }
    let all = poll(&client, json!({})).await;
    assert_eq!(texts(&all), ["one", "two", "three", "four"]);
    assert_eq!(
        poll(&client, json!({ "offset": 0 })).await.len(),
        4,
        "nothing is confirmed without an offset"
    );
    assert_eq!(texts(&poll(&client, json!({ "limit": 2 })).await), ["one", "two"]);
    let rest = poll(&client, json!({ "offset": id(&all[1]) + 1 })).await;
    assert_eq!(texts(&rest), ["three", "four"]);
    assert_eq!(
        poll(&client, json!({ "offset": 1 })).await.len(),
        2,
        "what is confirmed does not come back"
    );
    assert_eq!(texts(&poll(&client, json!({ "offset": -1 })).await), ["four"]);
    assert_eq!(poll(&client, json!({})).await.len(), 1, "a negative offset forgets the older ones");
    client.double.finish();
}

#[tokio::test]
async fn allowed_updates_are_remembered_and_apply_to_what_comes_later() {
    let client = Client::new();
    let alice = client.double.user(111);
    alice.send("before");
    let taps_only = poll(&client, json!({ "allowed_updates": ["callback_query"] })).await;
    assert_eq!(texts(&taps_only), ["before"], "what is queued already still comes");
    alice.send("filtered");
    assert_eq!(texts(&poll(&client, json!({})).await), ["before"], "the filter outlives the call");
    poll(&client, json!({ "allowed_updates": [] })).await;
    alice.send("after");
    assert_eq!(
        texts(&poll(&client, json!({ "allowed_updates": "[\"message\"]" })).await),
        ["before", "after"]
    );
    client.double.finish();
}

#[tokio::test]
async fn a_waiting_poll_ends_with_the_first_update() {
    let client = Client::new();
    let alice = client.double.user(111);
    let (updates, ()) = tokio::join!(poll(&client, json!({ "timeout": 50 })), async {
        client.double.wait_polling().await;
        alice.send("now");
    });
    assert_eq!(texts(&updates), ["now"]);
    client.double.finish();
}

#[tokio::test]
async fn of_two_polls_the_older_one_ends_with_a_conflict() {
    let client = Client::new();
    client.double.expect("getUpdates", "terminated by other getUpdates request");
    let alice = client.double.user(111);
    let older = client.call("getUpdates", json!({ "timeout": 50 }));
    let younger = async {
        client.double.wait_polling().await;
        poll(&client, json!({ "timeout": 50 })).await
    };
    let last = async {
        client
            .double
            .wait_for("the older poll to end", |view| {
                view.calls_of("getUpdates").first().filter(|call| !call.is_pending()).map(|_| ())
            })
            .await;
        alice.send("for the younger");
    };
    let ((status, body), updates, ()) = tokio::join!(older, younger, last);
    assert_eq!(status, 409);
    assert_eq!(
        body["description"],
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    );
    assert_eq!(texts(&updates), ["for the younger"]);
    client.double.finish();
}

#[tokio::test]
async fn a_poll_whose_client_died_is_no_conflict() {
    let client = Client::new();
    let impatient = client.post("getUpdates", &json!({ "timeout": 50 })).send();
    tokio::select! {
        reply = impatient => panic!("nothing was to come: {reply:?}"),
        () = client.double.wait_polling() => {}
    }
    let alice = client.double.user(111);
    alice.send("kept");
    assert_eq!(texts(&poll(&client, json!({ "timeout": 50 })).await), ["kept"]);
    client.double.finish();
}

#[tokio::test]
async fn a_webhook_and_a_poll_exclude_each_other() {
    let client = Client::new();
    client.double.expect("getUpdates", "terminated by setWebhook request");
    client.double.expect("getUpdates", "while webhook is active");
    let waiting = client.call("getUpdates", json!({ "timeout": 50 }));
    let setting = async {
        client.double.wait_polling().await;
        client.ok("setWebhook", json!({ "url": "https://bot.example/hook" })).await
    };
    let ((status, _), _) = tokio::join!(waiting, setting);
    assert_eq!(status, 409);
    let (status, body) = client.call("getUpdates", json!({})).await;
    assert_eq!(status, 409);
    assert!(body["description"].as_str().is_some_and(|words| words.contains("use deleteWebhook")));
    assert_eq!(client.ok("getWebhookInfo", json!({})).await["url"], "https://bot.example/hook");
    client.ok("deleteWebhook", json!({})).await;
    assert!(poll(&client, json!({})).await.is_empty());
    client.double.finish();
}

#[tokio::test]
async fn updates_can_come_reordered_doubled_late_and_again() {
    let client = Client::new();
    let alice = client.double.user(111);
    let held = async |order: Order| {
        client.double.hold_updates();
        alice.send("one");
        alice.send("two");
        assert!(poll(&client, json!({ "offset": -1 })).await.iter().all(|update| id(update) > 0));
        let last = poll(&client, json!({})).await.last().map_or(0, id);
        client.double.release_updates(order);
        poll(&client, json!({ "offset": last + 1 })).await
    };
    assert_eq!(texts(&held(Order::AsSent).await), ["one", "two"]);
    assert_eq!(texts(&held(Order::Reversed).await), ["two", "one"]);
    let doubled = held(Order::Twice).await;
    assert_eq!(texts(&doubled), ["one", "one", "two", "two"]);

    let next = id(&doubled[3]) + 1;
    assert!(poll(&client, json!({ "offset": next })).await.is_empty());
    client.double.redeliver(1);
    let again = poll(&client, json!({ "offset": next })).await;
    assert_eq!((texts(&again), id(&again[0])), (vec!["two"], next - 1));
    assert!(poll(&client, json!({ "offset": next })).await.is_empty());

    alice.dated(Duration::from_secs(3600)).send("an hour old");
    alice.dated(Duration::from_secs(86_400)).send("a day old");
    assert_eq!(texts(&poll(&client, json!({ "offset": next })).await), ["an hour old"]);
    client.double.advance(Duration::from_secs(86_400));
    assert!(poll(&client, json!({})).await.is_empty(), "a day later the server has forgotten it");
    client.double.finish();
}
