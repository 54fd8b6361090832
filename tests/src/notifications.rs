//! A double of a notification server, as strict as the Desktop Notifications Specification 1.2.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;

use crate::bus::Bus;

const NAME: &str = "org.freedesktop.Notifications";
/// Plasma's addition to the specification: its action, and the capability.
const REPLY: &str = "inline-reply";
const PATH: &str = "/org/freedesktop/Notifications";

/// A notification as it is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnScreen {
    /// Its first line.
    pub summary: String,
    /// Its text, as sent: markup where the server reads markup.
    pub body: String,
    /// Pairs of key and label.
    pub actions: Vec<(String, String)>,
    /// The urgency hint: 0 low, 1 normal, 2 critical.
    pub urgency: u8,
    /// How many times it was shown: 1, and one more for each replacement.
    pub shown: u32,
}

#[derive(Debug, Default)]
struct Screen {
    notifications: BTreeMap<u32, OnScreen>,
    last: u32,
    violations: Vec<String>,
}

type Shared = Arc<(Mutex<Screen>, watch::Sender<()>)>;

/// A running server. Dropping it takes it off the bus.
#[derive(Debug)]
pub struct Server {
    connection: zbus::Connection,
    shared: Shared,
}

struct Interface {
    name: String,
    capabilities: Vec<String>,
    shared: Shared,
}

fn lock(shared: &Shared) -> MutexGuard<'_, Screen> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Interface {
    #[allow(clippy::too_many_arguments, reason = "the specification's")]
    #[allow(clippy::needless_pass_by_value, reason = "zbus hands owned values over")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        _app_icon: &str,
        summary: &str,
        body: &str,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire_timeout: i32,
    ) -> u32 {
        let mut screen = lock(&self.shared);
        let can = |what: &str| self.capabilities.iter().any(|known| known == what);
        let mut judge = |bad: bool, what: &str| {
            if bad {
                screen.violations.push(format!("{what}: {summary:?}"));
            }
        };
        judge(app_name.is_empty(), "no application name");
        judge(summary.contains('\n'), "a summary of more than one line");
        judge(!actions.len().is_multiple_of(2), "actions that are not pairs");
        judge(!actions.is_empty() && !can("actions"), "actions for a server without");
        let replies = actions.iter().step_by(2).any(|key| key == REPLY);
        judge(replies && !can(REPLY), "a line to type in for a server without");
        judge(expire_timeout < -1, "an expiry below -1");
        judge(can("body-markup") && !is_markup(body), "a body that is not well-formed markup");
        let urgency = hints.get("urgency").and_then(|hint| u8::try_from(hint).ok());
        judge(urgency.is_none_or(|urgency| urgency > 2), "no urgency of 0, 1 or 2");
        let known = screen.notifications.get(&replaces_id).map_or(0, |known| known.shown);
        let id = if known > 0 { replaces_id } else { screen.last + 1 };
        screen.last = screen.last.max(id);
        let pairs = actions
            .chunks(2)
            .filter_map(|pair| Some((pair.first()?.clone(), pair.get(1)?.clone())));
        let notification = OnScreen {
            summary: summary.to_owned(),
            body: body.to_owned(),
            actions: pairs.collect(),
            urgency: urgency.unwrap_or(1),
            shown: known + 1,
        };
        screen.notifications.insert(id, notification);
        drop(screen);
        self.shared.1.send_replace(());
        id
    }

    async fn close_notification(
        &self,
        id: u32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> zbus::fdo::Result<()> {
        let was = lock(&self.shared).notifications.remove(&id);
        self.shared.1.send_replace(());
        if was.is_none() {
            // The specification: an empty error for what is not there.
            return Err(zbus::fdo::Error::Failed(String::new()));
        }
        Ok(Self::notification_closed(&emitter, id, 3).await?)
    }

    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    fn get_server_information(&self) -> (&str, &str, &str, &str) {
        (&self.name, "pager", "1", "1.2")
    }

    /// A button was pressed.
    #[zbus(signal)]
    async fn action_invoked(
        emitter: &SignalEmitter<'_>,
        id: u32,
        action_key: &str,
    ) -> zbus::Result<()>;

    /// A line was typed into a notification, as Plasma tells it.
    #[zbus(signal)]
    async fn notification_replied(
        emitter: &SignalEmitter<'_>,
        id: u32,
        text: &str,
    ) -> zbus::Result<()>;

    /// A notification is gone: 1 expired, 2 dismissed, 3 closed by a call.
    #[zbus(signal)]
    async fn notification_closed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        reason: u32,
    ) -> zbus::Result<()>;
}

