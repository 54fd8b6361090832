//! Sending: what stands in the outbox, prompts first, then what people are told in reply.

mod draw;
mod file;
mod invite;
mod parcel;
mod rotate;
mod send;
mod settle;
mod tell;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use pager_core::message_id::TELEGRAM_TROUBLE;
use pager_core::{ApprovalId, Machine};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::api::Failure;
use super::job::Job;
use super::state::TelegramState;
use super::throttle::{Backoff, Throttle};
use super::{DOOR, Door};
use crate::engine::EngineError;
use crate::store::Todo;

pub(super) use tell::Paused;

/// When a store that could not be read is asked again.
const STORE_RETRY: Duration = Duration::from_secs(5);

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
enum Step {
    /// It is over, well or badly.
    Over,
    /// It is to be tried again from here on.
    NotBefore(Instant),
}

/// The task that sends.
#[derive(Debug)]
pub(super) struct Outbox {
    door: Arc<Door>,
    queue: mpsc::UnboundedReceiver<Job>,
    jobs: VecDeque<Job>,
    /// The approvals whose files are on their way, with the chats they go to.
    uploads: HashSet<(ApprovalId, i64)>,
    sending: JoinSet<()>,
    throttle: Throttle,
    backoff: Backoff,
    /// While the server cannot be reached: when it is tried again.
    away_until: Option<Instant>,
}

impl Outbox {
    pub(super) fn new(door: Arc<Door>, queue: mpsc::UnboundedReceiver<Job>) -> Self {
        Self {
            door,
            queue,
            jobs: VecDeque::new(),
            uploads: HashSet::new(),
            sending: JoinSet::new(),
            throttle: Throttle::default(),
            backoff: Backoff::default(),
            away_until: None,
        }
    }

