//! The Telegram door: a message with buttons for everything that waits, by a bot of the person's own.
//!
//! Two tasks share one way to the server. The outbox sends: prompts first, then how things ended,
//! then replies; what it has to do stands in the store until it is done. The poller receives: taps
//! become verdicts, words become replies, and an update is confirmed only once its effect is durable.
//! Neither waits for the other, and neither decides anything: that is the engine's.

mod api;
mod callback;
mod commands;
mod dialogue;
mod files;
mod form;
mod gate;
mod halt;
mod job;
mod keyboard;
mod misfit;
mod observers;
mod outbox;
mod poll;
mod render;
mod reply;
mod seen;
mod state;
mod tap;
mod throttle;

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pager_config::{Secret, Url};
use pager_core::access::{RoleName, Rules};
use pager_core::{Approval, ApprovalId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::engine::{EngineError, Handle};
use crate::files::Exchange;
use crate::store::{Store, StoreError};
use api::Api;
use callback::{Nonce, Sent};
use dialogue::{Place, Purpose};
use files::Files;
use gate::{Crowd, Unlisted};
use job::Job;
use misfit::Misfits;
pub use observers::{Observers, Watcher, watchers};
use outbox::Outbox;
use poll::Poller;
use seen::Seen;
use state::Board;
pub use state::TelegramState;

/// The door's name in the outbox, for [`crate::engine::Options::doors`].
pub const DOOR: &str = "telegram";

/// How long what is under way may take once the door is to close.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// How many replies to guests wait at most.
const GUESTS: usize = 500;

/// What the door is told by the configuration.
#[derive(Debug, Clone)]
pub struct TelegramConfig {
    /// The bot's token.
    pub token: Secret,
    /// The Bot API server.
    pub api_url: Url,
    /// Who may do what.
    pub rules: Rules,
    /// Where questions go.
    pub chat: Option<i64>,
    /// How old a tap or a reply may be and still count.
    pub max_age: Duration,
    /// How many messages of one person are taken in [`TelegramConfig::window`].
    pub requests: u32,
    /// The span of time over which they are counted.
    pub window: Duration,
    /// Which files are exchanged with sessions' folders.
    pub files: Exchange,
}

impl TelegramConfig {
    /// Takes what the configuration says of Telegram, the token that was found for it, and which files
    /// are exchanged.
    pub fn new(config: &pager_config::Config, token: Secret, files: Exchange) -> Self {
        let section = &config.telegram;
        Self {
            token,
            api_url: section.api_url.clone(),
            rules: crate::access::rules(config),
            chat: section.chat(),
            max_age: section.max_age,
            requests: config.limits.requests,
            window: config.limits.window,
            files,
        }
    }
}

/// The open door. It closes, at once and wherever it is, when it is dropped; nothing durable is lost.
#[derive(Debug)]
pub struct Telegram {
    state: watch::Receiver<TelegramState>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Telegram {
    /// Opens the door. [`DOOR`] must be among the engine's doors for questions to come to it.
    ///
    /// # Errors
    /// The client's, where TLS cannot be set up.
    pub fn open(config: TelegramConfig, handle: Handle) -> Result<Self, reqwest::Error> {
        let api = Api::new(config.token, config.api_url)?;
        let (jobs, queue) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let door = Arc::new(Door {
            api,
            handle,
            board: Board::new(),
            rules: config.rules,
            unlisted: Mutex::default(),
            files: Files::new(config.files),
            crowd: Mutex::new(Crowd::new(config.requests, config.window)),
            home: Mutex::new(config.chat),
            max_age: SignedDuration::try_from(config.max_age).unwrap_or(SignedDuration::MAX),
            seen: Mutex::default(),
            nonces: Mutex::default(),
            misfits: Mutex::default(),
            sending: tokio::sync::Mutex::default(),
            jobs,
            guests: AtomicUsize::new(0),
        });
        let state = door.board.watch();
        let mut tasks = JoinSet::new();
        tasks.spawn(Outbox::new(Arc::clone(&door), queue).run(stopping.clone()));
        tasks.spawn(Poller::new(door).run(stopping));
        Ok(Self { state, stop, tasks })
    }

    /// How things stand, now and later.
    pub fn state(&self) -> watch::Receiver<TelegramState> {
        self.state.clone()
    }

    /// Closes the door: what is under way is brought to its end if that takes no longer than two
    /// seconds.
    pub async fn close(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSE_WITHIN, ended).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

/// What the tasks share.
#[derive(Debug)]
struct Door {
    api: Api,
    handle: Handle,
    board: Board,
    rules: Rules,
    unlisted: Mutex<Unlisted>,
    files: Files,
    crowd: Mutex<Crowd>,
    /// Where questions go; a group may become another chat.
    home: Mutex<Option<i64>>,
    max_age: SignedDuration,
    seen: Mutex<Seen>,
    /// The nonces of the buttons that stand, by their digests, as far as this process has met them:
    /// they are written nowhere else.
    nonces: Mutex<HashMap<String, Nonce>>,
    misfits: Mutex<Misfits>,
    /// Held while a message is on its way and not yet written down.
    sending: tokio::sync::Mutex<()>,
    jobs: mpsc::UnboundedSender<Job>,
    /// How many replies to guests wait to be sent.
    guests: AtomicUsize,
}

/// An approval and the notes of its messages, by the digest of each one's nonce.
type Known = (Option<Approval>, Vec<(String, Sent)>);

impl Door {
    fn home(&self) -> Option<i64> {
        *lock(&self.home)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// A message is there. Of supergroups only the one counts to which questions go: there are as
    /// many others as strangers care to make.
    fn saw(&self, chat: i64, message: i32) {
        if seen::sequence(chat) == 0 || self.home() == Some(chat) {
            self.seen().note(chat, message);
        }
    }

    /// Leaves something to the outbox. Of replies to guests only so many wait: there are as many guests
    /// as anybody cares to send.
    fn later(&self, job: Job) {
        if self.is_to_guest(&job) && self.guests.fetch_add(1, Relaxed) >= GUESTS {
            self.guests.fetch_sub(1, Relaxed);
            tracing::debug!("a guest is not answered: too many others are to be");
            return;
        }
        // Nobody listens only where the door closes.
        drop(self.jobs.send(job));
    }

    /// Something that was left to the outbox does not wait any more.
    fn is_over(&self, job: &Job) {
        if self.is_to_guest(job) {
            self.guests.fetch_sub(1, Relaxed);
        }
    }

    /// Whether it is a reply in a chat of somebody's own whom the configuration does not name.
    fn is_to_guest(&self, job: &Job) -> bool {
        let Job::Say { chat, .. } = job else { return false };
        *chat > 0 && self.rules.people.get(chat).is_none_or(|role| *role == RoleName::guest())
    }

    fn remember(&self, slot: &str, nonce: Nonce) {
        lock(&self.nonces).insert(slot.to_owned(), nonce);
    }

    fn recall(&self, slot: &str) -> Option<Nonce> {
        lock(&self.nonces).get(slot).cloned()
    }

    fn forget(&self, slot: &str) {
        lock(&self.nonces).remove(slot);
    }

    /// Whether something that cannot have been done before `since` may be too old to count.
    fn is_stale(&self, since: Timestamp) -> bool {
        Timestamp::now().duration_since(since) > self.max_age
    }

    /// Remembers what a reply to this message is about.
    async fn put_anchor(
        &self,
        id: ApprovalId,
        place: Place,
        purpose: Purpose,
    ) -> Result<(), EngineError> {
        self.handle.with_store(move |store, _| dialogue::anchor(store, &id, &place, purpose)).await
    }

    /// What is known of an approval, of any age.
    async fn look(&self, id: ApprovalId) -> Result<Known, EngineError> {
        self.handle
            .with_store(move |store, machine| {
                let approval = match machine.approval(&id) {
                    Some(approval) => Some(approval.clone()),
                    None => store.approval(&id)?,
                };
                Ok((approval, store.notes(DOOR, &id)?))
            })
            .await
    }

    /// Remembers what is known of a message. It may be lost with the power: the machine's end is the
    /// end of the agent that asked, too.
    async fn put_note(&self, id: ApprovalId, slot: String, sent: Sent) -> Result<(), EngineError> {
        self.handle.with_store(move |store, _| store.put_note(DOOR, &id, &slot, &sent)).await
    }

    /// Finds out what the configured chat has become since it was configured.
    async fn follow_migrations(&self) -> Result<(), EngineError> {
        let Some(configured) = self.home() else { return Ok(()) };
        let home = self.handle.with_store(move |store, _| moved(store, configured)).await?;
        *lock(&self.home) = Some(home);
        Ok(())
    }

    /// A group has become a supergroup, with a new number.
    async fn migrated(&self, from: i64, to: i64) -> Result<(), EngineError> {
        tracing::warn!(
            "Telegram chat {from} is now chat {to}: put that into pager.toml in its place"
        );
        if self.home() == Some(from) {
            *lock(&self.home) = Some(to);
        }
        self.handle
            .with_store(move |store, _| {
                store.put_fact_relaxed(&migration_key(from), &to.to_string())
            })
            .await
    }
}

/// The number that a chat has now.
fn moved(store: &Store, mut chat: i64) -> Result<i64, StoreError> {
    // A group migrates once; more steps than a few are a mistake in the store.
    for _ in 0..4 {
        match store.fact(&migration_key(chat))?.and_then(|to| to.parse().ok()) {
            Some(to) => chat = to,
            None => break,
        }
    }
    Ok(chat)
}

fn migration_key(chat: i64) -> String {
    format!("telegram.migrated.{chat}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
