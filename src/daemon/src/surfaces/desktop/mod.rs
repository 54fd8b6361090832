//! The desktop door: notifications with buttons for what waits, by the Desktop Notifications
//! Specification 1.2 (`org.freedesktop.Notifications`).
//!
//! What is shown follows the state: at the start, after the server comes or comes back, and with
//! every event, what belongs on the [`screen`] is shown and what no longer does is closed. Which
//! notification stands for what is noted in the store, together with the server that shows it, so
//! that a restart of the daemon takes the ones on the screen over instead of showing them twice. A
//! notification that is dismissed decides nothing. Only what a person is told and nothing is asked of
//! them follows the events.

mod card;
mod proxy;
mod screen;
mod server;

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use pager_core::access::RoleName;
use pager_core::{AccessCommand, Actor, Command, Knocker, Reply};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::engine::{EngineError, Handle};
use card::Card;
use proxy::NotificationsProxy;
use screen::{Key, Thing};
use server::Server;

/// The fact under which it is noted what is on the screen.
const NOTE: &str = "desktop.shown";

/// How long to wait before a bus that failed is tried again: first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What is on the screen, as a later daemon has to know it.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    /// The server's unique name on the bus: another server's ids are none of ours.
    server: String,
    ids: Vec<(Key, u32)>,
}

/// What was shown for something.
#[derive(Debug, Default)]
struct Shown {
    /// Its notification; none if it was dismissed, or if the server would not.
    id: Option<u32>,
    /// What it depended on; none where an earlier daemon showed it.
    stamp: Option<String>,
    count: usize,
    /// The keys of its buttons.
    offered: Vec<String>,
}

/// Why the door is closed for now.
#[derive(Debug, thiserror::Error)]
enum DoorError {
    #[error("the session bus: {0}")]
    Bus(#[from] zbus::Error),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the session bus closed the connection")]
    Closed,
}

impl From<zbus::fdo::Error> for DoorError {
    fn from(error: zbus::fdo::Error) -> Self {
        Self::Bus(error.into())
    }
}

/// Keeps the desktop in step with what waits, over `address`'s bus or the session's, until the task
/// is aborted.
pub async fn run(handle: Handle, address: Option<String>) {
    let mut delay = RETRY.0;
    loop {
        let started = tokio::time::Instant::now();
        let error = match connect(address.as_deref()).await {
            Ok(connection) => Door::new(&handle, &connection).follow().await,
            Err(error) => Err(error.into()),
        };
        match error {
            Err(DoorError::Engine(EngineError::Stopped)) | Ok(()) => return,
            Err(error) => tracing::debug!("desktop notifications wait for {error}"),
        }
        if started.elapsed() > RETRY.1 {
            delay = RETRY.0;
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(RETRY.1);
    }
}

async fn connect(address: Option<&str>) -> zbus::Result<zbus::Connection> {
    match address {
        Some(address) => zbus::connection::Builder::address(address)?.build().await,
        None => zbus::Connection::session().await,
    }
}

/// The door on one connection to the bus.
struct Door<'a> {
    handle: &'a Handle,
    connection: &'a zbus::Connection,
    server: Option<Server>,
    shown: HashMap<Key, Shown>,
    noted: Noted,
    /// The last event of which the notices have been shown.
    told: u64,
}

impl<'a> Door<'a> {
    fn new(handle: &'a Handle, connection: &'a zbus::Connection) -> Self {
        let told = *handle.published().borrow();
        let noted = Noted::default();
        Self { handle, connection, server: None, shown: HashMap::new(), noted, told }
    }

