//! What no message has room for: it is sent as a file, and only then may it be allowed.

use pager_core::State;
use pager_tests::botapi::{BotApi, Fault, MessageView};

use crate::house::{ADA, House, answer, prompt, settled};

fn long() -> String {
    format!("echo {} | sh", "😀".repeat(2500))
}

async fn file(api: &BotApi, after: i64) -> MessageView {
    api.wait_message(ADA, "the file", |m| m.file.is_some() && m.id > after).await
}

const YES: [&str; 4] = ["Allow", "Deny", "Deny…", "Stop"];

#[tokio::test]
async fn the_whole_is_sent_and_then_it_may_be_allowed() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let id = house.ask(1, &long()).await;
    let message = prompt(&api, ADA, "characters left out").await;
    let tap = ada.tap(message.id, "Details").unwrap();
    assert_eq!(answer(&api, &tap).await, "The whole is on its way as a file");
    let sent = file(&api, message.id).await;
    assert_eq!(sent.reply_to, Some(message.id));
    let text = String::from_utf8(sent.file.unwrap().bytes).unwrap();
    assert!(text.contains(&long()));
    let may = api.wait_message(ADA, "Allow", |m| m.id == message.id && m.labels() == YES).await;
    assert!(may.text().contains("sent as a file"), "{}", may.text());
    assert!(may.text().contains("characters left out"));
    // Over a restart it stays shown, and nothing is drawn anew.
    house.done().await;
    house.close_door().await;
    let edits = api.view().calls_of("editMessageText").len();
    house.open_door();
    let tap = ada.tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    assert_eq!(house.handle.resolution(id).await.unwrap().state, State::Allowed);
    settled(&api, &message, "Allowed on Telegram").await;
    assert_eq!(api.view().calls_of("editMessageText").len(), edits + 1);
    assert_eq!(api.view().calls_of("sendDocument").len(), 1);
    api.finish();
}

#[tokio::test]
async fn a_file_that_does_not_arrive_allows_nothing() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, &long()).await;
    let message = prompt(&api, ADA, "characters left out").await;
    let refusal = Fault::Refuse(413, "Request Entity Too Large".to_owned());
    api.fault("sendDocument", 1, refusal);
    ada.tap(message.id, "Details").unwrap();
    let told = |m: &MessageView| m.reply_to == Some(message.id) && m.file.is_none();
    let told = api.wait_message(ADA, "why there is no file", told).await;
    assert!(told.text().contains(&format!("pagerctl show {}", id.short())), "{}", told.text());
    let forged = message.data()[0].replacen("1i", "1a", 1);
    let tap = ada.forge(ADA, message.id, &forged);
    assert_eq!(answer(&api, &tap).await, "This message does not offer that");

    // While one is on its way, prompts are sent and another tap sends no second.
    api.fault("sendDocument", 1, Fault::Hold);
    ada.tap(message.id, "Details").unwrap();
    let second =
        |view: &pager_tests::botapi::View| (view.calls_of("sendDocument").len() == 2).then_some(());
    api.wait_for("the second attempt", second).await;
    let again = ada.tap(message.id, "Details").unwrap();
    answer(&api, &again).await;
    house.ask(2, "two").await;
    let two = prompt(&api, ADA, "two").await;
    api.release();
    api.wait_message(ADA, "Allow", |m| m.id == message.id && m.labels() == YES).await;
    assert_eq!(api.view().calls_of("sendDocument").len(), 2);
    ada.tap(two.id, "Allow").unwrap();
    settled(&api, &two, "Allowed on Telegram").await;
    house.deny(id).await;
    settled(&api, &message, "Denied on the desktop").await;
    api.finish();
}
