//! Whoever is not known: told a code, once, and let in by it at the machine.

use pager_core::access::{Code, RoleName};
use pager_core::{AccessCommand, Actor, Command, Knocker, Machine, Reply};
use pager_tests::botapi::{BotApi, MessageView};

use crate::house::{ADA, House, answer, prompt};

const BEN: i64 = 222_222_222;

async fn code_of(api: &BotApi, user: i64) -> Code {
    let fits = |message: &MessageView| message.from_bot && message.text().contains("Your code: ");
    let told = api.wait_message(user, "the code", fits).await;
    assert!(told.text().contains(&format!("Your Telegram user id: {user}")), "{}", told.text());
    let line = told.text().lines().find_map(|line| line.strip_prefix("Your code: "));
    Code::read(line.unwrap()).unwrap()
}

/// Updates come in order, and so do answers: when the owner has theirs, all before was looked at.
async fn all_heard(api: &BotApi, house: &House) {
    let last = api.user(ADA).send("/help");
    let fits = |m: &MessageView| m.from_bot && m.id > last && m.text().contains("A reply to it");
    api.wait_message(ADA, "the help", fits).await;
    house.done().await;
}

fn told(api: &BotApi, chat: i64) -> usize {
    api.view().messages(chat).iter().filter(|message| message.from_bot).count()
}

async fn look<T: Send + 'static>(
    house: &House,
    at: impl FnOnce(&Machine) -> T + Send + 'static,
) -> T {
    house.handle.with_store(move |_, machine| Ok(at(machine))).await.unwrap()
}

#[tokio::test]
async fn a_stranger_is_told_a_code_once_and_let_in_by_it() {
    let api = BotApi::start();
    let (_ada, ben) = (api.user(ADA), api.user(BEN));
    let house = House::open(&api);
    ben.send("hello");
    let code = code_of(&api, BEN).await;
    ben.send("hello?");
    ben.send("/status");
    ben.send_file("document", "a.txt", "text/plain", b"a", "");
    all_heard(&api, &house).await;
    assert_eq!(told(&api, BEN), 1, "{}", api.report());
    assert!(look(&house, |machine| machine.principals().next().is_none()).await);

    let role = RoleName::developer();
    let let_in = Command::Access(AccessCommand::LetIn { who: Knocker::Code(code), role });
    assert!(matches!(house.handle.submit(Actor::Desktop, let_in).await, Ok(Reply::LetIn(_))));
    let asked = ben.send("/status");
    let fits = |m: &MessageView| m.from_bot && m.id > asked;
    let status = api.wait_message(BEN, "the status", fits).await;
    assert!(status.text().contains("Nothing waits for you."), "{}", status.text());

    let removed = Command::Access(AccessCommand::Remove { user: BEN });
    house.handle.submit(Actor::Desktop, removed).await.unwrap();
    let again = ben.send("/status");
    let fits = |m: &MessageView| m.id > again && m.text().contains("Your code: ");
    api.wait_message(BEN, "another code", fits).await;
    api.finish();
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_told_when_they_can() {
    let api = BotApi::start();
    let (_ada, ben) = (api.user(ADA), api.user(BEN));
    let house = House::open(&api);
    api.expect("sendMessage", "bot was blocked by the user");
    ben.send("hello");
    ben.block(true);
    all_heard(&api, &house).await;
    ben.block(false);
    ben.send("hello again");
    code_of(&api, BEN).await;
    all_heard(&api, &house).await;
    assert_eq!(look(&house, |machine| machine.pairings(now()).count()).await, 1);
    api.finish();
}

#[tokio::test]
async fn no_more_than_three_wait_and_the_others_hear_nothing() {
    let api = BotApi::start();
    let _ada = api.user(ADA);
    let house = House::open(&api);
    for user in 1..=5 {
        api.user(1_000 + user).send("hello");
    }
    for user in 1..=3 {
        code_of(&api, 1_000 + user).await;
    }
    all_heard(&api, &house).await;
    assert_eq!((told(&api, 1_004), told(&api, 1_005)), (0, 0));
    let events = house.handle.events_since(0).await.unwrap().len();
    for user in 1..=5 {
        for _ in 0..100 {
            api.user(1_000 + user).send("let me in");
        }
    }
    all_heard(&api, &house).await;
    assert_eq!(house.handle.events_since(0).await.unwrap().len(), events, "no trace of it");
    api.finish();
}

#[tokio::test]
async fn a_role_says_what_may_be_tapped() {
    let api = BotApi::start();
    let ben = api.user(BEN);
    let mut house = House::shut(&api);
    house.config.chat = Some(BEN);
    house.config.rules.people.insert(BEN, RoleName::observer());
    house.open_door();
    let id = house.ask(1, "one").await;
    let message = prompt(&api, BEN, "one").await;
    let refused = "You may look on here, but not answer for the agent's person.";
    for label in ["Allow", "Deny"] {
        let tap = ben.tap(message.id, label).unwrap();
        assert_eq!(answer(&api, &tap).await, refused);
    }
    let hello = ben.send("hello");
    let fits = |m: &MessageView| m.from_bot && m.id > hello;
    let told = api.wait_message(BEN, "a word", fits).await;
    assert_eq!(told.text(), "You may look on here, but not tell an agent what to do.");
    assert!(house.is_pending(id).await);
    api.finish();
}

#[tokio::test]
async fn whoever_says_too_much_is_told_once_how_long_to_wait() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::shut(&api);
    house.config.requests = 3;
    house.open_door();
    for _ in 0..3 {
        ada.send("/help");
    }
    for _ in 0..7 {
        ada.send("/status");
    }
    let fits = |m: &MessageView| m.from_bot && m.text().contains("That is a lot at once");
    api.wait_message(ADA, "that it is too much", fits).await;
    // A no still counts.
    let id = house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    ada.reply(message.id, "not now");
    house.handle.resolution(id).await.unwrap();
    house.done().await;
    // What is said later is sent later.
    let fits = |m: &MessageView| m.from_bot && m.text().starts_with("Denied, with what you wrote");
    api.wait_message(ADA, "that it was taken", fits).await;
    let view = api.view();
    let count = |what: &str| {
        let about = |m: &&MessageView| m.from_bot && m.text().contains(what);
        view.messages(ADA).iter().filter(about).count()
    };
    assert!(count("A reply to it is a no") > 0);
    assert_eq!(count("No sessions."), 0, "none of what was too much");
    assert_eq!(count("That is a lot at once"), 1);
    api.finish();
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
