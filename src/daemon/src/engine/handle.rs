//! The way to speak to the engine, for every ingress and every surface alike.

use jiff::SignedDuration;
use pager_core::{Actor, Approval, ApprovalId, Command, Machine, Refusal, Reply, Resolution};
use tokio::sync::{mpsc, oneshot, watch};

use super::{Health, Job, Options, Snapshot};
use crate::store::{Logged, Store, StoreError, Task};

/// Why the engine did not do what was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// The machine refused; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be made durable; nothing changed.
    #[error("nothing was decided, as the state cannot be written or read: {0}")]
    StoreUnavailable(String),
    /// The daemon is stopping.
    #[error("pagerd is stopping")]
    Stopped,
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        Self::StoreUnavailable(error.to_string())
    }
}

/// Why a text names no single approval.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FindError {
    /// There is none.
    #[error("there is no approval {0}")]
    NotFound(String),
    /// It is short for more than one.
    #[error("{0} is short for more than one approval: give more of its digits")]
    Ambiguous(String),
    /// The state could not be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Speaks to the engine; cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    jobs: mpsc::Sender<Job>,
    published: watch::Receiver<u64>,
    health: watch::Receiver<Health>,
}

impl Handle {
    pub(super) fn new(
        jobs: mpsc::Sender<Job>,
        published: watch::Receiver<u64>,
        health: watch::Receiver<Health>,
    ) -> Self {
        Self { jobs, published, health }
    }

    /// Asks for a change. The answer comes when it is durable.
    ///
    /// # Errors
    /// [`EngineError`]; nothing has changed then.
    pub async fn submit(&self, actor: Actor, command: Command) -> Result<Reply, EngineError> {
        self.submit_within(actor, command, None).await
    }

    /// As [`Handle::submit`]; what is asked by it waits for `window` in place of the configured time.
    ///
    /// # Errors
    /// [`EngineError`]; nothing has changed then.
    pub async fn submit_within(
        &self,
        actor: Actor,
        command: Command,
        window: Option<SignedDuration>,
    ) -> Result<Reply, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Submit { actor, command: Box::new(command), window, reply }).await?;
        answer.await.map_err(|_| EngineError::Stopped)?
    }

    /// The whole state at hand.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn snapshot(&self) -> Result<Snapshot, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Snapshot { reply }).await?;
        answer.await.map_err(|_| EngineError::Stopped)
    }

    /// Tells when something has happened: the number of the last event. It is a hint to ask
    /// [`Handle::events_since`], so whoever is slow misses nothing and holds up nobody.
    pub fn published(&self) -> watch::Receiver<u64> {
        self.published.clone()
    }

    /// Tells whether the store can be written.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// What has happened after event `seq`, some of it if it is much; ask again from the last.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn events_since(&self, seq: u64) -> Result<Vec<Logged>, EngineError> {
        self.with_store(move |store, _| store.events_since(seq, 256)).await
    }

    /// Waits until the approval is settled.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] when the daemon stops first, or if there is no such approval.
    pub async fn resolution(&self, id: ApprovalId) -> Result<Resolution, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::AwaitResolution { id, reply }).await?;
        answer.await.map_err(|_| EngineError::Stopped)
    }

    /// An approval of any age.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn approval(&self, id: ApprovalId) -> Result<Option<Approval>, EngineError> {
        self.with_store(move |store, machine| match machine.approval(&id) {
            Some(approval) => Ok(Some(approval.clone())),
            None => store.approval(&id),
        })
        .await
    }

    /// The one approval, of any age, whose id begins with `prefix`. Where several begin so and one
    /// of them is pending, it is meant.
    ///
    /// # Errors
    /// [`FindError`].
    pub async fn find(&self, prefix: &str) -> Result<ApprovalId, FindError> {
        let prefix = prefix.to_ascii_lowercase();
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(FindError::NotFound(prefix.chars().take(40).collect()));
        }
        let wanted = prefix.clone();
        let (pending, all) = self
            .with_store(move |store, machine| {
                let pending: Vec<_> = machine
                    .pending()
                    .map(|approval| approval.id)
                    .filter(|id| id.to_string().starts_with(&wanted))
                    .collect();
                Ok((pending, store.ids_with_prefix(&wanted)?))
            })
            .await?;
        match (pending.as_slice(), all.as_slice()) {
            ([id], _) | ([], [id]) => Ok(*id),
            ([], []) => Err(FindError::NotFound(prefix)),
            _ => Err(FindError::Ambiguous(prefix)),
        }
    }

    /// What a door still has to do.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn tasks(&self, door: &'static str) -> Result<Vec<Task>, EngineError> {
        self.with_store(move |store, _| store.tasks(door, 64)).await
    }

    /// Tells that a task is done, or can never be.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn finish_task(&self, id: i64) -> Result<(), EngineError> {
        self.with_store(move |store, _| store.finish_task(id)).await
    }

    /// Does something with the store and the machine on the engine's thread: notes, facts, look-ups.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store, &Machine) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        let work = Box::new(move |store: &mut Store, machine: &Machine| {
            drop(reply.send(work(store, machine)));
        });
        self.send(Job::Work(work)).await?;
        Ok(answer.await.map_err(|_| EngineError::Stopped)??)
    }

    /// Gives the engine new options; what is pending keeps the window it was asked with.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn configure(&self, options: Options) -> Result<(), EngineError> {
        self.send(Job::Configure(options)).await
    }

    /// Ends the engine once everything asked before is done.
    pub async fn stop(&self) {
        // Stopped already is as good.
        drop(self.send(Job::Stop).await);
    }

    async fn send(&self, job: Job) -> Result<(), EngineError> {
        self.jobs.send(job).await.map_err(|_| EngineError::Stopped)
    }
}
