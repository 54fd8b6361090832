//! What has the form of a secret is on no screen.

use std::collections::BTreeMap;

use pager_core::Verdict;
use pager_core::approval::Kind;
use pager_tests::bus::Bus;
use pager_tests::notifications::{OnScreen, Server};
use serde_json::json;

use crate::daemon::{Daemon, FULL, labels};

/// The letters of a token that nobody has.
const LETTERS: &str = "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8";

fn shows(screen: &BTreeMap<u32, OnScreen>, what: &str) -> bool {
    format!("{screen:?}").contains(what)
}

#[tokio::test]
async fn a_token_is_hidden_before_a_text_is_shortened() {
    let bus = Bus::start().unwrap();
    let server = Server::start(&bus, &FULL).await.unwrap();
    let daemon = Daemon::start(&bus);
    let token = format!("sk-ant-api03-{LETTERS}");
    let id = daemon.ask(1, &format!("curl -H 'x-api-key: {token}' https://api.example")).await;
    let screen = server.until("the question", |screen| screen.len() == 1).await;
    let card = screen.values().next().unwrap();
    let hidden = "1 secret is hidden. All of it, on the machine: pagerctl show";
    assert!(card.body.starts_with(hidden), "{}", card.body);
    assert!(card.body.ends_with("    curl -H 'x-api-key: [redacted]' https://api.example"));
    assert_eq!(labels(card), ["Allow", "Deny"]);
    assert!(!shows(&screen, &LETTERS[..5]), "{screen:?}");
    daemon.resolve(id, Verdict::Allow).await;
    server.until("nothing", BTreeMap::is_empty).await;

    // What may be more than a secret is not allowed without being seen.
    let id = daemon.ask(2, "curl -H Authorization:x`reboot`").await;
    let screen = server.until("the question", |screen| screen.len() == 1).await;
    let card = screen.values().next().unwrap();
    assert_eq!(labels(card), ["Deny"], "{}", card.body);
    daemon.resolve(id, Verdict::deny("")).await;
    server.until("nothing", BTreeMap::is_empty).await;

    let options = json!([{ "label": token }, { "label": "none" }]);
    let asked = json!({ "questions": [{ "question": "Which key?", "options": options }] });
    let id = daemon.ask_as(3, Kind::Question, "AskUserQuestion", &asked).await;
    let screen = server.until("the question", |screen| screen.len() == 1).await;
    assert!(!shows(&screen, &LETTERS[..5]), "{screen:?}");
    daemon.resolve(id, Verdict::deny("")).await;
    server.until("nothing", BTreeMap::is_empty).await;

    // Wherever the line of one among many ends, no half of it is left.
    for n in 4..16 {
        let blanks = "-".repeat(usize::from(n));
        daemon.ask(n, &format!("deploy {blanks} {token} now, and tell me about it")).await;
    }
    let all = |screen: &BTreeMap<u32, OnScreen>| shows(screen, "9 more wait in webshop");
    let screen = server.until("many", all).await;
    assert!(!shows(&screen, &LETTERS[..5]), "{screen:?}");
    server.finish();
}