    /// Runs until it is told to stop or the engine ends.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut published = self.door.handle.published();
        let mut state = self.door.board.watch();
        if matches!(self.door.follow_migrations().await, Err(EngineError::Stopped)) {
            return;
        }
        match self.follow_token().await {
            Ok(()) => {}
            Err(EngineError::Stopped) => return,
            Err(error) => tracing::error!("whether the token was changed is not known: {error}"),
        }
        if let Err(error) = self.sweep().await {
            tracing::debug!("what Telegram no longer needs is kept: {error}");
        }
        match self.door.handle.with_store(|_, machine| Ok(pending(machine))).await {
            Ok(pending) => self.jobs.extend(pending.into_iter().map(Job::Draw)),
            Err(EngineError::Stopped) => return,
            Err(error) => tracing::warn!("what waits on Telegram is left as it stands: {error}"),
        }
        while !*stop.borrow() {
            if self.door.board.is_unauthorized() {
                // Every call would be refused: only a new configuration can change that.
                drop(stop.wait_for(|stop| *stop).await);
                return;
            }
            published.borrow_and_update();
            let door = Arc::clone(&self.door);
            let worked = {
                let _sending = door.sending.lock().await;
                self.work().await
            };
            let next = match worked {
                Ok(Some(Step::Over)) => continue,
                Ok(Some(Step::NotBefore(at))) => Some(at),
                Ok(None) => None,
                Err(EngineError::Stopped) => return,
                Err(error) => {
                    tracing::warn!("messages to Telegram wait: {error}");
                    Some(Instant::now() + STORE_RETRY)
                }
            };
            let due = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                changed = published.changed() => if changed.is_err() { return },
                Some(job) = self.queue.recv() => self.add(job),
                changed = state.changed() => {
                    // The poller has reached the server again: no need to wait longer.
                    let back = matches!(*state.borrow_and_update(), TelegramState::Connected { .. });
                    if changed.is_ok() && back {
                        self.away_until = None;
                    }
                }
                () = due => {}
            }
        }
    }

    /// Takes a job up, unless the same is to be done anyway. Guests come last.
    fn add(&mut self, job: Job) {
        if self.jobs.contains(&job) {
            return self.door.is_over(&job);
        }
        let guest = |job: &Job| self.door.is_to_guest(job);
        let first = if guest(&job) { None } else { self.jobs.iter().position(guest) };
        self.jobs.insert(first.unwrap_or(self.jobs.len()), job);
    }

    /// Does one thing, the first that can be done now. `None`: there is nothing to do.
    async fn work(&mut self) -> Result<Option<Step>, EngineError> {
        while let Ok(job) = self.queue.try_recv() {
            self.add(job);
        }
        let tasks = self.door.handle.tasks(DOOR).await?;
        if let Some(until) = self.away_until {
            if Instant::now() < until {
                let idle = tasks.is_empty() && self.jobs.is_empty();
                return Ok((!idle).then_some(Step::NotBefore(until)));
            }
            self.away_until = None;
        }
        let mut next: Option<Instant> = None;
        let mut later = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        for task in tasks {
            let step = match task.todo {
                Todo::Ask(id) => self.ask(id, task.id).await?,
                Todo::Renew(id) => self.renew(id, task.id).await?,
                Todo::Settle(id) => self.settle(id, Some(task.id)).await?,
                Todo::Tell(notice) => self.tell(&notice, task.id).await?,
            };
            match step {
                Step::Over => return Ok(Some(Step::Over)),
                Step::NotBefore(at) => later(at),
            }
            if let Some(halt) = self.halted() {
                return Ok(Some(halt));
            }
        }
        for index in 0..self.jobs.len() {
            let step = match self.jobs[index].clone() {
                Job::Say { chat, text, to } => self.say(chat, text, to).await?,
                Job::Invite { user, code } => self.invite(user, &code).await?,
                Job::Interrupted(exchange) => self.interrupted(&exchange).await?,
                Job::Settle(id) => self.settle(id, None).await?,
                Job::Draw(id) => self.draw(id).await?,
                Job::Prompt { id, chat, message, purpose } => {
                    self.prompt(id, chat, message, purpose).await?
                }
                Job::Retract { id, place } => self.retract(id, place).await?,
                Job::Details { id, chat, message } => self.details(id, chat, message).await?,
                Job::Uploaded { id, chat, message, whole, result } => {
                    self.uploaded(id, chat, message, whole, result).await?
                }
                Job::Deliver { chat, to, parcel } => self.deliver(chat, to, &parcel),
                Job::Delivered { chat, to, parcel, result } => {
                    self.delivered(chat, to, &parcel, result).await?
                }
            };
            match step {
                Step::Over => {
                    if let Some(job) = self.jobs.remove(index) {
                        self.door.is_over(&job);
                    }
                    return Ok(Some(Step::Over));
                }
                Step::NotBefore(at) => later(at),
            }
            if let Some(halt) = self.halted() {
                return Ok(Some(halt));
            }
        }
        Ok(next.map(Step::NotBefore))
    }

    /// Whether the last call has shown that the next one would fail as well.
    fn halted(&self) -> Option<Step> {
        if self.door.board.is_unauthorized() {
            return Some(Step::Over);
        }
        self.away_until.map(Step::NotBefore)
    }

    /// What follows from a failure; a task whose message can never be delivered is given up.
    async fn failed(
        &mut self,
        chat: i64,
        failure: Failure,
        task: Option<i64>,
    ) -> Result<Step, EngineError> {
        let now = Instant::now();
        match failure {
            Failure::RetryAfter(wait) => {
                tracing::debug!("Telegram takes nothing for chat {chat} for {} s", wait.as_secs());
                self.throttle.ban(chat, wait, now);
                Ok(Step::NotBefore(now + wait))
            }
            Failure::Migrated(to) if to != chat => {
                self.door.migrated(chat, to).await?;
                Ok(Step::NotBefore(now))
            }
            Failure::Unauthorized => {
                self.door.board.unauthorized();
                Ok(Step::NotBefore(now))
            }
            Failure::Unreachable { why, .. } => {
                let wait = self.backoff.next();
                tracing::debug!("a message to Telegram is tried again in {wait:.1?}: {why}");
                self.away_until = Some(now + wait);
                Ok(Step::NotBefore(now + wait))
            }
            failure => {
                let advice = advice(&failure.to_string());
                let trouble = format!("cannot write to chat {chat} ({failure}): {advice}");
                self.door.board.trouble(Some(trouble));
                tracing::debug!(message_id = TELEGRAM_TROUBLE, "a prompt was given up: {failure}");
                self.finish_some(task).await
            }
        }
    }

    fn reached(&mut self, chat: i64) {
        self.backoff.reset();
        if self.door.home() == Some(chat) {
            self.door.board.trouble(None);
        }
    }

    async fn finish(&self, task: i64) -> Result<Step, EngineError> {
        self.door.handle.finish_task(task).await?;
        Ok(Step::Over)
    }

    async fn finish_some(&self, task: Option<i64>) -> Result<Step, EngineError> {
        match task {
            Some(task) => self.finish(task).await,
            None => Ok(Step::Over),
        }
    }
}

fn pending(machine: &Machine) -> Vec<ApprovalId> {
    machine.pending().map(|approval| approval.id).collect()
}

/// What a person can do about a message that cannot be delivered.
fn advice(why: &str) -> &'static str {
    if why.contains("blocked") {
        "unblock the bot there and send it /start"
    } else if why.contains("initiate conversation") || why.contains("chat not found") {
        "open the chat with the bot and send it /start, or correct telegram.chat"
    } else if why.contains("kicked") || why.contains("not a member") {
        "let the bot into that group again, or set another telegram.chat"
    } else {
        "look at telegram.chat; the other doors work on"
    }
}
