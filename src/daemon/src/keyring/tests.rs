//! Against a Secret Service double that takes only what the specification has.

use pager_tests::bus::Bus;
use pager_tests::keyring::{Item, Keyring, attributes as of, item};

use super::*;

const TOKEN: &str = "123456789:AAtestTESTtestTESTtestTESTtestTEST0";

async fn asked(bus: &Bus, pairs: &[(&str, &str)]) -> Result<Secret, KeyringError> {
    let connection =
        zbus::connection::Builder::address(bus.address()).unwrap().build().await.unwrap();
    token_on(&connection, &of(pairs)).await
}

#[tokio::test]
async fn the_one_secret_that_fits_is_the_token_and_all_else_is_told() {
    let bus = Bus::start().unwrap();
    let none = asked(&bus, &[("service", "pager")]).await.unwrap_err();
    assert!(matches!(none, KeyringError::Unreachable(_)), "{none}");
    let items = vec![
        item(&[("service", "pager"), ("account", "bot")], TOKEN),
        item(&[("service", "pager"), ("account", "other")], "hunter2-hunter2"),
        item(&[("service", "pager"), ("account", "bytes")], b"\xff\xfe"),
        Item { locked: true, ..item(&[("service", "pager"), ("account", "locked")], TOKEN) },
    ];
    let _keyring = Keyring::start(&bus, items).await.unwrap();
    let found = asked(&bus, &[("service", "pager"), ("account", "bot")]).await.unwrap();
    assert_eq!(found.expose(), TOKEN);
    for (pairs, expected) in [
        (
            &[("account", "nobody")][..],
            "the Secret Service has no secret with account = nobody: store it with `secret-tool store \
             --label='pager' account 'nobody'`",
        ),
        (
            &[("service", "pager")],
            "the Secret Service has 4 secrets with service = pager: name more of what only one has",
        ),
        (
            &[("account", "locked")],
            "the keyring with the token is locked: unlock it, and Telegram begins",
        ),
        (
            &[("account", "other")],
            "the secret with account = other is no token: it must be only what BotFather gave",
        ),
        (
            &[("account", "bytes")],
            "the secret with account = bytes is no token: it must be only what BotFather gave",
        ),
    ] {
        assert_eq!(asked(&bus, pairs).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn a_keyring_that_is_locked_or_not_there_yet_is_waited_for() {
    const PAIRS: &[(&str, &str)] = &[("service", "pager")];
    let bus = Bus::start().unwrap();
    let connection = bus.connect().await.unwrap();
    // So long that nothing but what the keyring itself does can end it.
    let never = Duration::MAX / 4;
    let waiting = tokio::spawn(async move { opened_on(&connection, &of(PAIRS), never).await });
    let items = vec![Item { locked: true, ..item(PAIRS, TOKEN) }];
    let keyring = Keyring::start(&bus, items).await.unwrap();
    let locked = asked(&bus, PAIRS).await.unwrap_err();
    assert!(matches!(locked, KeyringError::Locked) && locked.may_pass(), "{locked}");
    assert!(!waiting.is_finished(), "it is locked still");
    keyring.lock(false).await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(asked(&bus, PAIRS).await.unwrap().expose(), TOKEN);

    // One that says nothing of it is asked again.
    keyring.lock(true).await.unwrap();
    let connection = bus.connect().await.unwrap();
    let soon = Duration::from_millis(1);
    let waiting = tokio::spawn(async move { opened_on(&connection, &of(PAIRS), soon).await });
    keyring.lock_silently(false);
    waiting.await.unwrap().unwrap();

    // What a person has to mend is no reason to wait.
    let connection = bus.connect().await.unwrap();
    opened_on(&connection, &of(&[("service", "another")]), never).await.unwrap();
}
