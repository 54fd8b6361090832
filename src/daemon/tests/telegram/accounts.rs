//! The bot's account and its chats: tokens, rivals, blocks, groups that move.

use pager_tests::botapi::{BotApi, MessageView, View};
use pagerd::surfaces::telegram::TelegramState;

use crate::house::{ADA, House, answer, prompt, settled};
use crate::trouble::{allow, connected};

const OTHER_BOT: &str = "220201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0";

#[tokio::test]
async fn conflicts_say_which_and_pass() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    house.state(connected).await;
    api.wait_polling().await;
    api.allow("getUpdates", "Conflict");
    let client = reqwest::Client::new();
    let call = |method: &str| client.post(format!("{}/bot{}/{method}", api.url(), api.token()));
    call("setWebhook?url=https://example.org/hook").send().await.unwrap();
    let state = house.state(|state| matches!(state, TelegramState::Conflict { .. })).await;
    assert!(state.to_string().starts_with("conflict: a webhook is set"), "{state}");
    call("deleteWebhook").send().await.unwrap();
    house.state(connected).await;

    api.wait_polling().await;
    call("getUpdates?timeout=0").send().await.unwrap();
    let state = house.state(|state| matches!(state, TelegramState::Conflict { .. })).await;
    assert!(state.to_string().starts_with("conflict: another program polls"), "{state}");
    house.state(connected).await;

    house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    allow(&api, &ada, &message).await;
    api.finish();
}

#[tokio::test]
async fn a_revoked_token_ends_all_calls() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let mut house = House::open(&api);
    house.state(connected).await;
    api.wait_polling().await;
    let old = api.token();
    let new = format!("{}:{}", old.split(':').next().unwrap(), "B".repeat(35));
    api.revoke_token(&new);
    api.expect("sendMessage", "Unauthorized");
    house.ask(1, "one").await;
    house.state(|state| *state == TelegramState::Unauthorized).await;
    house.ask(2, "two").await;
    let calls = |view: &View| view.calls_of("sendMessage").len();
    house.close_door().await;
    assert_eq!(calls(&api.view()), 1);

    // The configuration is read anew.
    house.config.token = pager_config::Secret::new(new);
    house.open_door();
    prompt(&api, ADA, "one").await;
    prompt(&api, ADA, "two").await;
    api.finish();
}

#[tokio::test]
async fn a_new_token_gives_new_buttons_and_no_old_one_counts() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let id = house.ask(1, "one").await;
    let before = prompt(&api, ADA, "one").await;
    house.done().await;
    house.close_door().await;
    let old = api.token();
    let new = format!("{}:{}", old.split(':').next().unwrap(), "B".repeat(35));
    api.revoke_token(&new);
    house.config.token = pager_config::Secret::new(new);
    house.open_door();
    let anew = |m: &MessageView| m.id == before.id && m.data() != before.data();
    let after = api.wait_message(ADA, "new buttons", anew).await;
    let told =
        |m: &MessageView| m.text().starts_with("The bot's token was changed on this machine.");
    api.wait_message(ADA, "the news", told).await;
    let forged = ada.forge(ADA, before.id, before.data()[0]);
    assert_eq!(answer(&api, &forged).await, "This message does not offer that");
    assert!(house.is_pending(id).await);
    let tap = ada.tap(after.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    api.finish();
}

#[tokio::test]
async fn a_wrong_token_is_not_tried_again_and_again() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let mut house = House::shut(&api);
    house.config.token = pager_config::Secret::new(OTHER_BOT);
    for n in 0..10 {
        house.ask(n, "one").await;
    }
    api.allow("*", "Unauthorized");
    house.open_door();
    house.state(|state| *state == TelegramState::Unauthorized).await;
    house.close_door().await;
    // The poller and the outbox may each have found out for themselves.
    assert!(api.calls().len() <= 2, "{}", api.report());
    api.finish();
}

