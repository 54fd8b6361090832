//! The bot's token from the Secret Service (GNOME's keyring, KWallet, KeePassXC), by the
//! specification's own session bus calls. It is asked once, and never asked to show a dialog: a daemon
//! that starts must not wait for a person. The libraries for it unlock, ask and encrypt, none of which is
//! wanted on one's own bus; four calls are left.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::StreamExt;
use pager_config::{Secret, looks_like_token};
use tokio::time::{sleep, timeout};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, MessageStream, fdo, message};

/// The service's name on the bus.
const NAME: &str = "org.freedesktop.secrets";
/// How often a keyring that says nothing of itself is asked whether it is unlocked.
const AGAIN: Duration = Duration::from_secs(30);
/// How long all of it may take: what waits for it is the daemon's start.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why there is no token. None of these texts holds any part of a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// There is no bus, or no keyring on it.
    #[error(
        "no Secret Service answers ({0}): start the keyring, and Telegram begins; or use \
         telegram.token_file"
    )]
    Unreachable(zbus::Error),
    /// It did not answer in time.
    #[error(
        "the Secret Service has not answered for {} s: look at the keyring; once it answers, \
         Telegram begins", PATIENCE.as_secs()
    )]
    Silent,
    /// It has no such secret.
    #[error(
        "the Secret Service has no secret with {0}: store it with `secret-tool store --label='pager' \
         {1}`"
    )]
    NotThere(String, String),
    /// It has several.
    #[error("the Secret Service has {1} secrets with {0}: name more of what only one has")]
    Several(String, usize),
    /// It is there, and locked.
    #[error("the keyring with the token is locked: unlock it, and Telegram begins")]
    Locked,
    /// What is there is no token.
    #[error("the secret with {0} is no token: it must be only what BotFather gave")]
    Malformed(String),
}

impl KeyringError {
    /// Whether the keyring may give the token later, with nothing changed in the configuration.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Silent | Self::Locked)
    }
}

/// A secret as the service gives it: session, parameters, value and content type.
type Given = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Service",
    default_service = "org.freedesktop.secrets",
    default_path = "/org/freedesktop/secrets"
)]
trait Service {
    fn open_session(
        &self,
        algorithm: &str,
        input: &Value<'_>,
    ) -> zbus::Result<(OwnedValue, OwnedObjectPath)>;

    /// Those that are unlocked, and those that are not.
    fn search_items(
        &self,
        attributes: &BTreeMap<String, String>,
    ) -> zbus::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)>;

    fn get_secrets(
        &self,
        items: &[ObjectPath<'_>],
        session: &ObjectPath<'_>,
    ) -> zbus::Result<HashMap<OwnedObjectPath, Given>>;
}

/// Takes the token from the Secret Service on the session bus.
///
/// # Errors
/// [`KeyringError`], within a few seconds.
pub async fn token(attributes: &BTreeMap<String, String>) -> Result<Secret, KeyringError> {
    let found = async {
        let connection = Connection::session().await.map_err(KeyringError::Unreachable)?;
        token_on(&connection, attributes).await
    };
    timeout(PATIENCE, found).await.unwrap_or(Err(KeyringError::Silent))
}

/// Returns once the keyring gives the token, or refuses it for a reason that does not pass by itself.
pub async fn opened(attributes: &BTreeMap<String, String>) {
    loop {
        if let Ok(connection) = Connection::session().await
            && opened_on(&connection, attributes, AGAIN).await.is_ok()
        {
            return;
        }
        sleep(AGAIN).await;
    }
}

async fn opened_on(
    connection: &Connection,
    attributes: &BTreeMap<String, String>,
    again: Duration,
) -> zbus::Result<()> {
    let gone = || zbus::Error::Failure("the bus is gone".to_owned());
    let rule = MatchRule::builder().msg_type(message::Type::Signal).sender(NAME)?.build();
    let mut said = MessageStream::for_match_rule(rule, connection, None).await?;
    let bus = fdo::DBusProxy::new(connection).await?;
    let mut owners = bus.receive_name_owner_changed_with_args(&[(0, NAME)]).await?;
    loop {
        let found = timeout(PATIENCE, token_on(connection, attributes)).await;
        let there = match found.unwrap_or(Err(KeyringError::Silent)) {
            Err(KeyringError::Unreachable(_)) => false,
            Err(error) if error.may_pass() => true,
            Ok(_) | Err(_) => return Ok(()),
        };
        let began = async {
            while let Some(signal) = owners.next().await {
                if signal.args().is_ok_and(|args| args.new_owner().is_some()) {
                    return Ok(());
                }
            }
            Err(gone())
        };
        // To ask one that is not there is to have it started: that is the person's to do.
        let asked_again = async {
            if !there {
                std::future::pending::<()>().await;
            }
            sleep(again).await;
        };
        tokio::select! {
            signal = said.next() => drop(signal.ok_or_else(gone)?),
            began = began => began?,
            () = asked_again => {}
        }
    }
}

async fn token_on(
    connection: &Connection,
    attributes: &BTreeMap<String, String>,
) -> Result<Secret, KeyringError> {
    let unreachable = KeyringError::Unreachable;
    let service = ServiceProxy::new(connection).await.map_err(unreachable)?;
    let (open, locked) = service.search_items(attributes).await.map_err(unreachable)?;
    let item = match (&open[..], &locked[..]) {
        ([item], []) => item,
        ([], [_]) => return Err(KeyringError::Locked),
        ([], []) => return Err(KeyringError::NotThere(words(attributes), typed(attributes))),
        (open, locked) => {
            return Err(KeyringError::Several(words(attributes), open.len() + locked.len()));
        }
    };
    // Whoever can listen on the person's own bus can ask the service as well: to encrypt what it
    // says would keep nothing from them. The session ends with the connection.
    let (_, session) = service.open_session("plain", &"".into()).await.map_err(unreachable)?;
    let mut given = service.get_secrets(&[item.as_ref()], &session).await.map_err(unreachable)?;
    let malformed = || KeyringError::Malformed(words(attributes));
    let (_, _, value, _) = given.remove(item).ok_or_else(malformed)?;
    let secret = Secret::new(String::from_utf8(value).map_err(|_| malformed())?.trim());
    if looks_like_token(secret.expose()) { Ok(secret) } else { Err(malformed()) }
}

/// `service = pager, account = bot`
fn words(attributes: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> =
        attributes.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    pairs.join(", ")
}

/// As `secret-tool` wants them.
fn typed(attributes: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> =
        attributes.iter().map(|(name, value)| format!("{name} '{value}'")).collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests;
