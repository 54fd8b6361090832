//! Replies: the reason of a no, an answer in one's own words, and what is neither.

use pager_core::approval::{Kind, Verdict};
use pager_core::{ApprovalId, State};
use pager_tests::botapi::{BotApi, MessageView, View};
use serde_json::json;

use crate::house::{ADA, House, answer, prompt, settled};

async fn answered(api: &BotApi, chat: i64, to: i64) -> String {
    let fits = |m: &MessageView| m.from_bot && m.reply_to == Some(to);
    api.wait_message(chat, "an answer to the reply", fits).await.text().to_owned()
}

async fn reason(house: &House, id: ApprovalId) -> (String, bool) {
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!(resolution.state, State::Denied);
    match resolution.verdict {
        Some(Verdict::Deny { reason, interrupt }) => (reason, interrupt),
        other => panic!("{other:?}"),
    }
}

/// Waits for the message that asks for words.
async fn asked_for(api: &BotApi, what: &str) -> MessageView {
    api.wait_message(ADA, what, |m| m.forces_reply && m.text().starts_with(what)).await
}

fn none_asks(view: &View) -> Option<()> {
    view.find(ADA, |m| m.forces_reply).is_none().then_some(())
}

#[tokio::test]
async fn a_reply_is_a_no_with_a_reason() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "rm -rf /").await;
    let message = prompt(&api, ADA, "rm -rf /").await;
    house.done().await;
    // Whoever says yes wants no denial.
    let yes = ada.reply(message.id, "OK!");
    assert!(answered(&api, ADA, yes).await.starts_with("Nothing was decided"));
    let file = ada.send_file("document", "a.txt", "text/plain", b"a", "");
    assert!(house.is_pending(id).await);
    let said = ada.reply(message.id, "  not <b>this</b> disk\n");
    assert_eq!(answered(&api, ADA, said).await, "Denied, with what you wrote as the reason.");
    assert_eq!(reason(&house, id).await, ("not <b>this</b> disk".to_owned(), false));
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!(resolution.message_id, Some(message.id));
    settled(&api, &message, "Denied on Telegram (111111111): not <b>this</b> disk").await;
    // Too late is told, even where the message was settled long ago.
    house.done().await;
    let late = ada.reply(message.id, "never mind");
    let told = answered(&api, ADA, late).await;
    assert!(told.starts_with("Already denied on Telegram (111111111) at "), "{told}");
    assert!(file > 0);
    assert_eq!(house.misfits().await, [""; 0]);
    api.finish();
}

#[tokio::test]
async fn a_reason_is_asked_for_and_may_be_given_after_a_restart() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    let tap = ada.tap(message.id, "Deny…").unwrap();
    assert_eq!(answer(&api, &tap).await, "Reply with the reason");
    let first = asked_for(&api, "Why not?").await;
    assert_eq!(first.reply_to, Some(message.id));
    // Only the newest of two stays.
    ada.tap(message.id, "Deny…").unwrap();
    let newer = |m: &MessageView| m.forces_reply && m.id > first.id;
    let second = api.wait_message(ADA, "the second", newer).await;
    api.wait_for("the first to go", |view| view.message(ADA, first.id).is_none().then_some(()))
        .await;

    let cancelled = ada.reply(second.id, "/cancel");
    assert!(answered(&api, ADA, cancelled).await.starts_with("Cancelled. Nothing was decided"));
    api.wait_for("the second to go", none_asks).await;
    assert!(house.is_pending(id).await);

    ada.tap(message.id, "Deny…").unwrap();
    let third = asked_for(&api, "Why not?").await;
    house.done().await;
    house.close_door().await;
    let said = ada.reply(third.id, "Not today");
    house.open_door();
    assert_eq!(reason(&house, id).await, ("Not today".to_owned(), false));
    answered(&api, ADA, said).await;
    settled(&api, &message, "Denied on Telegram (111111111): Not today").await;
    api.wait_for("the third to go", none_asks).await;
    api.finish();
}

#[tokio::test]
async fn what_is_decided_elsewhere_takes_the_question_for_words_back() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    ada.tap(message.id, "Deny…").unwrap();
    asked_for(&api, "Why not?").await;
    house.deny(id).await;
    settled(&api, &message, "Denied on the desktop").await;
    api.wait_for("the question for words to go", none_asks).await;
    let late = ada.reply(message.id, "because");
    assert!(answered(&api, ADA, late).await.starts_with("Already denied on the desktop at "));
    api.finish();
}

