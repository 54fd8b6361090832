//! Bad days: the network, the server, and our restarts.

use std::time::Duration;

use pager_core::State;
use pager_tests::botapi::{BotApi, Fault, MessageView, Person, View};
use pagerd::surfaces::telegram::TelegramState;

use crate::house::{ADA, House, answer, prompt, settled};

pub(crate) fn connected(state: &TelegramState) -> bool {
    matches!(state, TelegramState::Connected { trouble: None, .. })
}

fn prompts(view: &View) -> Vec<MessageView> {
    view.messages(ADA).iter().filter(|message| message.from_bot).cloned().collect()
}

/// Decides by a tap and waits until every message that asked shows it.
pub(crate) async fn allow(api: &BotApi, ada: &Person, tapped: &MessageView) {
    let tap = ada.tap(tapped.id, "Allow").unwrap();
    assert_eq!(answer(api, &tap).await, "Allowed");
    let all = |view: &View| {
        let done = |m: &MessageView| m.rows.is_empty() && m.text().contains("Allowed on Telegram");
        prompts(view).iter().all(done).then_some(())
    };
    api.wait_for("every message to be settled", all).await;
}

#[tokio::test]
async fn a_server_error_delays_a_prompt_and_no_more() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    api.fault("sendMessage", 1, Fault::Status(502));
    house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    allow(&api, &ada, &message).await;
    house.done().await;
    assert_eq!(api.faults_left(), 0);
    api.finish();
}

#[tokio::test]
async fn a_prompt_whose_reply_was_lost_is_asked_twice_and_settled_twice() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    for fault in [Fault::DropAfter, Fault::StatusAfter(504), Fault::Malformed] {
        api.fault("sendMessage", 1, fault);
    }
    house.ask(1, "one").await;
    let four = |view: &View| (prompts(view).len() == 4).then(|| prompts(view));
    let sent = api.wait_for("four prompts", four).await;
    house.done().await;
    allow(&api, &ada, &sent[3]).await;
    house.done().await;
    api.finish();
}

#[tokio::test]
async fn a_lost_prompt_can_be_tapped_and_a_retry_is_not_needed_for_it() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    // What somebody writes in between takes a number too.
    let hello = ada.send("/status");
    api.wait_message(ADA, "a reply", |m| m.from_bot && m.id > hello).await;
    api.fault("sendMessage", 1, Fault::DropAfter);
    api.fault("sendMessage", 100, Fault::DropBefore);
    let id = house.ask(1, "one").await;
    let lost = prompt(&api, ADA, "one").await;
    let tap = ada.tap(lost.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    assert_eq!(house.handle.resolution(id).await.unwrap().message_id, Some(lost.id));
    settled(&api, &lost, "Allowed on Telegram").await;
    house.done().await;
    // Settled before it could be sent again: once is enough.
    api.clear_faults();
    assert_eq!(prompts(&api.view()).len(), 2);
    api.finish();
}

#[tokio::test]
async fn a_connection_lost_before_the_call_means_one_prompt() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let hello = ada.send("/status");
    api.wait_message(ADA, "a reply", |m| m.from_bot && m.id > hello).await;
    api.fault("sendMessage", 1, Fault::DropBefore);
    house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    let tap = ada.tap(message.id, "Deny").unwrap();
    assert_eq!(answer(&api, &tap).await, "Denied");
    settled(&api, &message, "Denied on Telegram").await;
    house.done().await;
    assert_eq!(prompts(&api.view()).len(), 2);
    api.finish();
}

#[tokio::test]
async fn a_ban_in_one_chat_holds_up_no_other() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let group = api.group(-4_000, "team", &[&ada]);
    let mut house = House::shut(&api);
    house.live_in(group.id());
    house.open_door();
    api.fault_in(group.id(), "sendMessage", 1, Fault::RetryAfter(3600));
    house.ask(1, "one").await;
    let banned = |view: &View| (view.calls_of("sendMessage").len() == 1).then_some(());
    api.wait_for("the ban", banned).await;
    let status = ada.send("/status");
    api.wait_message(ADA, "a reply", |m| m.from_bot && m.id > status).await;
    house.ask(2, "two").await;
    let again = ada.send("/status");
    api.wait_message(ADA, "a reply", |m| m.from_bot && m.id > again).await;
    let calls = api.view().calls_of("sendMessage").len();
    assert_eq!(calls, 3, "{}", api.report());
    api.finish();
}

