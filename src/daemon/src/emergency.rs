//! What a panic does beyond the engine: the agents' units are stopped, and what is known is kept as
//! evidence. Everything is shut before any of it begins, and stays shut whatever becomes of it.

mod bundle;
mod folder;
mod journal;
mod units;

use std::path::PathBuf;
use std::sync::Arc;

use pager_config::Sources;
use pager_core::access::Principal;
use pager_core::{
    AccessCommand, Actor, Approval, Command, Lock, Machine, News, Phase, Process, Session,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::engine::{EngineError, Handle};
use crate::faults::{self, Point};
use crate::host::process::lives;

/// Where it is written down for which panic everything was done.
const DONE: &str = "panic.done";

/// Where everything is that a panic has to do with.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder of the state, beneath which the evidence is kept.
    pub state_dir: PathBuf,
    /// The files that the configuration is read from.
    pub sources: Sources,
    /// The person's policy.
    pub policy: Option<PathBuf>,
    /// The D-Bus address where the service manager is spoken to.
    pub bus: Option<String>,
    /// The journalctl(1) to be run.
    pub journalctl: PathBuf,
}

impl Place {
    /// A state and a configuration, and nothing else yet.
    pub fn new(state_dir: impl Into<PathBuf>, sources: Sources) -> Self {
        Self {
            state_dir: state_dir.into(),
            sources,
            policy: None,
            bus: None,
            journalctl: PathBuf::from("/usr/bin/journalctl"),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The units that were stopped.
    pub stopped: Vec<String>,
    /// The agents that still run, and what can be done about each.
    pub left: Vec<String>,
    /// The folder with the evidence; empty where none could be made.
    pub evidence: String,
    /// What is missing in it, and why.
    pub missing: Vec<String>,
}

/// Who does it: once for each panic, also for one whose daemon did not get to it.
#[derive(Debug)]
pub struct Emergency {
    handle: Handle,
    place: Place,
    acting: Mutex<()>,
}

/// What was known when it began.
#[derive(Debug)]
struct Known {
    lock: Option<Lock>,
    sessions: Vec<Session>,
    approvals: Vec<Approval>,
    principals: Vec<Principal>,
}

impl Known {
    fn of(machine: &Machine) -> Self {
        Self {
            lock: machine.locked().cloned(),
            sessions: machine.sessions().cloned().collect(),
            approvals: machine.approvals().cloned().collect(),
            principals: machine.principals().cloned().collect(),
        }
    }

    /// The agents that live.
    fn running(&self) -> Vec<units::Running> {
        let agent = |session: &Session| Some((session.origin.as_ref()?.agent?, session.clone()));
        let mut seen: Vec<Process> = Vec::new();
        let live = self.sessions.iter().filter(|session| session.phase != Phase::Ended);
        live.filter_map(agent)
            .filter(|(process, _)| lives(process))
            .filter(|(process, _)| {
                let new = !seen.contains(process);
                seen.push(*process);
                new
            })
            .map(|(process, session)| units::Running {
                process,
                who: format!("{} in {}", session.agent.title(), session.label),
            })
            .collect()
    }
}

impl Emergency {
    /// Nothing has happened yet.
    pub fn new(handle: Handle, place: Place) -> Arc<Self> {
        Arc::new(Self { handle, place, acting: Mutex::default() })
    }

    /// Shuts everything, and does all else; where everything is shut already, all else is done again.
    ///
    /// # Errors
    /// The engine's: nothing is shut then.
    pub async fn begin(&self, actor: Actor, reason: String) -> Result<Report, EngineError> {
        let _acting = self.acting.lock().await;
        self.handle.submit(actor, Command::Access(AccessCommand::Lock { reason })).await?;
        self.act().await
    }

    /// Does what is to be done for a panic that began at another door, or before this daemon did.
    pub async fn watch(self: Arc<Self>) {
        let mut published = self.handle.published();
        loop {
            published.borrow_and_update();
            let acting = self.acting.lock().await;
            match self.is_due().await {
                Ok(true) => {
                    if let Err(error) = self.act().await {
                        tracing::error!("what a panic does could not be written down: {error}");
                    }
                }
                Ok(false) => {}
                Err(EngineError::Stopped) => return,
                Err(error) => tracing::error!("whether there is a panic is not known: {error}"),
            }
            drop(acting);
            if published.changed().await.is_err() {
                return;
            }
        }
    }

    async fn is_due(&self) -> Result<bool, EngineError> {
        self.handle
            .with_store(|store, machine| {
                let Some(lock) = machine.locked() else { return Ok(false) };
                Ok(store.fact(DONE)?.is_none_or(|done| done != lock.at.to_string()))
            })
            .await
    }

    async fn act(&self) -> Result<Report, EngineError> {
        faults::pass(Point::Locked);
        let known = self.handle.with_store(|_, machine| Ok(Known::of(machine))).await?;
        let at = known.lock.as_ref().map(|lock| lock.at);
        let units::Done { stopped, left } =
            units::stop(self.place.bus.as_deref(), known.running()).await;
        let mut report = Report { stopped, left, ..Report::default() };
        let (place, so_far) = (self.place.clone(), report.clone());
        let written = tokio::task::spawn_blocking(move || bundle::write(&place, &known, &so_far));
        match written.await {
            Ok(Ok((path, missing))) => {
                report.evidence = path.display().to_string();
                report.missing = missing;
            }
            Ok(Err(error)) => report.missing.push(format!("there is no evidence folder: {error}")),
            Err(error) => report.missing.push(format!("the evidence was not written: {error}")),
        }
        let news = News::Secured {
            stopped: report.stopped.clone(),
            left: report.left.clone(),
            evidence: report.evidence.clone(),
            missing: report.missing.clone(),
        };
        let told = self.handle.submit(Actor::Pager, Command::Report { session: None, news }).await;
        if let Err(error) = told {
            tracing::error!("what a panic has done could not be written down: {error}");
        }
        if let Some(at) = at {
            let done =
                self.handle.with_store(move |store, _| store.put_fact(DONE, &at.to_string()));
            if let Err(error) = done.await {
                tracing::error!("a panic may be acted on again: {error}");
            }
        }
        Ok(report)
    }
}