#[tokio::test]
async fn another_bot_asks_anew_and_leaves_the_messages_of_the_first_alone() {
    let (first, second) = (BotApi::start(), BotApi::builder().token(OTHER_BOT).start().unwrap());
    let (_ada, ada) = (first.user(ADA), second.user(ADA));
    let mut house = House::open(&first);
    let id = house.ask(1, "one").await;
    let message = prompt(&first, ADA, "one").await;
    house.done().await;
    house.close_door().await;
    house.config.token = pager_config::Secret::new(OTHER_BOT);
    house.config.api_url = pager_config::Url::parse(&second.url()).unwrap();
    house.open_door();
    // Its messages have the same numbers, and a button of the first one's is none of its own.
    let other = prompt(&second, ADA, "one").await;
    assert_eq!(other.id, message.id);
    let tap = ada.forge(ADA, other.id, message.data()[0]);
    assert_eq!(answer(&second, &tap).await, "This button is not valid here");
    house.deny(id).await;
    house.done().await;
    settled(&second, &other, "Denied").await;
    assert_eq!(first.view().calls_of("editMessageText").len(), 0);
    first.finish();
    second.finish();
}

#[tokio::test]
async fn what_can_never_be_delivered_is_given_up_and_told() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    house.state(connected).await;
    ada.block(true);
    api.expect("sendMessage", "blocked");
    house.ask(1, "one").await;
    house.done().await;
    let state = house.state(|state| !connected(state)).await.to_string();
    assert!(state.contains("cannot write to chat 111111111"), "{state}");
    assert!(state.contains("unblock the bot"), "{state}");
    ada.block(false);
    house.ask(2, "two").await;
    prompt(&api, ADA, "two").await;
    house.state(connected).await;
    api.finish();
}

#[tokio::test]
async fn a_deleted_message_is_let_go() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    house.done().await;
    ada.delete(message.id).unwrap();
    api.expect("editMessageText", "message to edit not found");
    house.deny(id).await;
    house.done().await;
    assert_eq!(api.view().calls_of("editMessageText").len(), 1);
    api.finish();
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_is_followed() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let group = api.group(-4_000, "team", &[&ada]);
    let mut house = House::shut(&api);
    house.live_in(group.id());
    let new = group.migrate();
    // The bot has not heard of it, but by the refusal.
    api.expect("sendMessage", "upgraded to a supergroup");
    house.ask(1, "one").await;
    house.open_door();
    let message = prompt(&api, new.id(), "one").await;
    let tap = ada.in_chat(new.id()).tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    settled(&api, &message, "Allowed on Telegram").await;
    // Over a restart it is not asked again.
    house.close_door().await;
    house.open_door();
    house.ask(2, "two").await;
    prompt(&api, new.id(), "two").await;
    assert_eq!(api.view().calls_of("sendMessage").len(), 3);
    api.finish();
}

#[tokio::test]
async fn what_a_group_grants_goes_with_it_where_it_moves() {
    let api = BotApi::start();
    let (ada, eve) = (api.user(ADA), api.user(666));
    let group = api.group(-4_000, "team", &[&ada, &eve]);
    let mut house = House::shut(&api);
    house.list(group.id(), &[ADA]);
    house.open_door();
    api.wait_polling().await;
    let new = group.migrate().id();
    for _ in 0..2 {
        let refused = eve.in_chat(new).send("/status@pager_test_bot");
        let asked = ada.in_chat(new).send("/status@pager_test_bot");
        let answers = |view: &View, to: i64| {
            view.messages(new).iter().filter(|message| message.reply_to == Some(to)).count()
        };
        api.wait_for("the status", |view| (answers(view, asked) == 1).then_some(())).await;
        assert_eq!(answers(&api.view(), refused), 0, "{}", api.report());
        // And the next daemon knows of it, though nobody has changed the configuration.
        house.close_door().await;
        house.open_door();
    }
    // A group that nobody listed is followed nowhere.
    let other = api.group(-5_000, "other", &[&ada]);
    let other = other.migrate().id();
    ada.in_chat(other).send("/status@pager_test_bot");
    api.wait_taken().await;
    let last = ada.send("/help");
    api.wait_message(ADA, "the help", |message| message.from_bot && message.id > last).await;
    let told =
        api.view().messages(other).iter().filter(|message| message.service.is_none()).count();
    assert_eq!(told, 1, "{}", api.report());
    assert_eq!(house.config.rules.groups.keys().collect::<Vec<_>>(), [&group.id()]);
    api.finish();
}
