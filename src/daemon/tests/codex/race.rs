//! The race of the doors against the terminal.

use pager_agents::codex::{Call, Step};
use pager_core::approval::{Input, Kind, Request};
use pager_core::{Actor, State, Verdict};
use serde_json::json;

use crate::app_server::{THREAD, TURN};
use crate::{COMMAND, House, call};

#[tokio::test]
async fn a_yes_at_a_door_is_the_answer_and_the_session_is_left_again() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.ask_command("call_4", 7, COMMAND);
    house.decide(id, Verdict::Allow).await;
    let resumed = house.server.called("thread/resume").await;
    assert_eq!(resumed, json!({ "threadId": THREAD, "excludeTurns": true }));
    assert_eq!(house.server.answered().await, (json!(7), json!({ "decision": "accept" })));
    let left = house.server.called("thread/unsubscribe").await;
    assert_eq!(left, json!({ "threadId": THREAD }));
}

#[tokio::test]
async fn a_no_is_told_and_its_reason_after_it() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.ask_command("call_4", 7, COMMAND);
    house.decide(id, Verdict::deny("not on a Friday")).await;
    assert_eq!(house.server.answered().await.1, json!({ "decision": "decline" }));
    let steered = house.server.called("turn/steer").await;
    assert_eq!(steered["expectedTurnId"], TURN);
    assert_eq!(steered["input"][0]["text"], "not on a Friday");
}

#[tokio::test]
async fn a_no_that_is_to_end_the_turn_ends_it() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.ask_command("call_4", 7, COMMAND);
    house.decide(id, Verdict::Deny { reason: String::new(), interrupt: true }).await;
    assert_eq!(house.server.answered().await.1, json!({ "decision": "cancel" }));
}

#[tokio::test]
async fn where_the_answer_has_no_word_for_it_the_turn_is_ended_beside() {
    let mut house = House::open();
    let of = |item| Call { tool: "mcp__db__drop".to_owned(), ..call("", item) };
    house.follow(Step::Starting(of(Some("call_9")))).await;
    let joined = house.follow(Step::Asking(of(None))).await.expect("not joined");
    let tool = "mcp__db__drop";
    let request = Request::new(joined.request(), Kind::Permission, tool, Input::new("{}"));
    let id = house.bring(request).await;
    joined.hold(&house.handle, id).await;
    // An elicitation need not say in which turn it is.
    let params = json!({ "threadId": THREAD, "turnId": null, "serverName": "db",
        "_meta": { "codex_approval_kind": "mcp_tool_call", "tool_name": "drop", "tool_params": {} } });
    house.server.ask("mcpServer/elicitation/request", 7, &params);
    house.decide(id, Verdict::Deny { reason: String::new(), interrupt: true }).await;
    assert_eq!(house.server.answered().await.1["action"], "decline");
    let ended = house.server.called("turn/interrupt").await;
    assert_eq!(ended, json!({ "threadId": THREAD, "turnId": TURN }));
}

#[tokio::test]
async fn an_answer_at_the_terminal_settles_it_everywhere() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.called("thread/resume").await;
    house.server.ask_command("call_4", 7, COMMAND);
    house.server.resolve(7);
    let end = house.end_of(id).await;
    assert_eq!((end.state, end.by), (State::Elsewhere, Actor::Terminal));
    let next = house.server.heard().await;
    assert_eq!(next["method"], "thread/unsubscribe", "it is not answered as well");
}

#[tokio::test]
async fn a_verdict_from_before_the_request_is_its_answer() {
    let mut house = House::open();
    let id = house.held("call_4").await;
    house.server.called("thread/resume").await;
    house.decide(id, Verdict::Allow).await;
    assert!(house.codex.waiters().has(&id));
    house.server.ask_command("call_4", 7, COMMAND);
    assert_eq!(house.server.answered().await, (json!(7), json!({ "decision": "accept" })));
}

#[tokio::test]
async fn of_two_questions_each_gets_its_own_answer() {
    let mut house = House::open();
    let first = house.held("call_4").await;
    let second = house.held("call_5").await;
    house.server.ask_command("call_5", 8, COMMAND);
    house.server.ask_command("call_4", 7, COMMAND);
    house.decide(second, Verdict::deny("")).await;
    assert_eq!(house.server.answered().await, (json!(8), json!({ "decision": "decline" })));
    house.decide(first, Verdict::Allow).await;
    assert_eq!(house.server.answered().await, (json!(7), json!({ "decision": "accept" })));
}

#[tokio::test]
async fn a_question_that_is_read_before_its_call_began_is_joined_all_the_same() {
    let house = House::open();
    let asking = house.follow(Step::Asking(call("Bash", None)));
    let starting = house.follow(Step::Starting(call("Bash", Some("call_4"))));
    let (joined, _) = tokio::join!(biased; asking, starting);
    assert!(joined.is_some());
}
