//! `/stop` and `/panic`: what gets through whatever else does not.

use pager_core::access::RoleName;
use pager_core::{AccessCommand, Actor, Command, State, Verdict};
use pager_tests::botapi::{BotApi, MessageView};

use crate::house::{ADA, House, answer, prompt, settled};

const BEN: i64 = 222_222_222;

async fn reply(api: &BotApi, chat: i64, to: i64, text: &str) -> MessageView {
    let fits = |m: &MessageView| m.from_bot && m.id > to && m.text().contains(text);
    api.wait_message(chat, text, fits).await
}

#[tokio::test]
async fn stop_denies_what_the_one_session_waits_for_and_ends_its_turn() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::shut(&api);
    // Whoever has said too much can still stop it.
    house.config.requests = 1;
    house.open_door();
    let nothing = ada.send("/stop");
    reply(&api, ADA, nothing, "Nothing waits").await;
    let (first, second) = (house.ask(1, "sleep 1").await, house.ask(2, "sleep 2").await);
    let (one, _) = (prompt(&api, ADA, "sleep 1").await, prompt(&api, ADA, "sleep 2").await);
    ada.send("/status");
    ada.send("/status");
    let stop = ada.reply(one.id, "/stop");
    let told = reply(&api, ADA, stop, "Stopped").await;
    assert_eq!(
        told.text(),
        "Stopped Claude Code in webshop: 2 requests denied, and its turn ended."
    );
    for id in [first, second] {
        let approval = house.handle.approval(id).await.unwrap().unwrap();
        let resolution = approval.resolution.unwrap();
        assert!(matches!(resolution.verdict, Some(Verdict::Deny { interrupt: true, .. })));
        assert_eq!(resolution.by, Actor::Telegram { user: ADA });
    }
    settled(&api, &one, "Denied").await;
    let named = ada.send("/stop webshop");
    reply(&api, ADA, named, "Nothing waits").await;
    api.finish();
}

#[tokio::test]
async fn stop_takes_the_right_to_approve() {
    let api = BotApi::start();
    let (_ada, ben) = (api.user(ADA), api.user(BEN));
    let mut house = House::shut(&api);
    let observer = "observer".to_owned().try_into().unwrap();
    house.config.rules.people.insert(BEN, observer);
    house.open_door();
    let id = house.ask(1, "sleep 1").await;
    let stop = ben.send("/stop");
    reply(&api, BEN, stop, "not answer").await;
    assert!(house.is_pending(id).await);
    api.finish();
}

#[tokio::test]
async fn an_owner_shuts_everything_and_only_the_machine_opens_it() {
    let api = BotApi::start();
    let (ada, ben) = (api.user(ADA), api.user(BEN));
    let mut house = House::shut(&api);
    house.config.rules.people.insert(BEN, RoleName::developer());
    house.open_door();
    let id = house.ask(1, "sleep 1").await;
    let one = prompt(&api, ADA, "sleep 1").await;
    let no = ben.send("/panic");
    reply(&api, BEN, no, "Only an owner").await;
    assert!(house.is_pending(id).await);

    let panic = ada.send("/panic my phone is gone");
    reply(&api, ADA, panic, "Everything is shut").await;
    reply(&api, ADA, panic, "my phone is gone").await;
    settled(&api, &one, "Cancelled: panic").await;
    let approval = house.handle.approval(id).await.unwrap().unwrap();
    assert_eq!(approval.state(), State::Cancelled);
    house.done().await;

    // From here on nobody is told anything, and nothing is asked here.
    let told = |chat: i64| api.view().messages(chat).iter().filter(|m| m.from_bot).count();
    let before = (told(ADA), told(BEN));
    let asked = house.ask(2, "sleep 2").await;
    for text in ["/status", "/panic", "/stop", "hello"] {
        ada.send(text);
        ben.send(text);
    }
    ada.reply(one.id, "/stop");
    ada.reply(one.id, "no");
    // Who taps is told why it does not count, if it would; a stranger is not.
    let since = house.handle.with_store(|_, machine| Ok(machine.locked().unwrap().at)).await;
    let since = since.unwrap().strftime("%Y-%m-%d %H:%M UTC");
    let shut =
        format!("pager is locked since {since}, by a panic; on its machine: pagerctl panic --end");
    let stranger = api.stranger(666);
    let tap = stranger.forge(stranger.id(), one.id, one.data()[0]);
    assert_eq!(answer(&api, &tap).await, "You may not do this");
    // Answers come in order: when this one has come, all before was heard.
    for button in one.data() {
        let tap = ada.forge(ADA, one.id, button);
        assert_eq!(answer(&api, &tap).await, shut);
    }
    house.done().await;
    assert_eq!((told(ADA), told(BEN)), before, "{}", api.report());
    assert!(house.is_pending(asked).await);

    let unlock = Command::Access(AccessCommand::Unlock);
    house.handle.submit(Actor::Desktop, unlock).await.unwrap();
    let two = prompt(&api, ADA, "sleep 2").await;
    let tap = ada.tap(two.id, "Deny").unwrap();
    assert_eq!(answer(&api, &tap).await, "Denied");
    api.finish();
}
