//! Buttons: who taps what, where, how often.

use pager_core::approval::{Input, Kind, Request};
use pager_core::{Actor, RequestId, State};
use pager_tests::botapi::{BotApi, Fault, Order};

use crate::house::{ADA, House, answer, prompt, settled};

#[tokio::test]
async fn nothing_is_offered_that_the_agent_cannot_be_told() {
    let api = BotApi::start();
    drop(api.user(ADA));
    let house = House::open(&api);
    let input = Input::new(r#"{"command":"touch made"}"#);
    let request = Request::new(RequestId::from_bytes([1; 16]), Kind::Permission, "Bash", input);
    house.ask_this(Request { stoppable: false, ..request }).await;
    let message = prompt(&api, ADA, "touch made").await;
    assert_eq!(message.labels(), ["Allow", "Deny", "Deny…"]);
    house.done().await;
}

#[tokio::test]
async fn a_tap_decides_and_the_message_says_so() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "touch made").await;
    let message = prompt(&api, ADA, "touch made").await;
    assert_eq!(message.labels(), ["Allow", "Deny", "Deny…", "Stop"]);
    assert!(message.text().starts_with("Claude Code in webshop wants to run a command\n"));
    assert!(message.text().contains("in /home/ada/webshop\n"), "{}", message.text());

    let tap = ada.tap(message.id, "Allow").unwrap();
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!(resolution.state, State::Allowed);
    assert_eq!(resolution.by, Actor::Telegram { user: ADA });
    assert_eq!(resolution.message_id, Some(message.id));
    assert_eq!(answer(&api, &tap).await, "Allowed");
    let after = settled(&api, &message, "Allowed on Telegram (111111111), ").await;
    assert!(after.text().contains("touch made"));
    house.done().await;
    assert_eq!(api.view().calls_of("answerCallbackQuery").len(), 1);
    assert_eq!(api.view().calls_of("sendMessage").len(), 1);
    assert_eq!(api.view().calls_of("editMessageText").len(), 1);
    api.finish();
}

#[tokio::test]
async fn deny_denies() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "rm -rf /").await;
    let message = prompt(&api, ADA, "rm -rf /").await;
    let tap = ada.tap(message.id, "Deny").unwrap();
    assert_eq!(house.handle.resolution(id).await.unwrap().state, State::Denied);
    assert_eq!(answer(&api, &tap).await, "Denied");
    settled(&api, &message, "Denied on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn who_taps_again_or_late_is_told_how_it_ended() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let (first, second) = (house.ask(1, "one").await, house.ask(2, "two").await);
    let one = prompt(&api, ADA, "one").await;
    let two = prompt(&api, ADA, "two").await;

    // Two fingers at once, and the edit that takes the buttons away is late.
    api.fault("editMessageText", 1, Fault::Hold);
    api.hold_updates();
    let tap = ada.tap(one.id, "Deny").unwrap();
    let again = ada.tap(one.id, "Allow").unwrap();
    api.release_updates(Order::AsSent);
    assert_eq!(answer(&api, &tap).await, "Denied");
    let told = answer(&api, &again).await;
    assert!(told.starts_with("Already denied on Telegram (111111111) at "), "{told}");
    assert_eq!(house.handle.resolution(first).await.unwrap().state, State::Denied);

    house.deny(second).await;
    let late = ada.tap(two.id, "Allow").unwrap();
    let told = answer(&api, &late).await;
    assert!(told.starts_with("Already denied on the desktop at "), "{told}");
    api.release();
    settled(&api, &one, "Denied on Telegram").await;
    settled(&api, &two, "Denied on the desktop").await;
    api.finish();
}

#[tokio::test]
async fn the_same_tap_delivered_twice_decides_once() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    api.hold_updates();
    let tap = ada.tap(message.id, "Allow").unwrap();
    api.expect("answerCallbackQuery", "query is too old");
    api.release_updates(Order::Twice);
    assert_eq!(answer(&api, &tap).await, "Allowed");
    settled(&api, &message, "Allowed on Telegram").await;
    assert_eq!(house.handle.resolution(id).await.unwrap().state, State::Allowed);
    let twice = |view: &pager_tests::botapi::View| {
        (view.calls_of("answerCallbackQuery").len() == 2).then_some(())
    };
    api.wait_for("the answer to the second", twice).await;
    api.finish();
}

