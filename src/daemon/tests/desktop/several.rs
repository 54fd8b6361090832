//! A yes that it takes two people for.

use std::collections::BTreeMap;

use pager_core::{Actor, Command, State, Verdict};
use pager_tests::bus::Bus;
use pager_tests::notifications::{OnScreen, Server};

use crate::daemon::{Daemon, FULL, labels};

#[tokio::test]
async fn what_somebody_elsewhere_has_said_is_shown_where_it_stands() {
    let bus = Bus::start().unwrap();
    let server = Server::start(&bus, &FULL).await.unwrap();
    let daemon = Daemon::start_needing(&bus, 2);
    let id = daemon.ask(1, "make deploy").await;
    let screen = server.until("the question", |screen| screen.len() == 1).await;
    let (&shown, card) = screen.first_key_value().unwrap();
    assert_eq!(card.body, "It takes a yes from 2 different people.\n    make deploy");
    daemon.resolve(id, Verdict::Allow).await;
    let words = "1 of 2: yes on Telegram (1). It waits for a second person.\n    make deploy";
    let says = |card: &OnScreen| card.body == words && card.shown == 2;
    let anew = |screen: &BTreeMap<u32, OnScreen>| screen.get(&shown).is_some_and(says);
    let screen = server.until("it anew, in its place", anew).await;
    assert_eq!(labels(&screen[&shown]), ["Allow", "Deny"]);
    server.press(shown, "Allow").await;
    let resolution = daemon.handle.resolution(id).await.unwrap();
    assert_eq!((resolution.state, resolution.by), (State::Allowed, Actor::Desktop));
    server.until("nothing", BTreeMap::is_empty).await;
    server.finish();
}

#[tokio::test]
async fn ones_own_yes_is_shown_again_and_cannot_be_said_twice() {
    let words = "1 of 2: yes on the desktop. It waits for a second person.\n    make deploy";
    // A server takes a notification away when a button of it is pressed; some leave it.
    for takes_it_away in [true, false] {
        let bus = Bus::start().unwrap();
        let server = Server::start(&bus, &FULL).await.unwrap();
        let daemon = Daemon::start_needing(&bus, 2);
        let id = daemon.ask(1, "make deploy").await;
        let screen = server.until("the question", |screen| screen.len() == 1).await;
        let (&asked, _) = screen.first_key_value().unwrap();
        server.press(asked, "Allow").await;
        if takes_it_away {
            server.dismiss(asked).await;
        }
        let says = |screen: &BTreeMap<u32, OnScreen>| {
            screen.len() == 1 && screen.values().all(|card| card.body == words)
        };
        let screen = server.until("what was said", says).await;
        let (&shown, card) = screen.first_key_value().unwrap();
        assert_eq!(labels(card), ["Deny"]);
        assert!(daemon.handle.approval(id).await.unwrap().unwrap().is_pending());
        server.press(shown, "Deny").await;
        let resolution = daemon.handle.resolution(id).await.unwrap();
        assert_eq!((resolution.state, resolution.by), (State::Denied, Actor::Desktop));
        server.until("nothing", BTreeMap::is_empty).await;
        server.finish();
    }
}

#[tokio::test]
async fn who_said_yes_with_pagerctl_is_the_person_at_the_desktop() {
    let bus = Bus::start().unwrap();
    let server = Server::start(&bus, &FULL).await.unwrap();
    let daemon = Daemon::start_needing(&bus, 2);
    let id = daemon.ask(1, "make deploy").await;
    let screen = server.until("the question", |screen| screen.len() == 1).await;
    let (&shown, _) = screen.first_key_value().unwrap();
    let by = Actor::Dbus { uid: 1000, program: "pagerctl".to_owned() };
    let yes = Command::resolve(id, Verdict::Allow);
    daemon.handle.submit(by, yes).await.unwrap();
    let said = |card: &OnScreen| card.body.starts_with("1 of 2: yes with pagerctl.");
    let anew = |screen: &BTreeMap<u32, OnScreen>| screen.get(&shown).is_some_and(said);
    let screen = server.until("what was said", anew).await;
    assert_eq!(labels(&screen[&shown]), ["Deny"]);
    server.finish();
}
