//! Observers: chats that are told in a line what happens, and in which nobody is heard.
//!
//! An observer follows the event log by itself and remembers how far it has come, so that what
//! happens while Telegram is out of reach, or pager away, is told later, up to an hour later. Nothing
//! is received here, and nothing that is sent has a button.

mod notes;

use std::time::Duration;

use jiff::Timestamp;
use pager_config::{Config, Observer, Secret, TokenError, Url};
use pager_core::message_id::TELEGRAM_TROUBLE;
use teloxide_core::payloads::{SendMessage, SendMessageSetters as _};
use teloxide_core::types::ChatId;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::api::{Api, Failure, NO_PREVIEW};
use super::throttle::Backoff;
use super::{migration_key, moved};
use crate::engine::{EngineError, Handle, Health};
use crate::redaction;
use notes::{Note, Place, Told};

/// When a store that could not be read is asked again.
const STORE_RETRY: Duration = Duration::from_secs(5);

/// An observer with all it takes to write to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    observer: Observer,
    token: Secret,
    api_url: Url,
}

/// The observers of a configuration; one whose token cannot be had is told of, and left out. `main` is
/// the token of the bot that asks, for those who have none of their own.
pub fn watchers(config: &Config, main: Option<&Secret>) -> Vec<Watcher> {
    let mut watchers = Vec::new();
    for observer in &config.telegram.observers {
        let token = match &observer.token_file {
            Some(path) => {
                let mut own = Config::default();
                own.telegram.token_file = Some(path.clone());
                pager_config::read_token_from(&own, None)
            }
            None => main.cloned().ok_or(TokenError::NotSet),
        };
        match token {
            Ok(token) => watchers.push(Watcher {
                observer: observer.clone(),
                token,
                api_url: config.telegram.api_url.clone(),
            }),
            Err(error) => tracing::error!(
                message_id = TELEGRAM_TROUBLE,
                "observer {} is told nothing: {error}",
                observer.chat
            ),
        }
    }
    watchers
}

/// The observers at work; they end when this is dropped.
#[derive(Debug)]
pub struct Observers {
    watchers: Vec<Watcher>,
    tasks: JoinSet<()>,
}

impl Observers {
    /// Sets them to work. `door` is how the door does at which questions are answered.
    pub fn start(watchers: Vec<Watcher>, handle: &Handle, door: &watch::Receiver<String>) -> Self {
        let mut tasks = JoinSet::new();
        for watcher in &watchers {
            let chat = watcher.observer.chat;
            match Task::new(watcher, handle.clone(), door.clone()) {
                Ok(task) => drop(tasks.spawn(task.run())),
                Err(error) => tracing::error!(
                    message_id = TELEGRAM_TROUBLE,
                    "observer {chat} is told nothing: {error}"
                ),
            }
        }
        Self { watchers, tasks }
    }

    /// Whether they are just these, and all at work.
    pub fn are(&mut self, watchers: &[Watcher]) -> bool {
        self.watchers == watchers && self.tasks.try_join_next().is_none()
    }
}

/// One observer's task.
struct Task {
    observer: Observer,
    api: Api,
    handle: Handle,
    door: watch::Receiver<String>,
    backoff: Backoff,
}

/// Why a task is over.
enum Over {
    /// The engine has stopped.
    Stopped,
    /// The token is refused: only a new configuration changes that.
    Unauthorized,
}

impl Task {
    fn new(
        watcher: &Watcher,
        handle: Handle,
        door: watch::Receiver<String>,
    ) -> Result<Self, reqwest::Error> {
        let Watcher { observer, token, api_url } = watcher.clone();
        let api = Api::new(token, api_url)?;
        Ok(Self { observer, api, handle, door, backoff: Backoff::default() })
    }

    async fn run(mut self) {
        if let Err(Over::Unauthorized) = self.follow().await {
            tracing::error!(
                message_id = TELEGRAM_TROUBLE,
                "observer {} is told nothing more: the token of its bot is not valid",
                self.observer.chat
            );
        }
    }

