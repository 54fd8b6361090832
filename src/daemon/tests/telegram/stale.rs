//! What may be too old decides nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pager_core::Verdict;
use pager_tests::botapi::{BotApi, MessageView};
use pagerd::engine::Clock;

use crate::house::{ADA, House, answer, prompt, settled};

/// The engine's time, which a test sets.
#[derive(Clone)]
struct Hands(Arc<Mutex<Timestamp>>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A house in which a question was asked half an hour ago, and the server last had nothing more for us
/// so long ago.
async fn asked_long_ago(api: &BotApi, caught_up: SignedDuration) -> (House, MessageView) {
    let now = Timestamp::now();
    let hands = Hands(Arc::new(Mutex::new(now - SignedDuration::from_mins(30))));
    let mut house = House::shut_at(api, hands.clone());
    house.open_door();
    house.ask(1, "one").await;
    let message = prompt(api, ADA, "one").await;
    house.done().await;
    house.close_door().await;
    *hands.0.lock().unwrap() = now;
    let key = format!("telegram.caught_up.{}", api.token().split(':').next().unwrap());
    let at = (now - caught_up).to_string();
    house.handle.with_store(move |store, _| store.put_fact(&key, &at)).await.unwrap();
    (house, message)
}

#[tokio::test]
async fn a_tap_from_a_long_outage_is_to_be_made_again() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (mut house, message) = asked_long_ago(&api, SignedDuration::from_mins(20)).await;
    let tap = ada.tap(message.id, "Allow").unwrap();
    house.open_door();
    let told = answer(&api, &tap).await;
    assert!(told.contains("did not count. Tap again."), "{told}");
    let id = house.only().await;
    assert!(house.is_pending(id).await);
    let again = ada.tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &again).await, "Allowed");
    settled(&api, &message, "Allowed on Telegram").await;
    assert_eq!(house.misfits().await, [""; 0]);
    api.finish();
}

#[tokio::test]
async fn whose_tap_cannot_be_answered_any_more_is_told_in_the_chat() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (mut house, message) = asked_long_ago(&api, SignedDuration::from_mins(20)).await;
    ada.tap(message.id, "Allow").unwrap();
    api.advance(Duration::from_secs(20));
    api.expect("answerCallbackQuery", "query is too old");
    house.open_door();
    let fits = |m: &MessageView| m.from_bot && m.reply_to == Some(message.id);
    let told = api.wait_message(ADA, "that it did not count", fits).await;
    assert!(told.text().contains("made while pager was away"), "{}", told.text());
    let id = house.only().await;
    assert!(house.is_pending(id).await);
    api.finish();
}

#[tokio::test]
async fn a_short_outage_costs_nothing() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (mut house, message) = asked_long_ago(&api, SignedDuration::from_mins(9)).await;
    let tap = ada.tap(message.id, "Allow").unwrap();
    house.open_door();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    settled(&api, &message, "Allowed on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn a_reply_says_itself_how_old_it_is() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (mut house, message) = asked_long_ago(&api, SignedDuration::from_mins(20)).await;
    let old = ada.dated(Duration::from_secs(15 * 60)).reply(message.id, "no");
    let young = ada.dated(Duration::from_secs(60)).reply(message.id, "no, really");
    house.open_door();
    let told = |to: i64| api.wait_message(ADA, "an answer", move |m| m.reply_to == Some(to));
    let text = told(old).await.text().to_owned();
    assert!(text.contains("is an old one, so it did not count"), "{text}");
    let text = told(young).await.text().to_owned();
    assert_eq!(text, "Denied, with what you wrote as the reason.");
    let resolution = house.handle.resolution(house.only().await).await.unwrap();
    assert_eq!(resolution.verdict, Some(Verdict::deny("no, really")));
    settled(&api, &message, "Denied on Telegram").await;
    api.finish();
}
