//! A yes that it takes two people for.

use pager_core::{Actor, State};
use pager_tests::botapi::{BotApi, Group, MessageView, Person};

use crate::house::{ADA, House, answer, prompt, settled};

const BEN: i64 = 222_222_222;

/// Two people in a group, and a question there.
async fn asked(api: &BotApi) -> (House, Person, Person, pager_core::ApprovalId, MessageView) {
    let (ada, ben) = (api.user(ADA), api.user(BEN));
    let group: Group = api.group(-4_000, "team", &[&ada, &ben]);
    let mut house = House::shut_needing(api, 2);
    house.config.chat = Some(group.id());
    house.list(group.id(), &[ADA, BEN]);
    house.open_door();
    let id = house.ask(1, "make deploy").await;
    let message = prompt(api, group.id(), "make deploy").await;
    assert!(message.text().contains("It takes a yes from 2 different people."));
    (house, ada.in_chat(group.id()), ben.in_chat(group.id()), id, message)
}

/// Waits until a message shows who has said yes, its buttons as they were.
async fn counted(api: &BotApi, message: &MessageView) -> MessageView {
    let words = "1 of 2: yes on Telegram (111111111). It waits for a second person.";
    let fits = |m: &MessageView| {
        m.id == message.id && m.text().contains(words) && m.labels() == message.labels()
    };
    api.wait_message(message.chat, words, fits).await
}

const COUNTED: &str = "Your yes is 1 of 2: it waits for somebody else's.";

#[tokio::test]
async fn a_first_yes_is_shown_and_a_second_persons_decides() {
    let api = BotApi::start();
    let (house, ada, ben, id, message) = asked(&api).await;
    let tap = ada.tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, COUNTED);
    let shown = counted(&api, &message).await;
    assert!(shown.text().contains("make deploy"));
    assert!(house.is_pending(id).await);

    // The same person's counts once, also after a restart of the door.
    let tap = ada.tap(message.id, "Allow").unwrap();
    let again = "you have said yes already: now somebody else has to";
    assert_eq!(answer(&api, &tap).await, again);
    house.done().await;
    let mut house = house;
    house.close_door().await;
    house.open_door();
    let tap = ada.tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, again);
    counted(&api, &message).await;
    assert!(house.is_pending(id).await);

    let tap = ben.tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!(resolution.state, State::Allowed);
    assert_eq!(resolution.by, Actor::Telegram { user: BEN });
    let after = settled(&api, &message, "Allowed on Telegram (222222222)").await;
    assert!(!after.text().contains("of 2"), "{}", after.text());
    api.finish();
}

#[tokio::test]
async fn a_no_of_either_ends_it_at_once() {
    for first_says_no in [false, true] {
        let api = BotApi::start();
        let (house, ada, ben, id, message) = asked(&api).await;
        let tap = ada.tap(message.id, "Allow").unwrap();
        assert_eq!(answer(&api, &tap).await, COUNTED);
        counted(&api, &message).await;
        let who = if first_says_no { &ada } else { &ben };
        let tap = who.tap(message.id, "Deny").unwrap();
        assert_eq!(answer(&api, &tap).await, "Denied");
        assert_eq!(house.handle.resolution(id).await.unwrap().state, State::Denied);
        settled(&api, &message, "Denied on Telegram").await;
        api.finish();
    }
}

#[tokio::test]
async fn one_person_on_telegram_and_one_at_the_machine_are_two() {
    let api = BotApi::start();
    let (house, ada, _ben, id, message) = asked(&api).await;
    let yes = pager_core::Command::resolve(id, pager_core::Verdict::Allow);
    house.handle.submit(Actor::Desktop, yes).await.unwrap();
    let words = "1 of 2: yes on the desktop. It waits for a second person.";
    let fits = |m: &MessageView| m.id == message.id && m.text().contains(words);
    let shown = api.wait_message(message.chat, words, fits).await;
    assert_eq!(shown.labels(), message.labels());
    let tap = ada.tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    assert_eq!(house.handle.resolution(id).await.unwrap().state, State::Allowed);
    settled(&api, &message, "Allowed on Telegram (111111111)").await;
    api.finish();
}
