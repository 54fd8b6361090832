//! A double of a keyring that takes only what the Secret Service's specification has: one collection,
//! plain sessions, and a dialog that the person answers as the test says.

#![allow(clippy::needless_pass_by_value, reason = "zbus's macro gives arguments by value")]
#![allow(clippy::type_complexity, reason = "the specification's own")]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, ObjectServer, fdo};

use crate::bus::Bus;

const NAME: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const SESSION: &str = "/org/freedesktop/secrets/session/s1";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/p1";

/// What a secret is found by.
pub type Attributes = BTreeMap<String, String>;
/// A secret on the bus: session, parameters, value and content type.
type Given = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// A secret that is kept.
#[derive(Debug, Clone)]
pub struct Item {
    /// What it is found by.
    pub attributes: Attributes,
    /// The secret itself.
    pub value: Vec<u8>,
    /// Whether the keyring does not give it.
    pub locked: bool,
}

/// Attributes from pairs.
pub fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A secret that is not locked.
pub fn item(pairs: &[(&str, &str)], value: impl AsRef<[u8]>) -> Item {
    Item { attributes: attributes(pairs), value: value.as_ref().to_vec(), locked: false }
}

#[derive(Debug, Default)]
struct Kept {
    items: Vec<Item>,
    session: bool,
    /// Whether the person dismisses the dialog.
    dismisses: bool,
}

type Shared = Arc<Mutex<Kept>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Kept> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running keyring. Dropping it takes it off the bus.
#[derive(Debug)]
pub struct Keyring {
    connection: Connection,
    kept: Shared,
}

impl Keyring {
    /// Starts one with these secrets.
    ///
    /// # Errors
    /// The bus's.
    pub async fn start(bus: &Bus, items: Vec<Item>) -> zbus::Result<Self> {
        let kept = Shared::new(Mutex::new(Kept { items, ..Kept::default() }));
        let connection = zbus::connection::Builder::address(bus.address())?
            .serve_at(ROOT, Service(kept.clone()))?
            .serve_at(COLLECTION, Collection(kept.clone()))?
            .serve_at(PROMPT, Prompt(kept.clone()))?
            .name(NAME)?
            .build()
            .await?;
        let count = lock(&kept).items.len();
        for at in 0..count {
            connection.object_server().at(path(at), Secret(kept.clone(), at)).await?;
        }
        Ok(Self { connection, kept })
    }

    /// The person locks or unlocks all of it.
    ///
    /// # Errors
    /// The bus's.
    pub async fn lock(&self, locked: bool) -> zbus::Result<()> {
        self.lock_silently(locked);
        let emitter = SignalEmitter::new(&self.connection, ROOT)?;
        Service::collection_changed(&emitter, ObjectPath::try_from(COLLECTION)?).await
    }

    /// The same, and nobody is told.
    pub fn lock_silently(&self, locked: bool) {
        turn(&self.kept, locked);
    }

    /// Whether the person dismisses the dialog that would unlock it, from now on.
    pub fn dismiss(&self, dismisses: bool) {
        lock(&self.kept).dismisses = dismisses;
    }

    /// What is kept.
    pub fn items(&self) -> Vec<Item> {
        lock(&self.kept).items.clone()
    }
}

fn turn(kept: &Shared, locked: bool) {
    for item in &mut lock(kept).items {
        item.locked = locked;
    }
}

fn path(at: usize) -> OwnedObjectPath {
    known(&format!("{COLLECTION}/{at}"))
}

#[allow(clippy::expect_used, reason = "every path here is one")]
fn known(path: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path.to_owned()).expect("a path")
}

fn failed(name: &str) -> fdo::Error {
    fdo::Error::Failed(format!("org.freedesktop.Secret.Error.{name}"))
}

fn property<T: TryFrom<OwnedValue>>(
    properties: &HashMap<String, OwnedValue>,
    name: &str,
) -> fdo::Result<T> {
    let value = properties.get(&format!("org.freedesktop.Secret.Item.{name}"));
    let value = value.and_then(|value| value.try_clone().ok());
    value.and_then(|value| T::try_from(value).ok()).ok_or_else(|| failed(name))
}

