//! What goes wrong at the app-server: nothing of it allows.

use std::time::Duration;

use pager_agents::codex::Step;
use pager_core::{Actor, State, Verdict};
use pagerd::codex::Codex;
use serde_json::json;

use crate::app_server::{THREAD, TURN};
use crate::{COMMAND, House, call};

#[tokio::test]
async fn a_session_that_is_not_open_there_is_not_joined() {
    let house = House::open();
    let elsewhere = |item| {
        let mut call = call("Bash", item);
        call.thread = "another".to_owned();
        call
    };
    house.follow(Step::Starting(elsewhere(Some("call_4")))).await;
    assert!(house.follow(Step::Asking(elsewhere(None))).await.is_none());
}

#[tokio::test]
async fn a_call_nobody_has_announced_is_not_joined() {
    let house = House::open();
    assert!(house.follow(Step::Asking(call("Bash", None))).await.is_none());
}

#[tokio::test]
async fn without_an_app_server_nothing_is_joined() {
    let mut house = House::open();
    let nowhere = house.home.path().join("nowhere");
    house.codex = Codex::new(house.entry.clone(), Some(&nowhere), Duration::ZERO);
    assert!(house.hook("call_4").await.is_none());
    house.codex = Codex::new(house.entry.clone(), None, Duration::ZERO);
    assert!(house.hook("call_4").await.is_none());
}

#[tokio::test]
async fn what_goes_beyond_the_question_is_left_to_the_terminal() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.called("thread/resume").await;
    house.server.ask_command("call_4", 1, "rm -rf /");
    let about = |more: serde_json::Value| {
        let mut params = json!({ "kind": "command", "threadId": THREAD, "turnId": TURN,
            "itemId": "call_4", "command": format!("/bin/bash -lc '{COMMAND}'") });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let method = "item/commandExecution/requestApproval";
    for (id, more) in [
        (2, json!({ "kind": "writeStdin" })),
        (3, json!({ "approvalId": "another" })),
        (4, json!({ "networkApprovalContext": { "host": "example.org" } })),
        (5, json!({ "additionalPermissions": {} })),
    ] {
        house.server.ask(method, id, &about(more));
    }
    let grant = json!({ "threadId": THREAD, "turnId": TURN, "itemId": "call_4", "grantRoot": "/" });
    house.server.ask("item/fileChange/requestApproval", 6, &grant);
    house.server.ask("item/permissions/requestApproval", 7, &grant);
    house.server.ask_command("call_4", 8, COMMAND);
    house.decide(id, Verdict::Allow).await;
    assert_eq!(house.server.answered().await.0, json!(8), "the one that was shown");
    let next = house.server.heard().await;
    assert_eq!(next["method"], "thread/unsubscribe", "and no other");
}

#[tokio::test]
async fn an_app_server_that_restarts_asks_again_and_is_answered() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.called("thread/resume").await;
    house.server.ask_command("call_4", 7, COMMAND);
    house.server = house.server.restart().await;
    house.server.called("thread/resume").await;
    house.decide(id, Verdict::Allow).await;
    assert_eq!(house.server.answered().await, (json!(7), json!({ "decision": "accept" })));
}

#[tokio::test(start_paused = true)]
async fn an_app_server_that_stays_away_leaves_nothing_waiting() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.called("thread/resume").await;
    house.server.end().await;
    let end = house.handle.resolution(id).await.unwrap();
    assert_eq!((end.state, end.by), (State::Cancelled, Actor::Agent));
    assert!(!house.codex.waiters().has(&id));
}

#[tokio::test]
async fn the_next_daemon_answers_what_the_last_one_was_asked() {
    let mut house = House::open();
    let joined = house.hook("call_4").await.unwrap();
    let id = house.ask(&joined).await;
    drop(joined);
    house.server.called("thread/unsubscribe").await;
    house.server.ask_command("call_4", 7, COMMAND);

    // The same state, and nothing of what the daemon before knew besides.
    house.server = house.server.restart().await;
    house.codex = Codex::new(house.entry.clone(), Some(house.home.path()), Duration::ZERO);
    house.codex.resume().await;
    house.decide(id, Verdict::Allow).await;
    assert_eq!(house.server.answered().await, (json!(7), json!({ "decision": "accept" })));
}
