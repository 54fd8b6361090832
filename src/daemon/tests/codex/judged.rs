//! What the app-server asks passes the policy, and is known to come from somewhere, as what a hook
//! asks is.

use std::process::{Command, Stdio};

use pager_agents::codex::{QUESTION_TOOL, Step};
use pager_config::{Sources, TokenSource};
use pager_core::{Actor, Approval, Origin, Process, State};
use pagerd::emergency::{Emergency, Place};
use pagerd::engine::{EngineError, Handle};
use pagerd::surfaces::dbus::{self, BusChoice, BusState, Controls};
use serde_json::json;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};

use crate::app_server::TURN;
use crate::questions::asked;
use crate::{House, answer, call, unseen};

/// Codex asks, as a hook of `origin`'s has announced.
async fn ask(house: &House, origin: &Origin) -> Approval {
    let starting = Step::Starting(call(QUESTION_TOOL, Some("call_35")));
    assert!(house.codex.follow(starting, origin).await.is_none());
    house.server.ask("item/tool/requestUserInput", 3, &asked(false));
    house.only().await
}

#[tokio::test]
async fn what_the_policy_denies_is_answered_at_once() {
    let rule = "[[rule]]\nname = \"no-questions\"\nverdict = \"deny\"\n\
                tool = \"request_user_input\"\nreason = \"decide for yourself\"\n";
    let mut house = House::with_policy(Some(rule));
    let approval = ask(&house, &unseen()).await;
    assert_eq!(house.server.answered().await, (json!(3), json!({ "answers": {} })));
    let steered = house.server.called("turn/steer").await;
    assert_eq!(steered["expectedTurnId"], TURN);
    let told = steered["input"][0]["text"].as_str().unwrap();
    assert!(told.contains("no-questions") && told.contains("decide for yourself"), "{told}");
    let end = house.end_of(approval.id).await;
    assert_eq!((end.state, end.by.to_string()), (State::Denied, "policy:no-questions".to_owned()));
    assert_eq!(approval.announced, None, "nobody was asked");
}

#[tokio::test]
async fn where_the_policy_wants_another_door_no_other_will_do() {
    let rule = "[[rule]]\nname = \"away\"\nverdict = \"ask\"\n\
                tool = \"request_user_input\"\nrequire = \"remote\"\n";
    let mut house = House::with_policy(Some(rule));
    let approval = ask(&house, &unseen()).await;
    let blue = || pager_core::Command::resolve(approval.id, answer("Which colour?", "Blue"));
    let refused = house.handle.submit(Actor::Desktop, blue()).await;
    assert!(
        matches!(&refused, Err(EngineError::Refused(pager_core::Refusal::NotAllowed(why)))
            if why.contains("away") && why.contains("Telegram")),
        "{refused:?}"
    );
    house.handle.submit(Actor::Telegram { user: 1 }, blue()).await.unwrap();
    let answers = json!({ "answers": { "colour": { "answers": ["Blue"] } } });
    assert_eq!(house.server.answered().await, (json!(3), answers));
}

#[tokio::test]
async fn what_is_asked_comes_from_whoever_has_announced_it() {
    let house = House::open();
    let mut agent = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let origin = Origin { agent: Some(process(agent.id())), ..unseen() };
    let approval = ask(&house, &origin).await;
    assert_eq!(approval.origin, Some(origin));
    drop(agent.stdin.take());
    agent.wait().unwrap();
}

#[tokio::test]
async fn nothing_below_the_app_server_answers_it() {
    let house = House::open();
    let approval = ask(&house, &unseen()).await;
    // The app-server is a part of this test's process, which also calls.
    let origin = approval.origin.as_ref().unwrap();
    assert_eq!(origin.agent, Some(process(std::process::id())));
    assert!(origin.program.starts_with("codex-"), "{origin:?}");

    let private = house.home.path().join("bus");
    let listener = UnixListener::bind(&private).unwrap();
    let state = watch::Sender::new(BusState::Starting);
    let door = dbus::run(
        house.handle.clone(),
        controls(house.handle.clone()),
        BusChoice::Off,
        Some(listener),
        state,
        std::future::pending(),
    );
    tokio::spawn(door);
    let stream = UnixStream::connect(&private).await.unwrap();
    let client = zbus::connection::Builder::unix_stream(stream).p2p().build().await.unwrap();
    let answers = std::collections::HashMap::from([("Which colour?", vec!["Blue"])]);
    let root = dbus::ROOT;
    let interface = Some("org.pagerd.Pager1.Manager");
    let body = (approval.id.to_string(), answers);
    let refused = client.call_method(None::<&str>, root, interface, "Answer", &body).await;
    let Err(zbus::Error::MethodError(name, sentence, _)) = refused else { panic!("{refused:?}") };
    assert_eq!(name.as_str(), "org.pagerd.Pager1.Error.SelfApproval");
    let sentence = sentence.unwrap();
    assert!(sentence.contains("below the agent of session"), "{sentence}");
    let now = house.handle.approval(approval.id).await.unwrap().unwrap();
    assert!(now.is_pending());
}

fn controls(handle: Handle) -> Controls {
    let place = Place::new("/nonexistent", Sources::single("/nonexistent"));
    Controls {
        version: "1".to_owned(),
        reload: mpsc::channel(1).0,
        telegram_state: watch::channel("off".to_owned()).1,
        token_source: watch::channel(TokenSource::None).1,
        rules: watch::channel(pager_core::access::Rules::default()).1,
        warnings: watch::channel(Vec::new()).1,
        emergency: Emergency::new(handle, place),
        hook_program: "/nonexistent".into(),
        wirings: Vec::new(),
    }
}

/// A process, as the kernel names it.
fn process(pid: u32) -> Process {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let started = after_name.split_ascii_whitespace().nth(19).unwrap().parse().unwrap();
    Process { pid, started }
}
