//! The desktop door: a notification with buttons for everything that waits, by the Desktop
//! Notifications Specification 1.2 (`org.freedesktop.Notifications`).
//!
//! What is shown follows the state and nothing else: at the start, after the server comes or comes
//! back, and with every event, what waits is shown and what does not wait is closed. Which
//! notification stands for which approval is noted in the store, together with the server that shows
//! it, so that a restart of the daemon takes the ones on the screen over instead of showing them
//! twice. A notification that is dismissed decides nothing.

mod card;
mod proxy;
mod server;

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use pager_core::{Actor, Approval, ApprovalId, Command};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::engine::{EngineError, Handle};
use proxy::NotificationsProxy;
use server::Server;

const DOOR: &str = "desktop";
const SLOT: &str = "notification";

/// How long to wait before a bus that failed is tried again: first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Which notification stands for an approval, on which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    id: u32,
    /// The server's unique name on the bus: another server's ids are none of ours.
    server: String,
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
    /// What was shown for each approval; none if it was dismissed, or if the server would not.
    shown: HashMap<ApprovalId, Option<u32>>,
}

impl<'a> Door<'a> {
    fn new(handle: &'a Handle, connection: &'a zbus::Connection) -> Self {
        Self { handle, connection, server: None, shown: HashMap::new() }
    }

    async fn follow(mut self) -> Result<(), DoorError> {
        let notifications = NotificationsProxy::new(self.connection).await?;
        let mut actions = notifications.receive_action_invoked().await?;
        let mut closed = notifications.receive_notification_closed().await?;
        let mut owners = notifications.inner().receive_owner_changed().await?;
        let mut published: watch::Receiver<u64> = self.handle.published();
        self.meet_server(&notifications).await?;
        loop {
            tokio::select! {
                changed = published.changed() => match changed {
                    Ok(()) => self.converge(&notifications).await?,
                    Err(_) => return Ok(()),
                },
                action = actions.next() => {
                    let action = action.ok_or(DoorError::Closed)?;
                    let args = action.args()?;
                    self.act(*args.id(), args.action_key()).await?;
                }
                gone = closed.next() => {
                    let gone = gone.ok_or(DoorError::Closed)?;
                    let gone = *gone.args()?.id();
                    // Dismissed, not decided: it waits on at the other doors.
                    for shown in self.shown.values_mut().filter(|shown| **shown == Some(gone)) {
                        *shown = None;
                    }
                }
                owner = owners.next() => {
                    let owner = owner.ok_or(DoorError::Closed)?;
                    self.shown.clear();
                    self.server = None;
                    if owner.is_some() {
                        self.meet_server(&notifications).await?;
                    }
                }
            }
        }
    }

    /// Gets to know the server that is there, if one is, and shows it what waits.
    async fn meet_server(
        &mut self,
        notifications: &NotificationsProxy<'_>,
    ) -> Result<(), DoorError> {
        self.server = Server::meet(self.connection, notifications).await?;
        let Some(server) = &self.server else { return Ok(()) };
        let owner = server.owner.clone();
        // What an earlier daemon showed on this very server is taken over.
        let noted = self.handle.with_store(|store, _| store.all_notes::<Shown>(DOOR)).await?;
        self.shown = noted
            .into_iter()
            .filter(|(_, shown)| shown.server == owner)
            .map(|(approval, shown)| (approval, Some(shown.id)))
            .collect();
        self.show_again(notifications).await
    }

    /// Shows everything that waits anew: the buttons of an earlier daemon's notification would speak
    /// to that daemon.
    async fn show_again(
        &mut self,
        notifications: &NotificationsProxy<'_>,
    ) -> Result<(), DoorError> {
        for approval in self.pending().await? {
            let replaces = self.shown.get(&approval.id).copied().flatten().unwrap_or(0);
            self.show(notifications, &approval, replaces).await?;
        }
        self.converge(notifications).await
    }

    /// Shows what waits and is not shown, closes what is shown and does not wait.
    async fn converge(&mut self, notifications: &NotificationsProxy<'_>) -> Result<(), DoorError> {
        if self.server.is_none() {
            return Ok(());
        }
        let pending = self.pending().await?;
        for approval in &pending {
            if !self.shown.contains_key(&approval.id) {
                self.show(notifications, approval, 0).await?;
            }
        }
        let settled: Vec<(ApprovalId, Option<u32>)> = self
            .shown
            .iter()
            .filter(|(id, _)| pending.iter().all(|approval| approval.id != **id))
            .map(|(approval, id)| (*approval, *id))
            .collect();
        for (approval, id) in settled {
            self.shown.remove(&approval);
            if let Some(id) = id
                && let Err(error) = notifications.close_notification(id).await
            {
                // A server may have closed it by itself.
                tracing::debug!("notification {id} could not be closed: {error}");
            }
            self.handle.with_store(move |store, _| store.drop_notes(DOOR, &approval)).await?;
        }
        Ok(())
    }

    async fn show(
        &mut self,
        notifications: &NotificationsProxy<'_>,
        approval: &Approval,
        replaces: u32,
    ) -> Result<(), DoorError> {
        let Some(server) = &self.server else { return Ok(()) };
        let card = card::card(approval, server.abilities);
        let shown = notifications
            .notify(
                "pager",
                replaces,
                "dialog-question",
                &card.summary,
                &card.body,
                &card.actions,
                card::hints(),
                0,
            )
            .await;
        let id = match shown {
            Ok(id) => id,
            Err(error) => {
                // The server is ill; with its next start everything is shown again.
                tracing::warn!(pager_approval = %approval.id, "the notification server refused: {error}");
                self.shown.insert(approval.id, None);
                return Ok(());
            }
        };
        self.shown.insert(approval.id, Some(id));
        let note = Shown { id, server: server.owner.clone() };
        let approval = approval.id;
        self.handle
            .with_store(move |store, _| store.put_note(DOOR, &approval, SLOT, &note))
            .await?;
        Ok(())
    }

    async fn act(&self, notification: u32, action: &str) -> Result<(), DoorError> {
        let approval =
            self.shown.iter().find(|(_, id)| **id == Some(notification)).map(|(id, _)| *id);
        let (Some(id), Some(verdict)) = (approval, card::verdict(action)) else { return Ok(()) };
        let command = Command::resolve(id, verdict);
        match self.handle.submit(Actor::Desktop, command).await {
            Err(EngineError::Stopped) => Err(EngineError::Stopped.into()),
            Err(error) => {
                tracing::info!(pager_approval = %id, "an answer on the desktop did not count: {error}");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    async fn pending(&self) -> Result<Vec<Approval>, DoorError> {
        let pending =
            self.handle.with_store(|_, machine| Ok(machine.pending().cloned().collect())).await?;
        Ok(pending)
    }
}