#[tokio::test]
async fn stop_ends_the_turn() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    let tap = ada.tap(message.id, "Stop").unwrap();
    assert_eq!(answer(&api, &tap).await, "Denied, and its turn is ended");
    assert_eq!(reason(&house, id).await, (String::new(), true));
    settled(&api, &message, "Denied on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn a_plan_has_the_choices_that_the_agent_has() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let ask = async |n: u8, text: &str| {
        let input = json!({ "plan": text });
        let id = house.ask_of(n, Kind::Plan, "ExitPlanMode", &input).await;
        (id, prompt(&api, ADA, text).await)
    };
    let (id, message) = ask(1, "Plan one").await;
    assert_eq!(message.labels(), ["Accept edits", "Approve each", "Keep planning…"]);
    ada.tap(message.id, "Accept edits").unwrap();
    let verdict = house.handle.resolution(id).await.unwrap().verdict;
    assert_eq!(verdict, Some(Verdict::AllowEdits));
    let (id, message) = ask(2, "Plan two").await;
    ada.tap(message.id, "Approve each").unwrap();
    assert_eq!(house.handle.resolution(id).await.unwrap().verdict, Some(Verdict::Allow));
    let (id, message) = ask(3, "Plan three").await;
    ada.tap(message.id, "Keep planning…").unwrap();
    let asks = asked_for(&api, "What is to be planned otherwise?").await;
    let said = ada.reply(asks.id, "smaller steps");
    assert_eq!(answered(&api, ADA, said).await, "It keeps planning, with what you wrote.");
    assert_eq!(reason(&house, id).await.0, "smaller steps");
    let (id, message) = ask(4, "Plan four").await;
    ada.reply(message.id, "larger steps");
    assert_eq!(reason(&house, id).await.0, "larger steps");
    settled(&api, &message, "Denied on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn a_reply_to_a_question_is_its_answer() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let input = json!({ "questions": [{ "question": "Which?", "options": [{ "label": "Red" }] }] });
    let id = house.ask_of(1, Kind::Question, "AskUserQuestion", &input).await;
    let message = prompt(&api, ADA, "Which?").await;
    let said = ada.reply(message.id, "yes");
    assert_eq!(answered(&api, ADA, said).await, "Answered, with what you wrote.");
    let answers = [("Which?".to_owned(), vec!["yes".to_owned()])].into();
    let verdict = house.handle.resolution(id).await.unwrap().verdict;
    assert_eq!(verdict, Some(Verdict::Answer { answers }));
    settled(&api, &message, "Answered on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn replies_that_are_nobodys_or_to_nothing_decide_nothing() {
    let api = BotApi::builder().reads_groups().start().unwrap();
    let (ada, eve, other) = (api.user(ADA), api.user(666), api.user(777));
    other.be_a_bot();
    let group = api.group(-4_000, "team", &[&ada, &eve, &other]);
    let elsewhere = api.group(-5_000, "others", &[&ada, &eve]);
    let mut house = House::shut(&api);
    house.live_in(group.id());
    house.hears_everything(group.id());
    house.open_door();
    let id = house.ask(1, "one").await;
    let message = prompt(&api, group.id(), "one").await;
    house.done().await;
    let here = ada.in_chat(group.id());

    // A member who may not; told once, however often it is tried.
    let tried = eve.in_chat(group.id()).reply(message.id, "no");
    assert_eq!(answered(&api, group.id(), tried).await, "You may not do this.");
    eve.in_chat(group.id()).reply(message.id, "no!");
    // A forwarded copy, and another bot's message.
    let copy = here.forward(group.id(), message.id).unwrap();
    let strange = "That is no message of pager's own. Reply to the question itself.";
    let to_copy = here.reply(copy, "no");
    assert_eq!(answered(&api, group.id(), to_copy).await, strange);
    let others = other.in_chat(group.id()).send("Shall I?");
    let to_other = here.reply(others, "no");
    assert_eq!(answered(&api, group.id(), to_other).await, strange);
    // From another chat, where it is a reply to nothing that stands there.
    ada.reply_elsewhere(group.id(), message.id, "no");
    // In a chat that is neither: people talk with each other there.
    let copy = ada.in_chat(elsewhere.id()).forward(group.id(), message.id).unwrap();
    ada.in_chat(elsewhere.id()).reply(copy, "no");
    // A reply to what people say to each other is none of ours.
    let talk = eve.in_chat(group.id()).send("Lunch?");
    here.reply(talk, "no");
    let last = ada.send("/status");
    api.wait_message(ADA, "the status", |m| m.from_bot && m.id > last).await;

    assert!(house.is_pending(id).await);
    let told = api.view().messages(elsewhere.id()).iter().filter(|m| m.from_bot).count();
    assert_eq!(told, 0);
    assert_eq!(
        house.misfits().await,
        ["no list of this group names them", "a reply to a message that is not pager's own"]
    );
    here.reply(message.id, "no, not now");
    assert_eq!(reason(&house, id).await.0, "no, not now");
    settled(&api, &message, "Denied on Telegram (111111111): no, not now").await;
    api.finish();
}
