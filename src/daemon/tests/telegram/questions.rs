//! Questions with options: one and several, chosen and written, by one person and by two.

use std::collections::BTreeMap;

use pager_core::approval::{Kind, Verdict};
use pager_core::{ApprovalId, State};
use pager_tests::botapi::{BotApi, MessageView};
use serde_json::{Value, json};

use crate::house::{ADA, House, answer, prompt, settled};

const BEN: i64 = 222_222_222;

fn question(text: &str, labels: &[&str], several: bool) -> Value {
    let options: Vec<_> = labels.iter().map(|label| json!({ "label": label })).collect();
    json!({ "question": text, "options": options, "multiSelect": several })
}

async fn ask(house: &House, n: u8, questions: &[Value]) -> ApprovalId {
    let input = json!({ "questions": questions });
    house.ask_of(n, Kind::Question, "AskUserQuestion", &input).await
}

async fn answers(house: &House, id: ApprovalId) -> BTreeMap<String, Vec<String>> {
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!(resolution.state, State::Answered);
    match resolution.verdict {
        Some(Verdict::Answer { answers }) => answers,
        other => panic!("{other:?}"),
    }
}

fn given(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    pairs.iter().map(|(question, texts)| (question.to_string(), owned(texts))).collect()
}

/// Waits until the message has these buttons.
async fn labelled(api: &BotApi, message: &MessageView, labels: &[&str]) -> MessageView {
    let (chat, id) = (message.chat, message.id);
    let what = format!("the buttons {labels:?}");
    api.wait_message(chat, &what, |m| m.id == id && m.labels() == labels).await
}

#[tokio::test]
async fn a_tap_on_an_option_is_the_answer() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = ask(&house, 1, &[question("Which?", &["Red", "Blue"], false)]).await;
    let message = prompt(&api, ADA, "Which?").await;
    assert_eq!(message.labels(), ["Red", "Blue", "Other…", "Deny"]);
    assert!(message.text().contains("Tap an answer"), "{}", message.text());
    let tap = ada.tap(message.id, "Blue").unwrap();
    assert_eq!(answer(&api, &tap).await, "Answered: Blue");
    assert_eq!(answers(&house, id).await, given(&[("Which?", &["Blue"])]));
    settled(&api, &message, "Answered on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn several_are_chosen_and_submitted_as_they_were_seen() {
    let api = BotApi::start();
    let (ada, ben) = (api.user(ADA), api.user(BEN));
    let group = api.group(-4_000, "team", &[&ada, &ben]);
    let mut house = House::shut(&api);
    house.live_in(group.id());
    house.list(group.id(), &[ADA, BEN]);
    house.open_door();
    let (ada, ben) = (ada.in_chat(group.id()), ben.in_chat(group.id()));
    let id = ask(&house, 1, &[question("Checks?", &["fmt", "clippy", "test"], true)]).await;
    let message = prompt(&api, group.id(), "Checks?").await;
    assert_eq!(message.labels(), ["☐ fmt", "☐ clippy", "☐ test", "Other…", "Deny"]);
    // Two taps on the same button, before it shows the first: both mean the same.
    let data = message.data()[0].to_owned();
    ada.tap_data(message.id, &data).unwrap();
    ada.forge(group.id(), message.id, &data);
    let one = ["☑ fmt", "☐ clippy", "☐ test", "Other…", "Submit", "Deny"];
    let message = labelled(&api, &message, &one).await;

    // What Ada submits is not what Ben has made of it meanwhile.
    let submit = message.data()[4].to_owned();
    let tap = ben.tap(message.id, "☐ test").unwrap();
    assert_eq!(answer(&api, &tap).await, "test");
    let late = ada.forge(group.id(), message.id, &submit);
    let told = answer(&api, &late).await;
    assert!(told.starts_with("The answers have changed meanwhile"), "{told}");
    assert!(house.is_pending(id).await);

    let two = ["☑ fmt", "☐ clippy", "☑ test", "Other…", "Submit", "Deny"];
    let message = labelled(&api, &message, &two).await;
    ben.tap(message.id, "☑ fmt").unwrap();
    let left = ["☐ fmt", "☐ clippy", "☑ test", "Other…", "Submit", "Deny"];
    let message = labelled(&api, &message, &left).await;
    ada.tap(message.id, "Submit").unwrap();
    assert_eq!(answers(&house, id).await, given(&[("Checks?", &["test"])]));
    settled(&api, &message, "Answered on Telegram (111111111)").await;
    assert_eq!(house.misfits().await, [""; 0]);
    api.finish();
}