    async fn follow(mut self) -> Result<(), DoorError> {
        let notifications = NotificationsProxy::new(self.connection).await?;
        let mut actions = notifications.receive_action_invoked().await?;
        let mut replies = notifications.receive_notification_replied().await?;
        let mut closed = notifications.receive_notification_closed().await?;
        let mut owners = notifications.inner().receive_owner_changed().await?;
        let mut published: watch::Receiver<u64> = self.handle.published();
        self.meet_server(&notifications).await?;
        loop {
            tokio::select! {
                // A server takes a notification away as soon as its button is pressed: the press
                // comes first.
                biased;
                action = actions.next() => {
                    let action = action.ok_or(DoorError::Closed)?;
                    let args = action.args()?;
                    self.act(&notifications, *args.id(), args.action_key(), None).await?;
                }
                reply = replies.next() => {
                    let reply = reply.ok_or(DoorError::Closed)?;
                    let args = reply.args()?;
                    let text = Some(*args.text());
                    self.act(&notifications, *args.id(), server::REPLY, text).await?;
                }
                gone = closed.next() => {
                    let gone = gone.ok_or(DoorError::Closed)?;
                    self.dismissed(*gone.args()?.id());
                }
                owner = owners.next() => {
                    let owner = owner.ok_or(DoorError::Closed)?;
                    self.shown.clear();
                    self.server = None;
                    if owner.is_some() {
                        self.meet_server(&notifications).await?;
                    }
                }
                changed = published.changed() => match changed {
                    Ok(()) => self.catch_up(&notifications).await?,
                    Err(_) => return Ok(()),
                },
            }
        }
    }

    /// Dismissed, not decided: it waits on at the other doors.
    fn dismissed(&mut self, gone: u32) {
        self.shown.retain(|key, shown| {
            let is_gone = shown.id == Some(gone);
            if is_gone {
                shown.id = None;
            }
            !(is_gone && matches!(key, Key::Notice(_)))
        });
    }

    /// Gets to know the server that is there, if one is, and shows it what waits.
    async fn meet_server(
        &mut self,
        notifications: &NotificationsProxy<'_>,
    ) -> Result<(), DoorError> {
        self.server = Server::meet(self.connection, notifications).await?;
        let Some(server) = &self.server else { return Ok(()) };
        let noted = self.handle.with_store(|store, _| store.fact(NOTE)).await?;
        let noted = noted.and_then(|noted| serde_json::from_str::<Noted>(&noted).ok());
        // What an earlier daemon showed on this very server is taken over, and shown anew: its
        // buttons would speak to that daemon.
        self.noted = noted.filter(|noted| noted.server == server.owner).unwrap_or_default();
        let shown = self
            .noted
            .ids
            .iter()
            .map(|(key, id)| (key.clone(), Shown { id: Some(*id), ..Shown::default() }));
        self.shown = shown.collect();
        self.catch_up(notifications).await
    }

    /// Closes what does not belong on the screen, shows what does, and tells what there is to be told.
    async fn catch_up(&mut self, notifications: &NotificationsProxy<'_>) -> Result<(), DoorError> {
        let Some(server) = self.server.clone() else { return Ok(()) };
        let told = self.told;
        let (things, notices, last) = self
            .handle
            .with_store(move |store, machine| {
                Ok((
                    screen::things(machine, Timestamp::now()),
                    store.notices_since(told)?,
                    store.last_seq()?,
                ))
            })
            .await?;
        let over = |key: &Key| {
            !matches!(key, Key::Notice(_)) && things.iter().all(|thing| thing.key() != *key)
        };
        for (_, shown) in self.shown.extract_if(|key, _| over(key)).collect::<Vec<_>>() {
            if let Some(id) = shown.id
                && let Err(error) = notifications.close_notification(id).await
            {
                // A server may have closed it by itself.
                tracing::debug!("notification {id} could not be closed: {error}");
            }
        }
        for thing in &things {
            if self.is_due(thing) {
                let card = thing.card(server.abilities);
                let shown =
                    Shown { stamp: Some(thing.stamp()), count: thing.count(), ..Shown::default() };
                self.show(notifications, thing.key(), shown, &card).await;
            }
        }
        for notice in notices {
            if let Some(card) = screen::notice(&notice, server.abilities) {
                self.show(notifications, Key::Notice(notice.key()), Shown::default(), &card).await;
            }
        }
        self.told = last;
        self.note(&server).await
    }

