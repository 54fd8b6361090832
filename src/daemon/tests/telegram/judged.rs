//! A policy read anew: what is shown of what waits says what it says now.

use pager_core::{Judgement, Require, Ruling, Sha256Hex, State};
use pager_tests::botapi::{BotApi, MessageView};

use crate::house::{ADA, House, prompt, settled};

fn judgement(reason: &str, require: Require) -> Judgement {
    let reason = reason.to_owned();
    let rule = Some("deploys".to_owned());
    Judgement { policy: Sha256Hex::zero(), ruling: Ruling::Ask, rule, reason, require }
}

const YES_NO: [&str; 4] = ["Allow", "Deny", "Deny…", "Stop"];
const NO: [&str; 3] = ["Deny", "Deny…", "Stop"];

async fn shown(api: &BotApi, id: i64, words: &str, labels: &[&str]) -> MessageView {
    let fits = |m: &MessageView| m.id == id && m.text().contains(words) && m.labels() == labels;
    api.wait_message(ADA, words, fits).await
}

#[tokio::test]
async fn what_the_policy_comes_to_require_is_shown_in_the_message_that_stands() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let id = house.ask(1, "deploy").await;
    let message = prompt(&api, ADA, "deploy").await;
    assert_eq!(message.labels(), YES_NO);
    let polkit = Require { remote: false, polkit: true };
    house.judge(id, judgement("production", polkit)).await;
    let here = "A yes counts only from pagerctl, with your password.";
    let now = shown(&api, message.id, here, &NO).await;
    assert!(now.text().contains("Your policy's rule: deploys: production"), "{}", now.text());

    // What is changed while the door is shut is shown when it opens.
    house.done().await;
    house.close_door().await;
    house.judge(id, judgement("", Require { remote: true, polkit: false })).await;
    house.open_door();
    shown(&api, message.id, "A yes counts only on Telegram.", &YES_NO).await;
    ada.tap(message.id, "Allow").unwrap();
    assert_eq!(house.handle.resolution(id).await.unwrap().state, State::Allowed);
    settled(&api, &message, "Allowed on Telegram").await;
    house.done().await;
    api.finish();
}