fn refuse_session(kept: &Kept, session: &OwnedObjectPath) -> fdo::Result<()> {
    if kept.session && session.as_str() == SESSION { Ok(()) } else { Err(failed("NoSession")) }
}

struct Service(Shared);

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    fn open_session(
        &mut self,
        algorithm: &str,
        input: Value<'_>,
    ) -> fdo::Result<(OwnedValue, OwnedObjectPath)> {
        if algorithm != "plain" || input != Value::from("") {
            return Err(fdo::Error::NotSupported(algorithm.to_owned()));
        }
        lock(&self.0).session = true;
        let none = Value::from("").try_to_owned().map_err(|_| failed("Value"))?;
        Ok((none, known(SESSION)))
    }

    fn search_items(&self, attributes: Attributes) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        let kept = lock(&self.0);
        let fits = |item: &Item| {
            attributes.iter().all(|(name, value)| item.attributes.get(name) == Some(value))
        };
        let found = |locked: bool| {
            let items = kept.items.iter().enumerate();
            items
                .filter(|(_, item)| fits(item) && item.locked == locked)
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
        let kept = lock(&self.0);
        refuse_session(&kept, &session)?;
        let open = kept.items.iter().enumerate().filter(|(_, item)| !item.locked);
        let wanted = open.filter(|(at, _)| items.contains(&path(*at)));
        let given =
            |item: &Item| (session.clone(), Vec::new(), item.value.clone(), "text/plain".into());
        Ok(wanted.map(|(at, item)| (path(at), given(item))).collect())
    }

    fn read_alias(&self, name: &str) -> OwnedObjectPath {
        known(if name == "default" { COLLECTION } else { "/" })
    }

    fn unlock(&self, objects: Vec<OwnedObjectPath>) -> (Vec<OwnedObjectPath>, OwnedObjectPath) {
        if lock(&self.0).items.iter().any(|item| item.locked) {
            (Vec::new(), known(PROMPT))
        } else {
            (objects, known("/"))
        }
    }

    #[zbus(signal)]
    async fn collection_changed(
        emitter: &SignalEmitter<'_>,
        collection: ObjectPath<'_>,
    ) -> zbus::Result<()>;
}

struct Collection(Shared);

#[zbus::interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    async fn create_item(
        &self,
        properties: HashMap<String, OwnedValue>,
        secret: Given,
        replace: bool,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> fdo::Result<(OwnedObjectPath, OwnedObjectPath)> {
        let label: String = property(&properties, "Label")?;
        if label.is_empty() || replace {
            return Err(failed("Label"));
        }
        let attributes: HashMap<String, String> = property(&properties, "Attributes")?;
        let (session, _, value, _) = secret;
        let at = {
            let mut kept = lock(&self.0);
            refuse_session(&kept, &session)?;
            if kept.items.iter().any(|item| item.locked) {
                return Err(failed("IsLocked"));
            }
            let attributes = attributes.into_iter().collect();
            kept.items.push(Item { attributes, value, locked: false });
            kept.items.len() - 1
        };
        server.at(path(at), Secret(self.0.clone(), at)).await?;
        Ok((path(at), known("/")))
    }
}

struct Secret(Shared, usize);

#[zbus::interface(name = "org.freedesktop.Secret.Item")]
impl Secret {
    fn set_secret(&self, secret: Given) -> fdo::Result<()> {
        let (session, _, value, _) = secret;
        let mut kept = lock(&self.0);
        refuse_session(&kept, &session)?;
        let item = kept.items.get_mut(self.1).ok_or_else(|| failed("NoSuchObject"))?;
        if item.locked {
            return Err(failed("IsLocked"));
        }
        item.value = value;
        Ok(())
    }
}

struct Prompt(Shared);

#[zbus::interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    #[zbus(name = "Prompt")]
    async fn ask(
        &self,
        _window: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<()> {
        let dismissed = lock(&self.0).dismisses;
        if !dismissed {
            turn(&self.0, false);
        }
        Ok(Self::completed(&emitter, dismissed, "".into()).await?)
    }

    #[zbus(signal)]
    async fn completed(
        emitter: &SignalEmitter<'_>,
        dismissed: bool,
        result: Value<'_>,
    ) -> zbus::Result<()>;
}
