//! Receiving: long polling, and how far it has come.

mod update;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pager_core::{Machine, Sha256Hex};
use serde::{Deserialize, Serialize};
use teloxide_core::payloads::{GetMe, GetUpdates, SetMyCommands};
use teloxide_core::prelude::*;
use teloxide_core::types::{AllowedUpdate, Me, True, Update, UpdateKind};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Door;
use super::api::Failure;
use super::commands;
use super::throttle::Backoff;
use crate::engine::EngineError;
use crate::store::Store;

/// How long the server may hold a poll, in seconds.
const HOLD: u32 = 50;
/// How many updates come at once at most.
const BATCH_LIMIT: u8 = 100;
const BATCH: usize = BATCH_LIMIT as usize;
/// After a week without updates the server starts their numbers anew, anywhere.
const NUMBERS_HOLD_FOR: SignedDuration = SignedDuration::from_hours(6 * 24);

/// The number of the next update, and when the one before it came.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Offset {
    next: u32,
    at: Timestamp,
}

/// The task that receives.
#[derive(Debug)]
pub(super) struct Poller {
    door: Arc<Door>,
    bot: String,
    offset: Option<Offset>,
    /// A time at which the server had nothing more for us: what comes now was done after it.
    caught_up: Timestamp,
    /// What of that is written down.
    caught_up_noted: Timestamp,
    answers: JoinSet<()>,
    /// The files that are on their way.
    exchanges: JoinSet<()>,
}

impl Poller {
    pub(super) fn new(door: Arc<Door>) -> Self {
        Self {
            door,
            bot: String::new(),
            offset: None,
            caught_up: Timestamp::MIN,
            caught_up_noted: Timestamp::MIN,
            answers: JoinSet::new(),
            exchanges: JoinSet::new(),
        }
    }

