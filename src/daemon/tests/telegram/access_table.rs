//! The table of who may do what, through the real door: what the core says of each line is what is
//! seen from outside.

mod lines;

use pager_core::access::{Right, Why};
use pager_core::{AccessCommand, Actor, Command, Knocker};
use pager_tests::botapi::{BotApi, MessageView, Person};

use crate::house::{ADA, House, answer, prompt};
use lines::{LAST, LAST_PERSON, Line, Stage, lines, rules, stage, why};

const BOT: &str = "pager_test_bot";

impl Stage {
    /// Sends what the line says.
    fn send(&self) {
        let Self { line, speaker, standing, .. } = self;
        let name = if line.addressed == "yes" { format!("@{BOT}") } else { String::new() };
        match (line.form, line.action) {
            ("message", "prompt") => drop(speaker.send(format!("{name} hello").trim())),
            ("edited", "prompt") => speaker.edit(*standing, "hello again").unwrap(),
            ("command", "look") => drop(speaker.send(&format!("/list{name}"))),
            ("command", "panic") => drop(speaker.send(&format!("/panic{name}"))),
            ("command", "stop") => drop(speaker.send(&format!("/stop{name}"))),
            ("other", "look") => drop(speaker.send(&format!("/status{name}"))),
            ("file", "files") => {
                speaker.send_file("document", "a.txt", "text/plain", b"a", &name);
            }
            ("voice", "prompt") => {
                speaker.send_file("voice", "a.ogg", "audio/ogg", b"a", &name);
            }
            ("reaction", _) => speaker.react(*standing, "👍"),
            _ => panic!("{}", line.text),
        }
    }

    /// What the bot has said where it was sent.
    fn told(&self, api: &BotApi) -> Vec<String> {
        let view = api.view();
        let said = view.messages(self.chat).iter().filter(|message| message.from_bot);
        said.map(|message| message.text().to_owned()).collect()
    }

    fn judge(&self, api: &BotApi) -> Result<(), String> {
        let (line, told) = (&self.line, self.told(api));
        let seen = || Err(format!("{}: {told:?}", line.text));
        let Some(why) = why(line.expected) else {
            let refusal = told.iter().any(|text| is_refusal(text));
            let heard = match (line.form, line.place) {
                ("command", _) => told.iter().any(|text| {
                    text.contains("Nothing waits for you") || text.contains("waits for you:")
                }),
                ("message", "direct") => !told.is_empty(),
                _ => true,
            };
            return if heard && !refusal { Ok(()) } else { seen() };
        };
        let expected: Vec<String> = why.answer().map(str::to_owned).into_iter().collect();
        if told == expected { Ok(()) } else { seen() }
    }
}

fn is_refusal(text: &str) -> bool {
    let rights = Right::ALL.into_iter().map(Right::missing);
    let others = [Why::NotHere, Why::NotForGuests, Why::NotOwner, Why::HostOnly];
    rights.chain(others.into_iter().filter_map(Why::answer)).any(|refusal| refusal == text)
}

async fn access(house: &House, command: AccessCommand) {
    house.handle.submit(Actor::Desktop, Command::Access(command)).await.unwrap();
}

/// Lets the double forget what nobody has fetched: the stage is set.
async fn forget_updates(api: &BotApi) {
    let (url, token) = (api.url(), api.token());
    let call = format!("{url}/bot{token}/deleteWebhook?drop_pending_updates=true");
    assert!(reqwest::Client::new().post(call).send().await.unwrap().status().is_success());
}

/// Updates come in order, and so do answers, each in a chat of its own; those to guests come last.
async fn all_looked_at(api: &BotApi, house: &House, policy: &str) {
    api.wait_taken().await;
    if policy == "locked" {
        access(house, AccessCommand::Unlock).await;
    }
    let last = api.user(LAST_PERSON).in_chat(LAST).send(&format!("/list@{BOT}"));
    let fits = |message: &MessageView| message.from_bot && message.id > last;
    api.wait_message(LAST, "the last answer", fits).await;
    if policy == "open" {
        let guest = api.stranger(888_888);
        let last = guest.send("/status");
        let fits = |message: &MessageView| message.from_bot && message.id > last;
        api.wait_message(guest.id(), "the last guest's answer", fits).await;
    }
}

