//! What must be read nowhere: the token in what is said, the nonces in what is stored.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pager_tests::botapi::{BotApi, Fault};
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

fn everything_in(dir: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| std::fs::read(path).unwrap()).collect()
}