#[tokio::test]
async fn after_a_ban_everything_is_sent() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    // A call before a ban is over would be a complaint of the double's.
    api.fault("sendMessage", 1, Fault::RetryAfter(1));
    api.fault("editMessageText", 1, Fault::RetryAfter(1));
    house.ask(1, "one").await;
    let one = prompt(&api, ADA, "one").await;
    allow(&api, &ada, &one).await;
    house.done().await;
    assert_eq!(api.faults_left(), 0);
    api.finish();
}

#[tokio::test]
async fn a_tap_is_answered_while_the_sender_is_held_up() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let first = house.ask(1, "one").await;
    let one = prompt(&api, ADA, "one").await;
    api.fault("sendMessage", 1, Fault::Hold);
    let second = house.ask(2, "two").await;
    let held = |view: &View| (view.calls_of("sendMessage").len() == 2).then_some(());
    api.wait_for("the held call", held).await;
    let tap = ada.tap(one.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    assert_eq!(house.handle.resolution(first).await.unwrap().state, State::Allowed);
    // Settled while its prompt is on the way: the prompt is edited as soon as it is there.
    house.deny(second).await;
    api.release();
    settled(&api, &one, "Allowed on Telegram").await;
    let two = api.wait_message(ADA, "two", |m| m.text().contains("two") && m.rows.is_empty()).await;
    settled(&api, &two, "Denied on the desktop").await;
    house.done().await;
    api.finish();
}

#[tokio::test]
async fn the_server_goes_and_comes_back() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    house.state(connected).await;
    api.go_down();
    let state = house.state(|state| matches!(state, TelegramState::Unreachable { .. })).await;
    assert!(state.to_string().starts_with("unreachable: "), "{state}");
    assert!(!state.to_string().contains(&api.token()), "{state}");
    house.ask(1, "one").await;
    let gone = house.ask(2, "two").await;
    house.deny(gone).await;
    api.come_back();
    let message = prompt(&api, ADA, "one").await;
    house.state(connected).await;
    allow(&api, &ada, &message).await;
    house.done().await;
    // What was settled before it could be asked is not asked.
    assert_eq!(prompts(&api.view()).len(), 1);
    api.finish();
}

#[tokio::test]
async fn what_happens_while_the_door_is_shut_is_done_once() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    house.done().await;
    house.close_door().await;
    let tap = ada.tap(message.id, "Allow").unwrap();
    let status = ada.send("/status");
    let asked = house.ask(2, "two").await;
    house.open_door();
    assert_eq!(house.handle.resolution(id).await.unwrap().state, State::Allowed);
    assert_eq!(answer(&api, &tap).await, "Allowed");
    settled(&api, &message, "Allowed on Telegram").await;
    api.wait_message(ADA, "the reply", |m| m.id > status && m.text().contains("waits")).await;
    prompt(&api, ADA, "two").await;
    house.done().await;

    // A server that has lost what was confirmed gives it out again; so does none of ours do it again.
    house.close_door().await;
    let calls = |api: &BotApi, method: &str| api.view().calls_of(method).len();
    let before = (calls(&api, "sendMessage"), calls(&api, "answerCallbackQuery"));
    api.redeliver(2);
    house.open_door();
    house.state(connected).await;
    let word = ada.send("/status");
    api.wait_message(ADA, "the reply", |m| m.from_bot && m.id > word).await;
    let after = (calls(&api, "sendMessage"), calls(&api, "answerCallbackQuery"));
    assert_eq!(after, (before.0 + 1, before.1), "{}", api.report());
    assert!(house.is_pending(asked).await);
    api.finish();
}

#[tokio::test]
async fn a_tap_is_answered_in_spite_of_trouble() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    house.ask(1, "one").await;
    let one = prompt(&api, ADA, "one").await;
    api.fault("answerCallbackQuery", 1, Fault::Status(502));
    let tap = ada.tap(one.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");

    house.ask(2, "two").await;
    let two = prompt(&api, ADA, "two").await;
    // Too old is as good as answered.
    api.advance(Duration::from_secs(1));
    api.hold_updates();
    ada.tap(two.id, "Allow").unwrap();
    api.advance(Duration::from_secs(20));
    api.expect("answerCallbackQuery", "query is too old");
    api.release_updates(pager_tests::botapi::Order::AsSent);
    settled(&api, &two, "Allowed on Telegram").await;
    let refused = |view: &View| (view.calls_of("answerCallbackQuery").len() == 3).then_some(());
    api.wait_for("the late answer", refused).await;
    api.finish();
}