/// Everything the table says of one policy, by one door.
async fn run(policy: &str) {
    let api = BotApi::builder().reads_groups().start().unwrap();
    let (_ada, last) = (api.user(ADA), api.user(LAST_PERSON));
    let _group = api.group(LAST, "last", &[&last]);
    let mut house = House::shut(&api);
    house.config.rules = rules(policy);
    let told = |line: &Line| line.policy == policy && line.is_elsewhere().is_none();
    let stages: Vec<_> = lines()
        .into_iter()
        .filter(told)
        .map(|line| stage(&api, &mut house.config.rules, line))
        .collect();
    forget_updates(&api).await;
    house.open_door();
    let id = house.ask(1, "one").await;
    let card = prompt(&api, ADA, "one").await;
    if policy == "locked" {
        access(&house, AccessCommand::Lock { reason: String::new() }).await;
    }
    api.wait_polling().await;

    let (taps, others): (Vec<&Stage>, Vec<_>) =
        stages.iter().partition(|stage| stage.line.form == "callback");
    let (knocks, others): (Vec<&Stage>, Vec<_>) =
        others.into_iter().partition(|stage| stage.line.expected == "may-knock");
    let mut wrong = Vec::new();
    for stage in knocks {
        // Only three wait at a time.
        stage.send();
        let code =
            |message: &MessageView| message.from_bot && message.text().contains("Your code:");
        api.wait_message(stage.chat, stage.line.text, code).await;
        access(&house, AccessCommand::TurnAway { who: Knocker::User(stage.line.who()) }).await;
    }
    for stage in &others {
        stage.send();
    }
    let mut refused = 0;
    for stage in taps.iter().filter(|stage| !stage.line.is_granted()) {
        let Line { text, action, expected, .. } = stage.line;
        let label = if action == "deny" { "Deny" } else { "Allow" };
        let tap = tapper(&api, stage).forge(stage.chat, stage.standing, &data(&card, label));
        let said = answer(&api, &tap).await;
        let why = why(expected).unwrap();
        let right = match why {
            // Each of them may, once it is open again.
            Why::Locked => said.starts_with("pager is locked since "),
            why => said == why.answer().unwrap_or("You may not do this"),
        };
        if !right {
            wrong.push(format!("{text}: {said}"));
        }
        let misfits = house.misfits().await;
        assert!(misfits.iter().any(|what| what == why.words()), "{text}: {misfits:?}");
        refused += 1;
    }
    all_looked_at(&api, &house, policy).await;
    wrong.extend(others.iter().filter_map(|stage| stage.judge(&api).err()));
    let end = house.handle.approval(id).await.unwrap().unwrap().resolution;
    let decided = end.is_some_and(|end| policy != "locked" || end.verdict.is_some());
    assert!(!decided, "none of it counted");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let mut asked = 1;
    for stage in taps.iter().filter(|stage| stage.line.is_granted()) {
        // The question comes to that very chat.
        house.close_door().await;
        house.config.chat = Some(stage.chat);
        house.open_door();
        asked += 1;
        counts(&api, &house, stage, asked).await;
    }
    assert_eq!(usize::from(asked) - 1 + refused, taps.len());
    api.finish();
}

/// Whoever taps: taps have no anonymous senders, so what is seen is forged.
fn tapper(api: &BotApi, stage: &Stage) -> Person {
    match stage.line.sender {
        "anonymous" => api.stranger(1_087_968_824),
        "channel" => api.stranger(136_817_688),
        _ => api.user(stage.line.who()),
    }
}

fn data(card: &MessageView, label: &str) -> String {
    let button = card.rows.iter().flatten().find(|button| button.label == label).unwrap();
    let pager_tests::botapi::Action::Callback(data) = &button.action else { panic!("{label}") };
    data.clone()
}

/// A tap of somebody who may settles the question in their name.
async fn counts(api: &BotApi, house: &House, stage: &Stage, n: u8) {
    let line = &stage.line;
    let id = house.ask(n, &format!("number {n}")).await;
    let card = prompt(api, stage.chat, &format!("number {n}")).await;
    let deny = line.action == "deny";
    let tap = stage.speaker.tap(card.id, if deny { "Deny" } else { "Allow" }).unwrap();
    assert_eq!(answer(api, &tap).await, if deny { "Denied" } else { "Allowed" }, "{}", line.text);
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!(resolution.by, Actor::Telegram { user: line.who() }, "{}", line.text);
    house.done().await;
}

#[tokio::test]
async fn the_table_holds_where_strangers_may_knock() {
    run("pairing").await;
}

#[tokio::test]
async fn the_table_holds_where_only_the_listed_are_heard() {
    run("allowlist").await;
}

#[tokio::test]
async fn the_table_holds_where_everybody_is_heard() {
    run("open").await;
    run("open-no-star").await;
}

#[tokio::test]
async fn the_table_holds_where_nobody_is_heard_in_person() {
    run("disabled").await;
}

#[tokio::test]
async fn the_table_holds_after_a_panic() {
    run("locked").await;
}

#[test]
fn every_line_is_run_or_cannot_be_said_here() {
    let policies = ["pairing", "allowlist", "open", "open-no-star", "disabled", "locked"];
    let (elsewhere, here): (Vec<Line>, Vec<Line>) =
        lines().into_iter().partition(|line| line.is_elsewhere().is_some());
    assert!(here.iter().all(|line| policies.contains(&line.policy)));
    assert!(here.len() > 110 && elsewhere.len() < 30, "{} and {}", here.len(), elsewhere.len());
}

#[tokio::test]
async fn only_what_is_handled_is_asked_for() {
    let api = BotApi::builder().reads_groups().start().unwrap();
    let ada = api.user(ADA);
    let channel = api.channel(-1_000_000_000_700, "news", &[&ada]);
    // What the server kept from before it was told what is wanted comes all the same.
    let early = ada.send("hello");
    ada.edit(early, "hello again").unwrap();
    ada.in_chat(channel.id()).send("hello");
    let house = House::open(&api);
    house.state(crate::trouble::connected).await;
    api.wait_polling().await;
    ada.react(early, "👍");
    ada.edit(early, "hello once more").unwrap();
    ada.in_chat(channel.id()).send("hello");
    assert_eq!(api.view().pending_updates, 0, "nothing of it is delivered");
    let last = ada.send("/help");
    let fits = |message: &MessageView| message.from_bot && message.id > last;
    api.wait_message(ADA, "the help", fits).await;
    let told = |chat| api.view().messages(chat).iter().filter(|message| message.from_bot).count();
    assert_eq!((told(ADA), told(channel.id())), (2, 0), "{}", api.report());
    for call in api.view().calls_of("getUpdates") {
        let allowed = &call.params["allowed_updates"];
        let allowed =
            allowed.as_str().map_or(allowed.clone(), |text| serde_json::from_str(text).unwrap());
        assert_eq!(allowed, serde_json::json!(["message", "callback_query"]));
    }
    api.finish();
}
