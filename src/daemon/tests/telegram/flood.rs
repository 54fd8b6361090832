//! Twelve thousand hostile updates: what a minute of two hundred a second brings. What is kept of them
//! is bounded, and the owner is served. `make bench` shows that the memory stays flat.

use pager_core::Machine;
use pager_core::access::DirectPolicy;
use pager_tests::botapi::{BotApi, Fault, MessageView, Person, View};

use crate::house::{ADA, House, answer, prompt};

const UPDATES: i64 = 12_000;
/// What is sent at once.
const WAVE: i64 = 4_000;

/// One update of somebody's whom nobody knows, in one of many chats.
fn hostile(api: &BotApi, groups: &[Person], n: i64) {
    let stranger = api.stranger(500_000 + n % 3_000);
    let group = &groups[usize::try_from(n).unwrap() % groups.len()];
    match n % 6 {
        0 => drop(stranger.send("let me in")),
        1 => drop(stranger.send("/status")),
        2 => drop(stranger.send_file("document", "a.txt", "text/plain", b"a", "")),
        3 => drop(group.send("/status@pager_test_bot")),
        4 => drop(stranger.forge(stranger.id(), 1, "rubbish")),
        _ => {
            let (approval, nonce) = (format!("{n:032x}"), format!("{n:022}"));
            stranger.forge(stranger.id(), 1, &format!("1a{approval}{nonce}"));
        }
    }
}

#[tokio::test]
async fn a_flood_leaves_nothing_behind_and_the_owner_is_served() {
    let api = BotApi::builder().reads_groups().start().unwrap();
    let ada = api.user(ADA);
    // Whoever comes late in such a crowd has left.
    api.allow("answerCallbackQuery", "query is too old");
    let groups: Vec<_> = (0..200)
        .map(|n| {
            let intruder = api.stranger(900_000 + n);
            let group = api.group(-1_000_000_500_000 - n, "a trap", &[&intruder]);
            intruder.in_chat(group.id())
        })
        .collect();
    let house = House::open(&api);
    let id = house.ask(1, "one").await;
    let card = prompt(&api, ADA, "one").await;
    for wave in 0..UPDATES / WAVE {
        for n in wave * WAVE..(wave + 1) * WAVE {
            hostile(&api, &groups, n);
        }
        let asked = ada.send("/pending");
        // The double keeps everything that was ever said, and shows it slowly.
        api.wait_taken().await;
        let fits =
            |m: &MessageView| m.from_bot && m.id > asked && m.text().contains("waits for you");
        api.wait_message(ADA, "what waits", fits).await;
    }
    let tap = ada.tap(card.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    assert!(!house.is_pending(id).await);
    let (waiting, known) = house
        .handle
        .with_store(|_, machine: &Machine| {
            let now = jiff::Timestamp::now();
            Ok((machine.pairings(now).count(), machine.principals().count()))
        })
        .await
        .unwrap();
    assert_eq!((waiting, known), (3, 0));
    let events = house.handle.with_store(|store, _| store.last_seq()).await.unwrap();
    assert!(events < 150, "{events} events");
    let view = api.view();
    let told = view.chats.iter().filter(|chat| chat.id != ADA);
    let told = told.flat_map(|chat| &chat.messages).filter(|message| message.from_bot).count();
    assert_eq!(told, 3, "no more than three are told a code");
    api.finish();
}

#[tokio::test]
async fn of_guests_so_many_are_answered_and_the_owner_before_them() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::shut(&api);
    house.config.rules.direct = DirectPolicy::Open;
    house.config.rules.anyone = true;
    house.open_door();
    api.fault("sendMessage", 1, Fault::Hold);
    let ask = |n: i64| api.stranger(500_000 + n).send("/status");
    for n in 0..700 {
        ask(n);
    }
    ada.send("/pending");
    api.wait_taken().await;
    api.release();
    let sent = |count: usize| {
        move |view: &View| (view.calls_of("sendMessage").len() >= count).then_some(())
    };
    api.wait_for("so many answers", sent(501)).await;
    let view = api.view();
    // The first was on its way when the owner wrote.
    let second = view.calls_of("sendMessage")[1].chat;
    assert_eq!(second, Some(ADA));
    // Guests are answered in their order: what came before is over when the last is.
    let last = ask(701);
    let fits = |m: &MessageView| m.from_bot && m.id > last;
    let told = api.wait_message(500_701, "the last answer", fits).await;
    assert_eq!(told.text(), "What runs here is not shown to guests.");
    assert_eq!(api.view().calls_of("sendMessage").len(), 502);
    api.finish();
}
