//! "Always": only where the agent suggested it, shown before it is granted, and tapped twice.

use pager_core::State;
use pager_core::approval::{AlwaysGrant, Verdict};
use pager_tests::botapi::{BotApi, MessageView};

use crate::house::{ADA, House, answer, prompt, settled};

async fn labelled(api: &BotApi, id: i64, labels: &[&str]) -> MessageView {
    api.wait_message(ADA, "the buttons", |m| m.id == id && m.labels() == labels).await
}

#[tokio::test]
async fn always_takes_two_taps() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let rule = "Bash(cargo test *)";
    let grant = AlwaysGrant { rule: rule.into(), suggestion: "{}".into() };
    let id = house.ask_always(1, "cargo test", Some(grant)).await;
    let message = prompt(&api, ADA, "cargo test").await;
    let first = ["Allow", "Deny", "Always…", "Deny…", "Stop"];
    assert_eq!(message.labels(), first);
    assert!(message.text().contains(rule), "{}", message.text());

    // The second tap is nothing without the first.
    let always = message.data()[2].to_owned();
    let forged = ada.forge(ADA, message.id, &always.replacen("1w", "1W", 1));
    assert_eq!(answer(&api, &forged).await, "Tap Always… first");
    let second = ["Yes, always: Bash(cargo test *)", "Back"];
    ada.tap(message.id, "Always…").unwrap();
    labelled(&api, message.id, &second).await;
    ada.tap(message.id, "Back").unwrap();
    labelled(&api, message.id, &first).await;
    let forged = ada.forge(ADA, message.id, &always.replacen("1w", "1W", 1));
    assert_eq!(answer(&api, &forged).await, "Tap Always… first");
    assert!(house.is_pending(id).await);
    assert_eq!(house.misfits().await, ["a second tap for always without a first"]);

    // Over a restart it is known that the first was made.
    ada.tap(message.id, "Always…").unwrap();
    labelled(&api, message.id, &second).await;
    house.done().await;
    house.close_door().await;
    house.open_door();
    let tap = ada.tap(message.id, second[0]).unwrap();
    assert_eq!(answer(&api, &tap).await, "Always allowed");
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!(
        (resolution.state, resolution.verdict),
        (State::Allowed, Some(Verdict::AllowAlways))
    );
    settled(&api, &message, "Always allowed on Telegram").await;
    api.finish();
}

#[tokio::test]
async fn what_was_not_suggested_cannot_be_granted() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    for letter in ["1w", "1W", "1e"] {
        let forged = message.data()[0].replacen("1a", letter, 1);
        let tap = ada.forge(ADA, message.id, &forged);
        assert_eq!(answer(&api, &tap).await, "This message does not offer that");
    }
    assert!(house.is_pending(id).await);
    house.deny(id).await;
    settled(&api, &message, "Denied on the desktop").await;
    api.finish();
}
