//! What people are told though nothing is asked of them.

use jiff::{SignedDuration, Timestamp};
use pager_core::{Actor, Command, Limits, News, SessionId};
use pager_tests::botapi::{BotApi, MessageView};
use serde_json::json;

use crate::house::{ADA, House, answer, prompt, settled};

fn told(api: &BotApi, what: &str) -> impl Future<Output = MessageView> {
    api.wait_message(ADA, what, move |m| m.from_bot && m.text().contains(what))
}

#[tokio::test]
async fn a_queue_is_one_message() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let mut house = House::shut_with(&api, Limits { approvals_per_minute: 2, denials_in_a_row: 0 });
    house.open_door();
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(house.ask(n, &format!("command {n}")).await);
    }
    let queue = told(&api, "3 more wait").await;
    assert!(queue.silent);
    for id in ids {
        house.deny(id).await;
    }
    let empty = told(&api, "is empty again").await;
    assert_eq!(empty.id, queue.id);
    house.done().await;
    let about = |m: &&MessageView| m.text().contains("more wait") || m.text().contains("queue of");
    assert_eq!(api.view().messages(ADA).iter().filter(about).count(), 1, "{}", api.report());
    api.finish();
}

#[tokio::test]
async fn a_paused_session_is_resumed_by_a_tap() {
    let api = BotApi::start();
    let (ada, eve) = (api.user(ADA), api.user(666));
    let group = api.group(-4_000, "team", &[&ada, &eve]);
    let mut house =
        House::shut_with(&api, Limits { approvals_per_minute: 1000, denials_in_a_row: 2 });
    house.live_in(group.id());
    house.open_door();
    for n in 1..=2 {
        let id = house.ask(n, "no").await;
        house.deny(id).await;
    }
    let fits = |m: &MessageView| m.labels() == ["Resume"];
    let paused = api.wait_message(group.id(), "the pause", fits).await;
    assert!(paused.text().contains("is paused after 2 refusals in a row"), "{}", paused.text());
    assert!(!paused.silent);
    let tap = eve.in_chat(group.id()).tap(paused.id, "Resume").unwrap();
    assert_eq!(answer(&api, &tap).await, "You may not do this");
    // Not from another chat, and not with another nonce.
    let tap = ada.forge(ADA, paused.id, paused.data()[0]);
    assert_eq!(answer(&api, &tap).await, "This button is not valid here");
    let tap = ada.forge(group.id(), paused.id, &format!("2r{}", "A".repeat(22)));
    assert_eq!(answer(&api, &tap).await, "This button is not valid here");
    let session = SessionId::from_agent("s1");
    let is_paused = async || {
        let session = session.clone();
        let look = move |machine: &pager_core::Machine| machine.session(&session).unwrap().paused;
        house.handle.with_store(move |_, machine| Ok(look(machine))).await.unwrap().is_some()
    };
    assert!(is_paused().await);
    let tap = ada.in_chat(group.id()).tap(paused.id, "Resume").unwrap();
    assert_eq!(answer(&api, &tap).await, "It may ask again");
    assert!(!is_paused().await);
    let resumed = |m: &MessageView| m.id == paused.id && m.text().contains("may ask again");
    let resumed = api.wait_message(group.id(), "the resumption", resumed).await;
    assert!(resumed.rows.is_empty());
    let tap = ada.forge(group.id(), paused.id, paused.data()[0]);
    assert!(answer(&api, &tap).await.ends_with("is not paused"));
    api.finish();
}

#[tokio::test]
async fn what_no_message_is_known_by_any_more_is_forgotten() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let limits = Limits { approvals_per_minute: 1, denials_in_a_row: 2 };
    let mut house = House::shut_with(&api, limits);
    let paused = |at: Timestamp| {
        json!({ "bot": "1", "chat": ADA, "message": 5, "session": "gone", "at": at }).to_string()
    };
    let now = Timestamp::now();
    let (old, new) = (paused(now - SignedDuration::from_hours(24 * 31)), paused(now));
    let kept = [("telegram.resume.new", &*new), ("telegram.offset.1", "{}")];
    let gone = [
        ("telegram.resume.old", &*old),
        ("telegram.resume.unreadable", "{}"),
        ("telegram.notice.1.queued gone", "{}"),
    ];
    for (key, fact) in kept.into_iter().chain(gone) {
        let (key, fact) = (key.to_owned(), fact.to_owned());
        house.handle.with_store(move |store, _| store.put_fact(&key, &fact)).await.unwrap();
    }
    house.open_door();
    // Whatever it tells, it has looked at what it need not know before.
    let ids = [house.ask(1, "one").await, house.ask(2, "two").await];
    told(&api, "1 more waits").await;
    for id in ids {
        house.deny(id).await;
    }
    let resume = |m: &MessageView| m.labels() == ["Resume"];
    api.wait_message(ADA, "the pause", resume).await;
    told(&api, "is empty again").await;
    house.done().await;
    let facts = async |prefix: &'static str| {
        let facts = house.handle.with_store(move |store, _| store.facts_below(prefix)).await;
        facts.unwrap().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    let keys = facts("telegram.").await;
    for (key, _) in kept {
        assert!(keys.iter().any(|known| known == key), "{key} in {keys:?}");
    }
    for (key, _) in gone {
        assert!(!keys.iter().any(|known| known == key), "{key} in {keys:?}");
    }
    assert_eq!(facts("telegram.resume.").await.len(), 2, "{keys:?}");
    // The queue is empty again; the pause is what stands.
    let standing = facts("telegram.notice.").await;
    assert!(matches!(&*standing, [one] if one.ends_with("paused s1")), "{standing:?}");
    let resume = Command::Resume { session: SessionId::from_agent("s1") };
    house.handle.submit(Actor::Desktop, resume).await.unwrap();
    house.done().await;
    assert_eq!(facts("telegram.notice.").await, [""; 0]);
    api.finish();
}

#[tokio::test]
async fn what_is_alarming_is_loud() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let house = House::open(&api);
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    let how = "it runs below the agent".to_owned();
    let report = Command::Report { session: None, news: News::SelfApproval { approval: id, how } };
    house.handle.submit(Actor::Dbus { uid: 1000, program: "busctl".into() }, report).await.unwrap();
    let loud = told(&api, "tried to approve itself").await;
    assert!(loud.text().starts_with("\u{26a0}\u{fe0f} "), "{}", loud.text());
    assert!(!loud.silent && loud.rows.is_empty());
    house.deny(id).await;
    settled(&api, &message, "Denied on the desktop").await;
    api.finish();
}
