//! The engine: the one task that owns the machine and the store.
//!
//! For every command: decide, make durable, apply, publish, reply. Nobody is told of anything that
//! is not on the disk, and a commit that fails changes nothing. It runs on a thread of its own, so
//! that a slow disk holds up no socket.

mod clock;
mod handle;
mod journal;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pager_core::access::Rules;
use pager_core::{
    Actor, Approval, ApprovalId, Command, Context, Event, Limits, Machine, Process, Refusal, Reply,
    Resolution, Session,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};

pub use clock::{Clock, SystemClock};
pub use handle::{EngineError, FindError, Handle};

use crate::faults::{self, Point};
use crate::store::{Commit, Store, StoreError};

/// How often time is looked at even if no deadline is near: after a suspend the monotonic clock
/// that timers run on is behind.
const TICK: Duration = Duration::from_secs(20);

/// How often what nobody needs any more is deleted, and how long after the start at the earliest.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(24);
const PRUNE_AFTER_START: SignedDuration = SignedDuration::from_mins(10);

/// What the engine is told by the configuration and by its host.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long an approval waits for a person.
    pub window: SignedDuration,
    /// The doors whose effects go through the outbox.
    pub doors: Vec<&'static str>,
    /// How much is too much.
    pub limits: Limits,
    /// How many different people must say yes.
    pub needed: u32,
    /// Who may do what.
    pub rules: Arc<Rules>,
    /// Tells whether a process still lives.
    pub lives: fn(&Process) -> bool,
}

impl Options {
    /// Options with the default limits, on this machine.
    pub fn new(window: SignedDuration, doors: Vec<&'static str>) -> Self {
        let (limits, rules) = (Limits::DEFAULT, Arc::default());
        Self { window, doors, limits, needed: 1, rules, lives: crate::host::process::lives }
    }
}

/// The state as it was after event `seq`.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The number of the last event in it.
    pub seq: u64,
    /// The approvals at hand, pending and settled lately.
    pub approvals: Vec<Approval>,
    /// The sessions at hand.
    pub sessions: Vec<Session>,
}

/// Whether what is asked can be made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Yes.
    Ready,
    /// The last commit failed; requests are refused until one succeeds.
    Degraded {
        /// Why.
        why: String,
    },
}

/// A beat of the engine's heart, for the watchdog of whoever supervises it.
pub struct Heartbeat {
    /// How often.
    pub every: Duration,
    /// What to do then.
    pub beat: Box<dyn FnMut() + Send>,
}

impl std::fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heartbeat").field("every", &self.every).finish_non_exhaustive()
    }
}

type StoreWork = Box<dyn FnOnce(&mut Store, &Machine) + Send>;

enum Job {
    Submit {
        actor: Actor,
        command: Box<Command>,
        /// How long what is asked waits, where it is not the configured time.
        window: Option<SignedDuration>,
        reply: oneshot::Sender<Result<Reply, EngineError>>,
    },
    Snapshot {
        reply: oneshot::Sender<Snapshot>,
    },
    AwaitResolution {
        id: ApprovalId,
        reply: oneshot::Sender<Resolution>,
    },
    Work(StoreWork),
    Configure(Options),
    Stop,
}

/// The engine, ready to be run.
pub struct Engine<C> {
    machine: Machine,
    store: Store,
    clock: C,
    options: Options,
    heartbeat: Option<Heartbeat>,
    jobs: mpsc::Receiver<Job>,
    published: watch::Sender<u64>,
    health: watch::Sender<Health>,
    waiters: HashMap<ApprovalId, Vec<oneshot::Sender<Resolution>>>,
    next_prune: Timestamp,
}

impl<C: Clock> Engine<C> {
    /// Takes up the state where the store left it; returns the engine and the way to speak to it.
    ///
    /// # Errors
    /// A store that cannot be read whole: the state is not guessed at.
    pub fn new(
        store: Store,
        clock: C,
        options: Options,
        heartbeat: Option<Heartbeat>,
    ) -> Result<(Self, Handle), StoreError> {
        let (machine, seq) = store.load()?;
        let (sender, jobs) = mpsc::channel(256);
        let (published, subscription) = watch::channel(seq);
        let (health, condition) = watch::channel(Health::Ready);
        let handle = Handle::new(sender, subscription, condition);
        let next_prune = clock.now().saturating_add(PRUNE_AFTER_START).unwrap_or(Timestamp::MAX);
        let engine = Self {
            machine,
            store,
            clock,
            options,
            heartbeat,
            jobs,
            published,
            health,
            waiters: HashMap::new(),
            next_prune,
        };
        Ok((engine, handle))
    }

