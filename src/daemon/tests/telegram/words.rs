//! What people say to the bot.

use pager_core::access::DirectPolicy;
use pager_tests::botapi::{BotApi, MessageView, View};

use crate::house::{ADA, House, prompt, settled};

async fn reply(api: &BotApi, chat: i64, after: i64, what: &str) -> MessageView {
    let fits = |m: &MessageView| m.from_bot && m.id > after && m.text().contains(what);
    api.wait_message(chat, what, fits).await
}

#[tokio::test]
async fn people_learn_that_they_are_connected_and_what_waits() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    let start = ada.send("/start");
    reply(&api, ADA, start, "pager is connected to this chat. Questions of your agents come here.")
        .await;
    let empty = ada.send("/status");
    reply(&api, ADA, empty, "Nothing waits for you.\nNo sessions.").await;
    let id = house.ask(1, "<b>make</b> & co").await;
    let message = prompt(&api, ADA, "make").await;
    let status = ada.send("/status");
    let told = reply(&api, ADA, status, "One request waits for you:").await;
    assert!(told.text().contains(&id.short()), "{}", told.text());
    assert!(told.text().contains("<b>make</b> & co"), "{}", told.text());
    assert!(told.text().contains("webshop (Claude Code): waiting"), "{}", told.text());
    let pending = ada.send("/pending");
    let told = reply(&api, ADA, pending, "One request waits for you:").await;
    assert!(told.text().contains(&id.short()) && !told.text().contains("waiting"));
    let help = ada.send("/help");
    reply(&api, ADA, help, "A reply to it is a no").await;
    let hello = ada.send("hello?");
    reply(&api, ADA, hello, "/status tells what waits").await;
    house.deny(id).await;
    settled(&api, &message, "Denied on the desktop").await;
    api.finish();
}

#[tokio::test]
async fn the_commands_are_offered_once() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let mut house = House::open(&api);
    let set = |view: &View| (view.calls_of("setMyCommands").len() == 1).then_some(());
    api.wait_for("the commands to be set", set).await;
    api.wait_polling().await;
    house.close_door().await;
    house.open_door();
    api.wait_polling().await;
    let commands = api.commands();
    let names: Vec<_> = commands[0].1.as_array().unwrap().iter().map(|c| &c["command"]).collect();
    assert_eq!(names, ["pending", "status", "stop", "panic", "file", "help"]);
    assert_eq!(api.view().calls_of("setMyCommands").len(), 1);
    api.finish();
}

#[tokio::test]
async fn strangers_and_other_chats_are_told_nothing() {
    let api = BotApi::builder().reads_groups().start().unwrap();
    let ada = api.user(ADA);
    let eve = api.user(666);
    let group = api.group(-4_000, "team", &[&ada, &eve]);
    let mut house = House::shut(&api);
    house.config.rules.direct = DirectPolicy::Allowlist;
    house.open_door();
    house.state(|state| state.to_string() == "connected as @pager_test_bot").await;
    eve.send("/start");
    eve.send("/status");
    eve.in_chat(group.id()).send("/status");
    ada.in_chat(group.id()).send("/status");
    ada.in_chat(group.id()).send("hello");
    // Updates come in order: when this one is answered, the others were looked at.
    let last = ada.send("/status");
    reply(&api, ADA, last, "Nothing waits for you.").await;
    assert_eq!(api.view().calls_of("sendMessage").len(), 1, "{}", api.report());
    api.finish();
}
