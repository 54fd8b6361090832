//! Against a Secret Service double that takes only what the specification has.

#![allow(clippy::needless_pass_by_value, reason = "zbus's macro gives arguments by value")]

use pager_tests::bus::Bus;
use zbus::fdo;

use super::*;

const TOKEN: &str = "123456789:AAtestTESTtestTESTtestTESTtestTEST0";
const SESSION: &str = "/org/freedesktop/secrets/session/s1";

/// What a keyring holds: attributes, value, and whether it is locked.
type Item = (BTreeMap<String, String>, &'static [u8], bool);

struct Double {
    items: Vec<Item>,
    session: bool,
}

fn path(at: usize) -> OwnedObjectPath {
    OwnedObjectPath::try_from(format!("/org/freedesktop/secrets/collection/login/{at}")).unwrap()
}

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Double {
    fn open_session(
        &mut self,
        algorithm: &str,
        input: Value<'_>,
    ) -> fdo::Result<(OwnedValue, OwnedObjectPath)> {
        if algorithm != "plain" || input != Value::from("") {
            return Err(fdo::Error::NotSupported(algorithm.to_owned()));
        }
        self.session = true;
        let none = Value::from("").try_to_owned().unwrap();
        Ok((none, OwnedObjectPath::try_from(SESSION).unwrap()))
    }

    fn search_items(
        &self,
        attributes: BTreeMap<String, String>,
    ) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        let fits =
            |item: &Item| attributes.iter().all(|(name, value)| item.0.get(name) == Some(value));
        let found = |locked: bool| {
            let items = self.items.iter().enumerate();
            items
                .filter(|(_, item)| fits(item) && item.2 == locked)
                .map(|(at, _)| path(at))
                .collect()
        };
        (found(false), found(true))
    }

    fn get_secrets(
        &self,
        items: Vec<OwnedObjectPath>,
        session: OwnedObjectPath,
    ) -> fdo::Result<HashMap<OwnedObjectPath, Given>> {
        if !self.session || session.as_str() != SESSION {
            return Err(fdo::Error::Failed("org.freedesktop.Secret.Error.NoSession".to_owned()));
        }
        let known = self.items.iter().enumerate().filter(|(_, item)| !item.2);
        let wanted = known.filter(|(at, _)| items.contains(&path(*at)));
        let given =
            |item: &Item| (session.clone(), Vec::new(), item.1.to_vec(), "text/plain".into());
        Ok(wanted.map(|(at, item)| (path(at), given(item))).collect())
    }
}

fn of(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

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
        (of(&[("service", "pager"), ("account", "bot")]), TOKEN.as_bytes(), false),
        (of(&[("service", "pager"), ("account", "other")]), b"hunter2-hunter2", false),
        (of(&[("service", "pager"), ("account", "bytes")]), b"\xff\xfe", false),
        (of(&[("service", "pager"), ("account", "locked")]), TOKEN.as_bytes(), true),
    ];
    let _double = zbus::connection::Builder::address(bus.address())
        .unwrap()
        .serve_at("/org/freedesktop/secrets", Double { items, session: false })
        .unwrap()
        .name("org.freedesktop.secrets")
        .unwrap()
        .build()
        .await
        .unwrap();
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
            "the keyring with the token is locked: unlock it, then `systemctl --user reload \
             pager.service`",
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
