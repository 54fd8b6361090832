//! The bot's token in the person's keyring: put there by setup, replaced there, and waited for.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pager_tests::botapi::BotApi;
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup, program, write_private};
use pager_tests::keyring::{Item, Keyring, attributes, item};

const PERSON: i64 = 111_111_111;
const FOUND_BY: &[(&str, &str)] = &[("account", "telegram-bot"), ("service", "pager")];

fn out(ran: &Output) -> String {
    String::from_utf8_lossy(&[&ran.stdout[..], &ran.stderr[..]].concat()).into_owned()
}

/// The keyring answers on the thread that a test waits on.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn a_keyring_that_is_locked_at_the_start_is_waited_for() {
    let bus = Bus::start().unwrap();
    let telegram = BotApi::start();
    drop(telegram.user(PERSON));
    let locked = Item { locked: true, ..item(FOUND_BY, telegram.token()) };
    let keyring = Keyring::start(&bus, vec![locked]).await.unwrap();
    let config = format!(
        "[telegram]\ntoken_secret_service = {{ service = \"pager\" }}\napi_url = \"{}\"\n\
         allowed_users = [{PERSON}]\n",
        telegram.url()
    );
    let setup = Setup { config, ..Setup::on(&bus) };
    let (daemon, status) = aside(move || {
        let daemon = Daemon::start(setup).unwrap();
        let status = out(&daemon.ctl(&["status"]).unwrap());
        (daemon, status)
    })
    .await;
    assert!(
        status
            .contains("off: the keyring with the token is locked: unlock it, and Telegram begins"),
        "{status}"
    );
    assert!(status.contains("Token: the Secret Service"), "{status}");
    keyring.lock(false).await.unwrap();
    telegram.wait_polling().await;
    let log = aside(move || daemon.log()).await;
    assert!(!log.contains(&telegram.token()));
    telegram.finish();
}

/// Runs `pagerctl` for somebody with a keyring and no daemon, with a token on its standard input.
async fn ctl(bus: &Bus, home: &Path, arguments: &[&str], token: &str) -> Output {
    let mut command = Command::new(program("pagerctl"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home);
    command.env("DBUS_SESSION_BUS_ADDRESS", bus.address()).args(arguments);
    command.arg("--config").arg(home.join("pager.toml"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let token = token.to_owned();
    aside(move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    })
    .await
}

#[tokio::test]
async fn setup_puts_the_token_there_and_another_takes_its_place() {
    let bus = Bus::start().unwrap();
    let telegram = BotApi::start();
    drop(telegram.user(PERSON));
    let keyring = Keyring::start(&bus, Vec::new()).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("pager.toml");
    write_private(&config, "[telegram]\ntoken_file = \"elsewhere\"\n").unwrap();
    let (url, user) = (telegram.url(), PERSON.to_string());
    let setup = [
        "setup",
        "--token-stdin",
        "--token-secret-service",
        "--no-hooks",
        "--no-enable",
        "--api-url",
        &url,
        "--user",
        &user,
    ];
    let done = ctl(&bus, home.path(), &setup, &telegram.token()).await;
    assert!(done.status.success(), "{}", out(&done));
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(
        written.contains("token_secret_service = {") && !written.contains("token_file"),
        "{written}"
    );
    assert!(!home.path().join("telegram-token").exists());
    let kept = keyring.items();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].attributes, attributes(FOUND_BY));
    assert_eq!(kept[0].value, telegram.token().into_bytes());
    assert!(!out(&done).contains(&telegram.token()) && !written.contains(&telegram.token()));

    let old = telegram.token();
    let new = format!("{}:{}", old.split(':').next().unwrap(), "B".repeat(35));
    telegram.allow("*", "Unauthorized");
    telegram.revoke_token(&new);
    // The person is asked to unlock it, and does not.
    keyring.lock(true).await.unwrap();
    keyring.dismiss(true);
    let refused = ctl(&bus, home.path(), &["rotate-token"], &new).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(out(&refused).contains("the keyring stays locked"), "{}", out(&refused));
    assert_eq!(keyring.items()[0].value, old.into_bytes());

    keyring.dismiss(false);
    let rotated = ctl(&bus, home.path(), &["rotate-token"], &new).await;
    assert!(rotated.status.success(), "{}", out(&rotated));
    assert!(out(&rotated).contains("is in your keyring"), "{}", out(&rotated));
    assert!(out(&rotated).contains("The token before is dead."), "{}", out(&rotated));
    assert_eq!(keyring.items().len(), 1, "in the place of the one before");
    assert_eq!(keyring.items()[0].value, new.into_bytes());
    telegram.finish();
}