impl Server {
    /// Starts a server that can do `capabilities` (`actions`, `body`, `body-markup`, …).
    ///
    /// # Errors
    /// The bus's, or that another server has the name.
    pub async fn start(bus: &Bus, capabilities: &[&str]) -> zbus::Result<Self> {
        Self::start_as("double", bus, capabilities).await
    }

    /// The same under the name of a server that is known to be peculiar.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_as(name: &str, bus: &Bus, capabilities: &[&str]) -> zbus::Result<Self> {
        let shared: Shared = Arc::new((Mutex::default(), watch::channel(()).0));
        let capabilities = capabilities.iter().map(|&name| name.to_owned()).collect();
        let interface =
            Interface { name: name.to_owned(), capabilities, shared: Arc::clone(&shared) };
        let connection = zbus::connection::Builder::address(bus.address())?
            .serve_at(PATH, interface)?
            .name(NAME)?
            .build()
            .await?;
        Ok(Self { connection, shared })
    }

    /// What is on the screen now, by id.
    pub fn screen(&self) -> BTreeMap<u32, OnScreen> {
        lock(&self.shared).notifications.clone()
    }

    /// Waits until the screen is as wanted; returns it.
    ///
    /// # Panics
    /// When it is not within half a minute, with what is on it.
    pub async fn until(
        &self,
        what: &str,
        wanted: impl Fn(&BTreeMap<u32, OnScreen>) -> bool,
    ) -> BTreeMap<u32, OnScreen> {
        let mut changed = self.shared.1.subscribe();
        let wait = async {
            loop {
                let screen = self.screen();
                if wanted(&screen) {
                    return screen;
                }
                drop(changed.changed().await);
            }
        };
        match tokio::time::timeout(std::time::Duration::from_secs(30), wait).await {
            Ok(screen) => screen,
            Err(_) => panic!("the screen never showed {what}: {:#?}", self.screen()),
        }
    }

    /// The person presses a button, as it is on the screen.
    ///
    /// # Panics
    /// If there is no such button.
    pub async fn press(&self, id: u32, label: &str) {
        let screen = self.screen();
        let actions = screen.get(&id).map(|shown| shown.actions.clone()).unwrap_or_default();
        let Some((key, _)) = actions.into_iter().find(|(_, known)| known == label) else {
            panic!("no button {label:?} on notification {id}: {screen:#?}");
        };
        let emitter = self.emitter();
        Interface::action_invoked(&emitter, id, &key).await.unwrap_or_else(|e| panic!("{e}"));
    }

    /// The person types a line into a notification that has the button for it.
    ///
    /// # Panics
    /// If it has none.
    pub async fn reply(&self, id: u32, text: &str) {
        let screen = self.screen();
        let shown =
            screen.get(&id).is_some_and(|it| it.actions.iter().any(|(key, _)| key == REPLY));
        assert!(shown, "nothing to type in on notification {id}: {screen:#?}");
        let emitter = self.emitter();
        let told = Interface::notification_replied(&emitter, id, text).await;
        told.unwrap_or_else(|e| panic!("{e}"));
    }

    /// The person dismisses a notification.
    ///
    /// # Panics
    /// If the bus is gone.
    pub async fn dismiss(&self, id: u32) {
        lock(&self.shared).notifications.remove(&id);
        let emitter = self.emitter();
        Interface::notification_closed(&emitter, id, 2).await.unwrap_or_else(|e| panic!("{e}"));
        self.shared.1.send_replace(());
    }

    fn emitter(&self) -> SignalEmitter<'_> {
        SignalEmitter::new(&self.connection, PATH).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Ends the server; everything on its screen is gone.
    ///
    /// # Panics
    /// If anything was asked of it that the specification does not allow.
    pub async fn stop(self) {
        self.finish();
        drop(self.connection.close().await);
    }

    /// Judges everything asked so far.
    ///
    /// # Panics
    /// If anything was asked that the specification does not allow.
    pub fn finish(&self) {
        let violations = lock(&self.shared).violations.clone();
        assert!(violations.is_empty(), "asked against the specification: {violations:#?}");
    }
}

/// Whether a text has no markup but the entities the specification knows: pager sends no tags.
fn is_markup(body: &str) -> bool {
    let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
    !body.contains(['<', '>'])
        && body.match_indices('&').all(|(at, _)| entities.iter().any(|e| body[at..].starts_with(e)))
}