    /// Runs until it is told to stop or nobody can speak to it any more.
    pub async fn run(mut self) {
        let beat_every = self.heartbeat.as_ref().map_or(TICK, |heartbeat| heartbeat.every);
        let mut beat = tokio::time::interval(beat_every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.tick();
        let mut next_tick = self.next_tick();
        loop {
            tokio::select! {
                biased;
                _ = beat.tick() => if let Some(heartbeat) = &mut self.heartbeat {
                    (heartbeat.beat)();
                },
                () = tokio::time::sleep_until(next_tick) => {
                    self.tick();
                    next_tick = self.next_tick();
                }
                job = self.jobs.recv() => match job {
                    Some(Job::Stop) | None => return,
                    Some(job) => {
                        self.serve(job);
                        next_tick = self.next_tick();
                    }
                },
            }
        }
    }

    fn serve(&mut self, job: Job) {
        // A reply nobody waits for any more is no error: the fact stands.
        match job {
            Job::Submit { actor, command, window, reply } => {
                let answer = self.submit(&actor, *command, window);
                drop(reply.send(answer));
                faults::pass(Point::Effects);
            }
            Job::Snapshot { reply } => {
                drop(reply.send(Snapshot {
                    seq: *self.published.borrow(),
                    approvals: self.machine.approvals().cloned().collect(),
                    sessions: self.machine.sessions().cloned().collect(),
                }));
            }
            Job::AwaitResolution { id, reply } => self.await_resolution(id, reply),
            Job::Work(work) => work(&mut self.store, &self.machine),
            Job::Configure(options) => {
                self.options = options;
            }
            Job::Stop => {}
        }
    }

    fn submit(
        &mut self,
        actor: &Actor,
        command: Command,
        window: Option<SignedDuration>,
    ) -> Result<Reply, EngineError> {
        let mut fresh = [0; 16];
        rustix::rand::getrandom(&mut fresh[..], rustix::rand::GetRandomFlags::empty())
            .map_err(|error| EngineError::StoreUnavailable(format!("no randomness: {error}")))?;
        let window = window.unwrap_or(self.options.window);
        let context = Context {
            limits: self.options.limits,
            needed: self.options.needed,
            rules: self.options.rules.clone(),
            agent_lives: self.agent_lives(&command),
            ..Context::new(self.clock.now(), fresh, window)
        };
        let outcome = self.machine.handle(&context, actor, command);
        if !outcome.events.is_empty() {
            self.commit(&outcome.events, &outcome.effects)?;
        }
        outcome.reply.map_err(|refusal| self.explain(refusal))
    }

    /// Whether the process that the command's session is bound to still lives.
    fn agent_lives(&self, command: &Command) -> bool {
        let (Command::Observe { facts, .. } | Command::Ask { facts, .. }) = command else {
            return false;
        };
        let bound =
            self.machine.session(&facts.session).and_then(|session| session.origin.as_ref());
        bound.and_then(|origin| origin.agent.as_ref()).is_some_and(self.options.lives)
    }

    fn commit(
        &mut self,
        events: &[Event],
        effects: &[pager_core::Effect],
    ) -> Result<(), EngineError> {
        let commit = Commit { machine: &self.machine, events, effects, doors: &self.options.doors };
        let committed = match self.store.commit(commit) {
            Ok(committed) => committed,
            Err(error) => {
                tracing::error!(
                    message_id = pager_core::message_id::STORE_TROUBLE,
                    "nothing can be decided, as nothing can be written down: {error}"
                );
                self.health.send_replace(Health::Degraded { why: error.to_string() });
                return Err(EngineError::StoreUnavailable(error.to_string()));
            }
        };
        faults::pass(Point::Apply);
        for (event, record) in events.iter().zip(&committed.evidence) {
            self.machine.apply(event);
            journal::log(&self.machine, event, record.as_ref());
        }
        self.published.send_replace(committed.seq);
        self.health.send_if_modified(|health| {
            let recovered = *health != Health::Ready;
            *health = Health::Ready;
            recovered
        });
        for event in events {
            if let Event::ApprovalResolved { id, resolution } = event {
                for waiter in self.waiters.remove(id).into_iter().flatten() {
                    drop(waiter.send(resolution.clone()));
                }
            }
        }
        Ok(())
    }

    /// An approval the machine has forgotten is still known to the store.
    fn explain(&self, refusal: Refusal) -> EngineError {
        if let Refusal::NotFound(id) = &refusal
            && let Ok(id) = id.parse()
            && let Ok(Some(Approval { resolution: Some(resolution), .. })) =
                self.store.approval(&id)
        {
            return EngineError::Refused(Refusal::AlreadyResolved(resolution));
        }
        EngineError::Refused(refusal)
    }

    fn await_resolution(&mut self, id: ApprovalId, reply: oneshot::Sender<Resolution>) {
        let known = match self.machine.approval(&id) {
            Some(approval) => approval.resolution.clone(),
            None => {
                self.store.approval(&id).ok().flatten().and_then(|approval| approval.resolution)
            }
        };
        if let Some(resolution) = known {
            drop(reply.send(resolution));
        } else if self.machine.approval(&id).is_some() {
            let waiters = self.waiters.entry(id).or_default();
            waiters.retain(|waiter| !waiter.is_closed());
            waiters.push(reply);
        }
        // Of an unknown approval nothing will ever be said: the sender is dropped.
    }

    fn tick(&mut self) {
        if let Err(error) = self.submit(&Actor::Timeout, Command::Tick, None) {
            tracing::warn!("what is due could not be done: {error}");
        }
        let now = self.clock.now();
        if now >= self.next_prune {
            self.next_prune = now.saturating_add(PRUNE_EVERY).unwrap_or(Timestamp::MAX);
            if let Err(error) = self.store.prune(now) {
                tracing::warn!("what is long over could not be deleted: {error}");
            }
        }
    }

    fn next_tick(&self) -> Instant {
        let until = self.machine.next_deadline(self.clock.now()).map_or(TICK, |deadline| {
            Duration::try_from(deadline.duration_since(self.clock.now())).unwrap_or_default()
        });
        // After a failed commit a deadline may lie in the past: not sooner than every 100 ms, then.
        Instant::now() + until.clamp(Duration::from_millis(100), TICK)
    }
}

#[cfg(test)]
mod tests;