    async fn follow(&mut self) -> Result<(), Over> {
        let mut published = self.handle.published();
        let mut health = self.handle.health();
        let mut told = Told::default();
        let mut place = self.begin().await?;
        loop {
            published.borrow_and_update();
            let standing =
                notes::standing(&health.borrow_and_update(), &self.door.borrow_and_update());
            let ready = *health.borrow() == Health::Ready;
            for note in told.news(standing) {
                self.tell(&[note]).await?;
            }
            let events = match self.handle.events_since(place.seq).await {
                Ok(events) => events,
                Err(EngineError::Stopped) => return Err(Over::Stopped),
                Err(error) => {
                    tracing::debug!("an observer waits: {error}");
                    if ready {
                        tokio::time::sleep(STORE_RETRY).await;
                    } else {
                        drop(health.changed().await);
                    }
                    continue;
                }
            };
            if events.is_empty() {
                tokio::select! {
                    changed = published.changed() => changed.map_err(|_| Over::Stopped)?,
                    changed = health.changed() => changed.map_err(|_| Over::Stopped)?,
                    Ok(()) = self.door.changed() => {}
                }
                continue;
            }
            let notes: Vec<Note> =
                events.iter().filter_map(|logged| place.pass(logged, Timestamp::now())).collect();
            if self.tell(&notes).await? {
                self.remember(&place).await?;
            }
        }
    }

    /// Where it was, or where the log ends now.
    async fn begin(&self) -> Result<Place, Over> {
        let key = self.key();
        loop {
            let key = key.clone();
            let begun = self
                .handle
                .with_store(move |store, machine| {
                    let known = store.fact(&key)?;
                    let known = known.and_then(|known| serde_json::from_str(&known).ok());
                    let place = match known {
                        Some(place) => place,
                        None => Place::at(store.last_seq()?, machine),
                    };
                    store.put_fact_relaxed(&key, &serde_json::to_string(&place)?)?;
                    Ok(place)
                })
                .await;
            match begun {
                Ok(place) => return Ok(place),
                Err(EngineError::Stopped) => return Err(Over::Stopped),
                Err(error) => {
                    tracing::warn!("an observer waits: {error}");
                    tokio::time::sleep(STORE_RETRY).await;
                }
            }
        }
    }

    async fn remember(&self, place: &Place) -> Result<(), Over> {
        let (key, place) = (self.key(), place.clone());
        let store = self.handle.with_store(move |store, _| {
            store.put_fact_relaxed(&key, &serde_json::to_string(&place)?)
        });
        match store.await {
            Ok(()) => Ok(()),
            Err(EngineError::Stopped) => Err(Over::Stopped),
            Err(error) => {
                tracing::warn!("an observer may be told things twice: {error}");
                Ok(())
            }
        }
    }

    fn key(&self) -> String {
        format!("telegram.observer.{}.{}", self.api.bot_id(), self.observer.chat)
    }

    /// Sends what of it the observer is to be told; whether there was anything.
    async fn tell(&mut self, notes: &[Note]) -> Result<bool, Over> {
        let levels = &self.observer.levels;
        let wanted: Vec<&Note> = notes.iter().filter(|note| levels.contains(&note.level)).collect();
        let Some(text) = notes::text(&wanted) else { return Ok(false) };
        let text = redaction::for_chat(&text);
        let quiet = !wanted.iter().any(|note| note.is_loud());
        let mut chat = self.observer.chat;
        let look = self.handle.with_store(move |store, _| moved(store, chat)).await;
        match look {
            Ok(now) => chat = now,
            Err(EngineError::Stopped) => return Err(Over::Stopped),
            // It is told what is wrong with the store, too.
            Err(_) => {}
        }
        loop {
            let call = SendMessage::new(ChatId(chat), text.clone())
                .link_preview_options(NO_PREVIEW)
                .disable_notification(quiet);
            let wait = match self.api.call::<_, serde::de::IgnoredAny>(&call).await {
                Ok(_) => {
                    self.backoff.reset();
                    return Ok(true);
                }
                Err(Failure::Unauthorized) => return Err(Over::Unauthorized),
                Err(Failure::Migrated(to)) if to != chat => {
                    self.migrated(chat, to).await?;
                    chat = to;
                    continue;
                }
                Err(Failure::RetryAfter(wait)) => wait,
                Err(Failure::Unreachable { .. }) => self.backoff.next(),
                Err(failure) => {
                    tracing::warn!(
                        message_id = TELEGRAM_TROUBLE,
                        "observer {chat} was not told something: {failure}"
                    );
                    return Ok(true);
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn migrated(&self, from: i64, to: i64) -> Result<(), Over> {
        tracing::warn!("observer {from} is now chat {to}: put that into pager.toml in its place");
        let noted = self
            .handle
            .with_store(move |store, _| {
                store.put_fact_relaxed(&migration_key(from), &to.to_string())
            })
            .await;
        match noted {
            Err(EngineError::Stopped) => Err(Over::Stopped),
            _ => Ok(()),
        }
    }
}