    /// Whether something is to be shown that is not, or that was shown as it is no longer.
    fn is_due(&self, thing: &Thing) -> bool {
        match self.shown.get(&thing.key()) {
            None => true,
            Some(Shown { id: None, count, .. }) => thing.count() > *count,
            Some(shown) => shown.stamp.as_ref() != Some(&thing.stamp()),
        }
    }

    async fn show(
        &mut self,
        notifications: &NotificationsProxy<'_>,
        key: Key,
        shown: Shown,
        card: &Card,
    ) {
        let replaces = self.shown.get(&key).and_then(|before| before.id).unwrap_or(0);
        let actions: Vec<&str> =
            card.actions.iter().flat_map(|(key, label)| [key.as_str(), label.as_str()]).collect();
        let answer = notifications
            .notify(
                "pager",
                replaces,
                card::APPLICATION,
                &card.summary,
                &card.body,
                &actions,
                card.hints(),
                card.expires(),
            )
            .await;
        if let Err(error) = &answer {
            // The server is ill; with its next start everything is shown again.
            tracing::warn!("the notification server refused {key:?}: {error}");
        }
        let offered = card.actions.iter().map(|(key, _)| key.clone()).collect();
        self.shown.insert(key, Shown { id: answer.ok(), offered, ..shown });
    }

    /// Notes what is on the screen, where that has changed.
    async fn note(&mut self, server: &Server) -> Result<(), DoorError> {
        let ids = self.shown.iter().filter_map(|(key, shown)| Some((key.clone(), shown.id?)));
        let mut ids: Vec<(Key, u32)> = ids.collect();
        ids.sort_by_key(|(_, id)| *id);
        let noted = Noted { server: server.owner.clone(), ids };
        if noted == self.noted {
            return Ok(());
        }
        if let Ok(text) = serde_json::to_string(&noted) {
            self.handle.with_store(move |store, _| store.put_fact_relaxed(NOTE, &text)).await?;
        }
        self.noted = noted;
        Ok(())
    }

    /// Does what a button stands for, if it was offered.
    async fn act(
        &mut self,
        notifications: &NotificationsProxy<'_>,
        notification: u32,
        action: &str,
        typed: Option<&str>,
    ) -> Result<(), DoorError> {
        let meant = self.shown.iter().find(|(_, shown)| shown.id == Some(notification));
        let Some((key, shown)) = meant else { return Ok(()) };
        let key = key.clone();
        if !shown.offered.iter().any(|offered| offered == action) {
            return Ok(());
        }
        let command = match &key {
            Key::Approval(id) => {
                let Some(approval) = self.handle.approval(*id).await? else { return Ok(()) };
                let verdict = match typed {
                    Some(text) => card::reply(&approval, text),
                    None => card::verdict(&approval, action),
                };
                let Some(verdict) = verdict else { return Ok(()) };
                Command::resolve(*id, verdict)
            }
            Key::Paused(session) => Command::Resume { session: session.clone() },
            Key::Stranger(user) => {
                let who = Knocker::User(*user);
                Command::Access(match action {
                    card::LET_IN => AccessCommand::LetIn { who, role: RoleName::developer() },
                    _ => AccessCommand::TurnAway { who },
                })
            }
            Key::More(_) | Key::Notice(_) => return Ok(()),
        };
        match self.handle.submit(Actor::Desktop, command).await {
            Err(EngineError::Stopped) => Err(EngineError::Stopped.into()),
            Err(error) => {
                tracing::info!("an answer on the desktop did not count: {error}");
                Ok(())
            }
            Ok(Reply::Counted { .. }) => {
                // It waits on. Servers take away what was answered, sooner or later: what is shown
                // from here on is another notification.
                self.shown.remove(&key);
                if let Err(error) = notifications.close_notification(notification).await {
                    tracing::debug!("notification {notification} could not be closed: {error}");
                }
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}