    /// Runs until it is told to stop, the token is refused, or the engine ends.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if self.recall().await.is_err() {
            return;
        }
        match self.door.tell_interrupted().await {
            Ok(()) => {}
            Err(EngineError::Stopped) => return,
            Err(error) => tracing::warn!("whose files were interrupted is not known: {error}"),
        }
        let mut backoff = Backoff::default();
        let mut healthy = false;
        loop {
            let asked = Timestamp::now();
            let polled = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                polled = self.poll(healthy) => polled,
            };
            while self.answers.try_join_next().is_some() {}
            while self.exchanges.try_join_next().is_some() {}
            let wait = match polled {
                Ok(updates) => {
                    healthy = true;
                    backoff.reset();
                    self.door.board.connected(&self.bot);
                    let all = updates.len() < BATCH;
                    // Not cut short: what is begun of an update is brought to its end.
                    match self.take(updates).await {
                        Ok(()) => {
                            if all {
                                self.catch_up(asked).await;
                            }
                            continue;
                        }
                        Err(EngineError::Stopped) => break,
                        Err(error) => {
                            tracing::warn!("updates of Telegram wait: {error}");
                            backoff.next()
                        }
                    }
                }
                Err(Failure::Unauthorized) => {
                    self.door.board.unauthorized();
                    break;
                }
                Err(failure) => {
                    healthy = false;
                    self.tell(&failure);
                    match failure {
                        Failure::RetryAfter(wait) => wait,
                        _ => backoff.next(),
                    }
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = tokio::time::sleep(wait) => {}
            }
        }
        if self.caught_up > self.caught_up_noted {
            self.note_caught_up().await;
        }
        while self.answers.join_next().await.is_some() {}
    }

    /// The server had nothing more when it was asked. It is written down now and then only, and when
    /// the door closes: after a crash updates may seem older than they are, never younger.
    async fn catch_up(&mut self, asked: Timestamp) {
        self.caught_up = asked;
        if asked.duration_since(self.caught_up_noted) > self.door.max_age / 4 {
            self.note_caught_up().await;
        }
    }

    async fn note_caught_up(&mut self) {
        let (key, at) = (self.caught_up_key(), self.caught_up);
        let noted = self
            .door
            .handle
            .with_store(move |store, _| store.put_fact_relaxed(&key, &at.to_string()))
            .await;
        match noted {
            Ok(()) => self.caught_up_noted = at,
            Err(error) => tracing::debug!("how far Telegram was read is not noted: {error}"),
        }
    }

    /// Takes up where the last daemon left.
    async fn recall(&mut self) -> Result<(), EngineError> {
        let (key, caught_up_key) = (self.offset_key(), self.caught_up_key());
        let recalled = async {
            self.door.follow_migrations().await?;
            let facts = move |store: &mut Store, _: &Machine| {
                Ok((store.fact(&key)?, store.fact(&caught_up_key)?))
            };
            self.door.handle.with_store(facts).await
        };
        match recalled.await {
            Ok((offset, caught_up)) => {
                self.offset = offset.and_then(|offset| serde_json::from_str(&offset).ok());
                let caught_up = caught_up.and_then(|at| at.parse().ok());
                self.caught_up = caught_up.unwrap_or(Timestamp::MIN);
                self.caught_up_noted = self.caught_up;
                Ok(())
            }
            Err(EngineError::Stopped) => Err(EngineError::Stopped),
            Err(error) => {
                // The server has its own record of what was confirmed.
                tracing::warn!("where Telegram's updates were left could not be read: {error}");
                Ok(())
            }
        }
    }

    fn offset_key(&self) -> String {
        format!("telegram.offset.{}", self.door.api.bot_id())
    }

    fn caught_up_key(&self) -> String {
        format!("telegram.caught_up.{}", self.door.api.bot_id())
    }

    /// The number of the next update, if the server still counts the same way.
    fn next_update(&self) -> Option<u32> {
        let offset = self.offset.as_ref()?;
        let age = Timestamp::now().duration_since(offset.at);
        (age < NUMBERS_HOLD_FOR).then_some(offset.next)
    }

    async fn poll(&mut self, healthy: bool) -> Result<Vec<Update>, Failure> {
        if self.bot.is_empty() {
            let me: Me = self.door.api.call(&GetMe::new()).await?;
            self.bot = me.user.username.unwrap_or_default();
            self.offer_commands().await;
        }
        // After trouble the first answer should come at once: it tells whether that is over.
        let hold = if healthy { HOLD } else { 0 };
        let mut call = GetUpdates::new()
            .timeout(hold)
            .limit(BATCH_LIMIT)
            .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]);
        call.offset = self.next_update().and_then(|next| i32::try_from(next).ok());
        self.door.api.call(&call).await
    }

    fn tell(&self, failure: &Failure) {
        match failure {
            Failure::Webhook | Failure::OtherPoller => {
                self.door.board.conflict(&failure.to_string());
            }
            _ => self.door.board.unreachable(&failure.to_string()),
        }
    }

    /// Does what updates ask for, each confirmed when its effect is durable.
    async fn take(&mut self, updates: Vec<Update>) -> Result<(), EngineError> {
        for update in updates {
            let id = update.id.0;
            if self.next_update().is_some_and(|next| id < next) {
                continue;
            }
            match update.kind {
                UpdateKind::CallbackQuery(query) => self.tapped(query).await?,
                UpdateKind::Message(message) => self.said(&message).await?,
                UpdateKind::Error(_) => {
                    tracing::warn!("update {id} of Telegram's is of a form unknown here");
                }
                _ => {}
            }
            let offset = Offset { next: id.saturating_add(1), at: Timestamp::now() };
            self.offset = Some(offset);
            let key = self.offset_key();
            let confirmed = self
                .door
                .handle
                .with_store(move |store, _| {
                    store.put_fact_relaxed(&key, &serde_json::to_string(&offset)?)
                })
                .await;
            if let Err(error) = confirmed {
                tracing::warn!("update {id} of Telegram's may come again: {error}");
            }
        }
        Ok(())
    }

    /// Has Telegram show the commands there are, once for every change of them.
    async fn offer_commands(&self) {
        let key = format!("telegram.commands.{}", self.door.api.bot_id());
        let commands = commands::offered();
        let digest = Sha256Hex::of(format!("{commands:?}").as_bytes()).to_string();
        let known_key = key.clone();
        let known = self.door.handle.with_store(move |store, _| store.fact(&known_key)).await;
        if !matches!(&known, Ok(known) if known.as_ref() != Some(&digest)) {
            return;
        }
        let call = SetMyCommands::new(commands);
        let noted = match self.door.api.call::<_, True>(&call).await {
            Ok(True) => {
                let store =
                    move |store: &mut Store, _: &Machine| store.put_fact_relaxed(&key, &digest);
                self.door.handle.with_store(store).await.map_err(|error| error.to_string())
            }
            Err(failure) => Err(failure.to_string()),
        };
        if let Err(why) = noted {
            tracing::debug!("the commands are offered to Telegram another time: {why}");
        }
    }
}
