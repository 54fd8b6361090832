//! The model's own questions to the person, of which no permission hook tells.

use pager_agents::codex::{QUESTION_TOOL, Step};
use pager_core::approval::Kind;
use pager_core::{State, Verdict};
use serde_json::{Value, json};

use crate::app_server::{THREAD, TURN};
use crate::{COMMAND, House, answer, call};

pub(crate) fn asked(secret: bool) -> Value {
    json!({ "threadId": THREAD, "turnId": TURN, "itemId": "call_35", "isBlocking": true,
        "questions": [{ "id": "colour", "header": "Colour", "question": "Which colour?",
            "isOther": true, "isSecret": secret,
            "options": [{ "label": "Red", "description": "warm" },
                        { "label": "Blue", "description": "cold" }] }] })
}

#[tokio::test]
async fn a_question_is_answered_by_its_label() {
    let mut house = House::open();
    house.server.ask("item/tool/requestUserInput", 3, &asked(false));
    house.follow(Step::Starting(call(QUESTION_TOOL, Some("call_35")))).await;
    let approval = house.only().await;
    assert_eq!((approval.kind, approval.agent.as_str()), (Kind::Question, "codex"));
    assert!(approval.input.text().contains("Which colour?"));
    house.decide(approval.id, answer("Which colour?", "Blue")).await;
    let answers = json!({ "answers": { "colour": { "answers": ["Blue"] } } });
    assert_eq!(house.server.answered().await, (json!(3), answers));
}

#[tokio::test]
async fn a_question_answered_at_the_terminal_is_settled() {
    let mut house = House::open();
    house.follow(Step::Starting(call(QUESTION_TOOL, Some("call_35")))).await;
    house.server.called("thread/resume").await;
    house.server.ask("item/tool/requestUserInput", 3, &asked(false));
    let approval = house.only().await;
    house.server.resolve(3);
    assert_eq!(house.end_of(approval.id).await.state, State::Elsewhere);
}

#[tokio::test]
async fn a_secret_is_asked_at_the_terminal_alone() {
    let mut house = House::open();
    house.server.ask("item/tool/requestUserInput", 3, &asked(true));
    house.follow(Step::Starting(call(QUESTION_TOOL, Some("call_35")))).await;
    // Whatever is answered after it shows that it has been read.
    let id = house.held("call_4").await;
    house.server.ask_command("call_4", 7, COMMAND);
    house.decide(id, Verdict::Allow).await;
    assert_eq!(house.server.answered().await.0, json!(7));
    let snapshot = house.handle.snapshot().await.unwrap();
    assert!(snapshot.approvals.iter().all(|approval| approval.kind == Kind::Permission));
}
