//! Chats that are told what happens, by the bot that asks or by another one, and never heard.

use std::os::unix::fs::PermissionsExt;

use pager_config::{Config, Observer, Secret, Url};
use pager_core::{AccessCommand, Activity, Actor, Agent, Command, Facts, Level, News, SessionId};
use pager_tests::botapi::{BotApi, Fault, MessageView};
use pagerd::surfaces::telegram::{Observers, Watcher, watchers};
use tokio::sync::watch;

use crate::house::{ADA, House, prompt};

const OTHER_BOT: &str = "220201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0";

/// A configuration with one observer at this server.
fn config(api: &BotApi, observer: Observer) -> Config {
    let mut config = Config::default();
    config.telegram.token = Some(Secret::new(api.token()));
    config.telegram.api_url = Url::parse(&api.url()).unwrap();
    config.telegram.observers = vec![observer];
    config
}

fn everything(chat: i64) -> Observer {
    Observer { chat, token_file: None, levels: Level::ALL.into() }
}

fn all(config: &Config) -> Vec<Watcher> {
    watchers(config, config.telegram.token.as_ref())
}

/// Starts them, and waits until they know from where on they follow.
async fn start(house: &House, config: &Config, door: &watch::Sender<String>) -> Observers {
    let observers = Observers::start(all(config), &house.handle, &door.subscribe());
    let begun = |facts: Vec<(String, String)>| facts.len() == config.telegram.observers.len();
    loop {
        let facts = house.handle.with_store(|store, _| store.facts_below("telegram.observer."));
        if begun(facts.await.unwrap()) {
            return observers;
        }
        tokio::task::yield_now().await;
    }
}

/// A session works and has done.
async fn turn(house: &House, name: &str, cwd: &str) {
    for activity in [Activity::Prompted, Activity::TurnEnded] {
        let mut facts = Facts::new(SessionId::from_agent(name), Agent::claude());
        facts.cwd = Some(cwd.to_owned());
        let observe = Command::Observe { facts, activity };
        house.handle.submit(Actor::Agent, observe).await.unwrap();
    }
}

async fn impostor(house: &House, name: &str) {
    let news = News::Impostor { program: "sh".to_owned(), pid: Some(7) };
    let session = Some(SessionId::from_agent(name));
    house.handle.submit(Actor::Agent, Command::Report { session, news }).await.unwrap();
}

fn told(api: &BotApi, chat: i64) -> Vec<String> {
    let view = api.view();
    let said = view.messages(chat).iter().filter(|message| message.from_bot);
    said.map(|message| message.text().to_owned()).collect()
}

async fn wait(api: &BotApi, chat: i64, what: &str) -> MessageView {
    api.wait_message(chat, what, |m| m.from_bot && m.text().contains(what)).await
}

#[tokio::test]
async fn a_chat_is_told_what_happens_and_asked_nothing() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let group = api.group(-5_000, "wall", &[&ada]);
    let house = House::open(&api);
    let door = watch::Sender::new("connected".to_owned());
    let _observers = start(&house, &config(&api, everything(group.id())), &door).await;
    house.ask(1, "one").await;
    prompt(&api, ADA, "one").await;
    turn(&house, "s2", "/home/ada/webshop").await;
    let finished = wait(&api, group.id(), "finished").await;
    assert_eq!(finished.text(), "Claude Code in webshop has finished its turn.");
    assert!(finished.silent);
    impostor(&house, "s2").await;
    let error = wait(&api, group.id(), "Error").await;
    assert_eq!(error.text(), "Error: Another program speaks for Claude Code in webshop.");
    assert!(!error.silent);
    let lock = Command::Access(AccessCommand::Lock { reason: String::new() });
    house.handle.submit(Actor::Desktop, lock).await.unwrap();
    wait(&api, group.id(), "everything from outside is shut").await;
    door.send_replace("conflict: another program polls this bot".to_owned());
    wait(&api, group.id(), "Error: questions do not come to Telegram: conflict").await;
    // What holds a secret is told without it.
    turn(&house, "s3", "/home/ada/sk-ant-a1B2c3D4e5F6").await;
    wait(&api, group.id(), "Claude Code in [redacted] has finished its turn.").await;
    let view = api.view();
    let wall = view.messages(group.id());
    assert!(wall.iter().all(|message| message.rows.is_empty()), "{}", api.report());
    assert_eq!(told(&api, group.id()).len(), 5, "{}", api.report());
    api.finish();
}

#[tokio::test]
async fn a_bot_of_its_own_sends_and_never_receives() {
    let (first, second) = (BotApi::start(), BotApi::builder().token(OTHER_BOT).start().unwrap());
    let (_ada, _boss) = (first.user(ADA), second.user(ADA));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, OTHER_BOT).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let house = House::open(&first);
    let levels = [Level::Error].into();
    let config = config(&second, Observer { chat: ADA, token_file: Some(file), levels });
    let door = watch::Sender::new("connected".to_owned());
    let _observers = start(&house, &config, &door).await;
    turn(&house, "s2", "/home/ada/webshop").await;
    impostor(&house, "s2").await;
    wait(&second, ADA, "Error: Another program speaks").await;
    assert_eq!(told(&second, ADA).len(), 1, "no more than the level asks for");
    let calls = second.calls();
    assert!(calls.iter().all(|call| call.method == "sendMessage"), "{}", second.report());
    first.finish();
    second.finish();
}

#[tokio::test]
async fn what_happened_meanwhile_is_told_later_and_once() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let group = api.group(-5_000, "wall", &[&ada]);
    let house = House::open(&api);
    let door = watch::Sender::new("connected".to_owned());
    let config = config(&api, everything(group.id()));
    let observers = start(&house, &config, &door).await;
    turn(&house, "s2", "/home/ada/one").await;
    wait(&api, group.id(), "in one has finished").await;
    drop(observers);
    turn(&house, "s3", "/home/ada/two").await;
    // The server is not there at first, and then the group has moved.
    api.fault_in(group.id(), "sendMessage", 1, Fault::Status(502));
    let new = group.migrate();
    api.expect("sendMessage", "upgraded to a supergroup");
    let _observers = start(&house, &config, &door).await;
    wait(&api, new.id(), "in two has finished").await;
    turn(&house, "s4", "/home/ada/three").await;
    wait(&api, new.id(), "in three has finished").await;
    let told = [told(&api, group.id()), told(&api, new.id())].map(|told| told.len());
    assert_eq!(told, [2, 3], "with what tells of the move: {}", api.report());
    api.finish();
}

#[tokio::test]
async fn an_observer_that_is_gone_holds_up_nobody() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let (gone, here) = (api.group(-5_000, "a", &[&ada]), api.group(-6_000, "b", &[&ada]));
    gone.kick_bot(&ada, true);
    let house = House::shut(&api);
    let mut config = config(&api, everything(gone.id()));
    config.telegram.observers.push(everything(here.id()));
    let door = watch::Sender::new("connected".to_owned());
    let mut observers = start(&house, &config, &door).await;
    api.expect("sendMessage", "bot was kicked");
    turn(&house, "s2", "/home/ada/one").await;
    wait(&api, here.id(), "in one has finished").await;
    turn(&house, "s3", "/home/ada/two").await;
    wait(&api, here.id(), "in two has finished").await;
    assert!(observers.are(&all(&config)), "both are still at work");
    api.finish();
}
