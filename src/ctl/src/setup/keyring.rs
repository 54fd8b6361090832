//! The person's keyring (the Secret Service: GNOME's keyring, KWallet, KeePassXC), where the bot's
//! token may be kept. Unlike the daemon, which only asks, this may have the keyring show its dialog: a
//! person sits here.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::StreamExt;
use pager_config::Secret;
use tokio::time::timeout;
use zbus::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::failure::Failure;

/// What a token is found by in the keyring.
pub(crate) type Attributes = BTreeMap<String, String>;
/// A secret on the bus: session, parameters, value and content type.
type Given = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// The service's name on the bus.
const NAME: &str = "org.freedesktop.secrets";
/// How long an answer may take that needs no person.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a person may take for the keyring's dialog.
const DIALOG: Duration = Duration::from_secs(120);

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Service",
    default_service = "org.freedesktop.secrets",
    default_path = "/org/freedesktop/secrets",
    gen_blocking = false
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
        attributes: &Attributes,
    ) -> zbus::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)>;
    fn unlock(
        &self,
        objects: &[ObjectPath<'_>],
    ) -> zbus::Result<(Vec<OwnedObjectPath>, OwnedObjectPath)>;
    fn get_secrets(
        &self,
        items: &[ObjectPath<'_>],
        session: &ObjectPath<'_>,
    ) -> zbus::Result<HashMap<OwnedObjectPath, Given>>;
    fn read_alias(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
}

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Collection",
    default_service = "org.freedesktop.secrets",
    gen_blocking = false
)]
trait Collection {
    fn create_item(
        &self,
        properties: HashMap<&str, Value<'_>>,
        secret: &Given,
        replace: bool,
    ) -> zbus::Result<(OwnedObjectPath, OwnedObjectPath)>;
}

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Item",
    default_service = "org.freedesktop.secrets",
    gen_blocking = false
)]
trait Item {
    fn set_secret(&self, secret: &Given) -> zbus::Result<()>;
}

#[zbus::proxy(
    interface = "org.freedesktop.Secret.Prompt",
    default_service = "org.freedesktop.secrets",
    gen_blocking = false
)]
trait Prompt {
    #[zbus(name = "Prompt")]
    fn ask(&self, window: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    fn completed(&self, dismissed: bool, result: Value<'_>) -> zbus::Result<()>;
}

/// What setup stores the token by.
pub(crate) fn usual() -> Attributes {
    [("account", "telegram-bot"), ("service", "pager")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Whether there is a keyring, or one would start.
pub(crate) async fn is_there() -> bool {
    let asked = async {
        let bus = zbus::fdo::DBusProxy::new(&Connection::session().await?).await?;
        let known = [bus.list_names().await?, bus.list_activatable_names().await?].concat();
        zbus::Result::Ok(known.iter().any(|name| name.as_str() == NAME))
    };
    timeout(PATIENCE, asked).await.is_ok_and(|known| known.unwrap_or(false))
}

/// A keyring that answers.
pub(crate) struct Keyring {
    connection: Connection,
    service: ServiceProxy<'static>,
    session: OwnedObjectPath,
}

impl Keyring {
    pub(crate) async fn open() -> Result<Self, Failure> {
        let opened = async {
            let connection = Connection::session().await?;
            let service = ServiceProxy::new(&connection).await?;
            // Whoever can listen on the person's own bus can ask the service as well: to encrypt
            // what it says would keep nothing from them.
            let (_, session) = service.open_session("plain", &"".into()).await?;
            zbus::Result::Ok(Self { connection, service, session })
        };
        answered(opened).await
    }

    /// The one token that these attributes have; none where there is none.
    pub(crate) async fn get(&self, attributes: &Attributes) -> Result<Option<Secret>, Failure> {
        let Some(item) = self.find(attributes).await? else { return Ok(None) };
        let items = [item.as_ref()];
        let mut given = answered(self.service.get_secrets(&items, &self.session)).await?;
        let text = given.remove(&item).and_then(|(_, _, value, _)| String::from_utf8(value).ok());
        Ok(text.map(|text| Secret::new(text.trim())))
    }

    /// Keeps a token by these attributes, in the place of the one they have.
    pub(crate) async fn put(&self, attributes: &Attributes, token: &Secret) -> Result<(), Failure> {
        let value = token.expose().as_bytes().to_vec();
        let secret = (self.session.clone(), Vec::new(), value, "text/plain".to_owned());
        if let Some(path) = self.find(attributes).await? {
            let item = ItemProxy::builder(&self.connection).path(path)?.build().await?;
            return answered(item.set_secret(&secret)).await;
        }
        let path = answered(self.service.read_alias("default")).await?;
        if path.as_str() == "/" {
            return Err(Failure::failed("the keyring has nowhere to keep a secret")
                .with_hint("open it once, and let it make its first keyring"));
        }
        self.unlock(&path).await?;
        let collection = CollectionProxy::builder(&self.connection).path(path)?.build().await?;
        let attributes: HashMap<_, _> = attributes.clone().into_iter().collect();
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Value::from("pager: the Telegram bot's token")),
            ("org.freedesktop.Secret.Item.Attributes", Value::from(attributes)),
        ]);
        let (_, prompt) = answered(collection.create_item(properties, &secret, false)).await?;
        self.agreed(prompt).await
    }

    /// The one secret that has these attributes, unlocked.
    async fn find(&self, attributes: &Attributes) -> Result<Option<OwnedObjectPath>, Failure> {
        let (mut open, locked) = answered(self.service.search_items(attributes)).await?;
        let several = open.len() + locked.len();
        match (open.pop(), locked.first()) {
            (None, None) => Ok(None),
            (Some(item), None) if several == 1 => Ok(Some(item)),
            (None, Some(item)) if several == 1 => {
                self.unlock(item).await?;
                Ok(Some(item.clone()))
            }
            _ => Err(Failure::failed(format!("the keyring has {several} such secrets"))
                .with_hint("take out all but one, or name more in telegram.token_secret_service")),
        }
    }

    async fn unlock(&self, path: &OwnedObjectPath) -> Result<(), Failure> {
        let (_, prompt) = answered(self.service.unlock(&[path.as_ref()])).await?;
        self.agreed(prompt).await
    }

    /// Has the keyring show its dialog, where it needs one.
    async fn agreed(&self, prompt: OwnedObjectPath) -> Result<(), Failure> {
        if prompt.as_str() == "/" {
            return Ok(());
        }
        let prompt = PromptProxy::builder(&self.connection).path(prompt)?.build().await?;
        let mut completed = prompt.receive_completed().await?;
        answered(prompt.ask("")).await?;
        let done = timeout(DIALOG, completed.next()).await.unwrap_or_default();
        let agreed = done.is_some_and(|signal| signal.args().is_ok_and(|args| !args.dismissed));
        if agreed {
            return Ok(());
        }
        Err(Failure::failed("the keyring stays locked: nothing was changed")
            .with_hint("unlock it, and try again"))
    }
}

/// What the keyring answers, in time.
async fn answered<T>(call: impl Future<Output = zbus::Result<T>>) -> Result<T, Failure> {
    let why = match timeout(PATIENCE, call).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(zbus::Error::MethodError(name, why, _))) => why.unwrap_or_else(|| name.to_string()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it does not answer".to_owned(),
    };
    let why = pager_core::sanitize::one_line(&why, 200);
    Err(Failure::failed(format!("the keyring (Secret Service) cannot be used: {why}"))
        .with_hint("keep the token in a file, or look whether the keyring runs"))
}