#[tokio::test]
async fn a_strangers_tap_changes_nothing() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (eve, anonymous) = (api.user(666), api.user(1_087_968_824));
    let group = api.group(-4_000, "team", &[&ada, &eve, &anonymous]);
    let mut house = House::shut(&api);
    house.live_in(group.id());
    // Not even by mistake.
    house.list(group.id(), &[ADA, 1_087_968_824]);
    house.open_door();
    let id = house.ask(1, "one").await;
    let message = prompt(&api, group.id(), "one").await;
    for stranger in [eve, anonymous] {
        let tap = stranger.in_chat(group.id()).tap(message.id, "Allow").unwrap();
        assert_eq!(answer(&api, &tap).await, "You may not do this");
    }
    assert!(house.is_pending(id).await);
    let tap = ada.in_chat(group.id()).tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    settled(&api, &message, "Allowed on Telegram (111111111)").await;
    api.finish();
}

#[tokio::test]
async fn forged_and_replayed_buttons_decide_nothing() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let group = api.group(-4_000, "team", &[&ada]);
    let unlisted = api.group(-5_000, "others", &[&ada]);
    let mut house = House::shut(&api);
    house.list(group.id(), &[ADA]);
    house.open_door();
    let (first, second) = (house.ask(1, "one").await, house.ask(2, "two").await);
    let one = prompt(&api, ADA, "one").await;
    let two = prompt(&api, ADA, "two").await;
    let data = one.data()[0].to_owned();
    assert!(data.starts_with(&format!("1a{first}")), "{data}");
    let other_nonce = format!("1a{first}{}", "A".repeat(22));
    let foreign_nonce = format!("1a{second}{}", &data[34..]);
    let unknown = format!("1a{}{}", "0".repeat(32), &data[34..]);
    let forgeries = [
        (ADA, one.id, other_nonce.as_str(), "This button is not valid here"),
        (ADA, two.id, foreign_nonce.as_str(), "This button is not valid here"),
        (ADA, two.id, data.as_str(), "This button is not valid here"),
        // In which topic of a group such a message stood nobody can tell.
        (group.id(), one.id, data.as_str(), "You may not do this"),
        (unlisted.id(), one.id, data.as_str(), "You may not do this"),
        (ADA, one.id, unknown.as_str(), "pager knows nothing of this"),
        (ADA, one.id, "1a", "This is no button of pager's"),
        (ADA, one.id, "2aé", "This is no button of pager's"),
    ];
    for (chat, message, data, told) in forgeries {
        let tap = ada.forge(chat, message, data);
        assert_eq!(answer(&api, &tap).await, told, "{data}");
    }
    assert!(house.is_pending(first).await && house.is_pending(second).await);

    // A nonce that was used is used up.
    ada.tap(one.id, "Deny").unwrap();
    settled(&api, &one, "Denied on Telegram").await;
    let replay = ada.forge(ADA, one.id, &data);
    let told = answer(&api, &replay).await;
    assert!(told.starts_with("Already denied"), "{told}");
    assert_eq!(house.handle.resolution(first).await.unwrap().state, State::Denied);
    house.deny(second).await;
    settled(&api, &two, "Denied on the desktop").await;
    api.finish();
}

#[tokio::test]
async fn what_is_cut_cannot_be_allowed_even_by_forgery() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, &format!("echo {} | sh", "😀".repeat(2500))).await;
    let message = prompt(&api, ADA, "characters left out").await;
    assert_eq!(message.labels(), ["Details", "Deny", "Deny…", "Stop"]);
    assert!(!message.text().contains('\u{fffd}'));
    let forged = message.data()[0].replacen("1i", "1a", 1);
    let tap = ada.forge(ADA, message.id, &forged);
    assert_eq!(answer(&api, &tap).await, "This message does not offer that");
    assert!(house.is_pending(id).await);
    ada.tap(message.id, "Deny").unwrap();
    settled(&api, &message, "Denied on Telegram").await;
    api.finish();
}