#[tokio::test]
async fn several_questions_outlive_a_restart_in_the_middle() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let questions =
        [question("Where?", &["Here", "There"], false), question("What?", &["A", "B"], true)];
    let id = ask(&house, 1, &questions).await;
    let message = prompt(&api, ADA, "Where?").await;
    assert_eq!(message.labels(), ["▸ 1", "2", "○ Here", "○ There", "Other…", "Deny"]);
    ada.tap(message.id, "○ There").unwrap();
    let second = ["✓ 1", "▸ 2", "☐ A", "☐ B", "Other…", "Deny"];
    let message = labelled(&api, &message, &second).await;
    house.done().await;
    house.close_door().await;

    // A tap on a button that stood before the restart, and a text of one's own after it.
    ada.tap(message.id, "☐ B").unwrap();
    house.open_door();
    let third = ["✓ 1", "▸✓ 2", "☐ A", "☑ B", "Other…", "Submit", "Deny"];
    labelled(&api, &message, &third).await;
    ada.tap(message.id, "Other…").unwrap();
    let asks = api.wait_message(ADA, "the question for words", |m| m.forces_reply).await;
    assert!(asks.text().starts_with("Your answer to \u{201c}What?\u{201d}?\n"), "{}", asks.text());
    house.close_door().await;
    house.open_door();
    let said = ada.reply(asks.id, "and C");
    let noted = api.wait_message(ADA, "the note", |m| m.reply_to == Some(said)).await;
    assert!(noted.text().starts_with("Noted for \u{201c}What?\u{201d}."), "{}", noted.text());
    let with_text = ["✓ 1", "▸✓ 2", "☐ A", "☑ B", "● and C", "Submit", "Deny"];
    let message = labelled(&api, &message, &with_text).await;
    // The first answer can still be changed; a reply to the message is for what it shows.
    ada.tap(message.id, "✓ 1").unwrap();
    let first = ["▸✓ 1", "✓ 2", "○ Here", "● There", "Other…", "Submit", "Deny"];
    let message = labelled(&api, &message, &first).await;
    ada.reply(message.id, "Elsewhere");
    let changed = ["▸✓ 1", "✓ 2", "○ Here", "○ There", "● Elsewhere", "Submit", "Deny"];
    let message = labelled(&api, &message, &changed).await;
    ada.tap(message.id, "Submit").unwrap();
    let expected = given(&[("What?", &["B", "and C"]), ("Where?", &["Elsewhere"])]);
    assert_eq!(answers(&house, id).await, expected);
    settled(&api, &message, "Answered on Telegram").await;
    house.done().await;
    // The message that asked for words has gone.
    api.wait_for("no question for words", |view| {
        view.find(ADA, |m| m.forces_reply).is_none().then_some(())
    })
    .await;
    assert_eq!(house.misfits().await, [""; 0]);
    api.finish();
}

#[tokio::test]
async fn many_options_come_in_pages_and_twins_are_told_apart() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let labels: Vec<_> = (1..=150).map(|n| format!("option {n}")).collect();
    let labels: Vec<_> = labels.iter().map(String::as_str).collect();
    let id = ask(&house, 1, &[question("Which of many?", &labels, false)]).await;
    let mut message = prompt(&api, ADA, "Which of many?").await;
    assert!(message.labels().len() < 20, "{:?}", message.labels());
    for page in 1..=2 {
        ada.tap(message.id, "More ›").unwrap();
        let first = format!("option {}", page * 12 + 1);
        message = api.wait_message(ADA, "the page", |m| m.labels().first() == Some(&&*first)).await;
    }
    ada.tap(message.id, "option 30").unwrap();
    assert_eq!(answers(&house, id).await, given(&[("Which of many?", &["option 30"])]));

    let long = "x".repeat(300);
    let id = ask(&house, 2, &[question("Which twin?", &["Same", "Same", &long], false)]).await;
    let message = prompt(&api, ADA, "Which twin?").await;
    assert_eq!(message.labels()[..2], ["1. Same", "2. Same"]);
    assert!(message.labels()[2].chars().count() < 60, "{:?}", message.labels());
    assert!(message.text().contains(&long));
    ada.tap(message.id, "2. Same").unwrap();
    assert_eq!(answers(&house, id).await, given(&[("Which twin?", &["Same (option 2)"])]));
    settled(&api, &message, "Answered on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn an_option_that_there_is_not_is_refused() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = ask(&house, 1, &[question("Which?", &["Red"], false)]).await;
    let message = prompt(&api, ADA, "Which?").await;
    let forged = message.data()[0].replace("0.0", "0.7");
    let tap = ada.forge(ADA, message.id, &forged);
    assert_eq!(answer(&api, &tap).await, "This message does not offer that");
    assert_eq!(house.misfits().await, ["a tap on an option that there is not"]);
    let allow = message.data()[0].replacen("1p", "1a", 1).replace("0.0", "");
    let tap = ada.forge(ADA, message.id, &allow);
    assert_eq!(answer(&api, &tap).await, "This message does not offer that");
    assert!(house.is_pending(id).await);
    ada.tap(message.id, "Deny").unwrap();
    settled(&api, &message, "Denied on Telegram").await;
    api.finish();
}
