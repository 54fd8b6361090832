//! The person's policy: kept, read anew, and asked before anybody is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pager_core::approval::Input;
use pager_core::message_id::CONFIG_REFUSED;
use pager_core::session::label_for;
use pager_core::{
    Actor, Agent, Approval, Command, Facts, Judgement, Request, Require, Ruling, SessionId,
};
use pager_policy::{Call, Disk, Files, Place, Policy, add_locals};
use tokio::sync::{RwLock, RwLockReadGuard, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::engine::{EngineError, Handle};
use crate::panics::contained;

/// How long the disk may take to say where the paths of a call lead.
const WITHIN: Duration = Duration::from_secs(2);
/// How many calls may be judged at once. Those that wait for a disk that never answers keep their
/// place, so that there is never more than this of them.
const AT_ONCE: usize = 8;

/// The policy in force.
#[derive(Debug)]
pub struct Keeper {
    path: Option<PathBuf>,
    place: Place,
    policy: RwLock<Policy>,
    /// What is wrong with the file, if anything is.
    trouble: watch::Sender<Option<String>>,
    turns: Arc<Semaphore>,
}

impl Keeper {
    /// Reads the policy at `path`. Where it is wrong, everything is asked until it has been mended
    /// and read anew.
    ///
    /// # Errors
    /// The built-in rules cannot be used on this machine.
    pub fn open(path: Option<PathBuf>, place: Place) -> Result<Self, pager_policy::TooMuch> {
        let (policy, trouble) = match read(path.as_deref(), &place) {
            Ok(policy) => (policy, None),
            Err(errors) => {
                let text = format!("everything is asked, as the policy is wrong:\n{errors}");
                tracing::error!(message_id = CONFIG_REFUSED, "{text}");
                (Policy::new(&place, None, &Disk)?, Some(errors))
            }
        };
        Ok(Self {
            path,
            place,
            policy: RwLock::new(policy),
            trouble: watch::Sender::new(trouble),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Tells whether the file is wrong.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// Reads the file anew, and judges by it what is pending. Where it is wrong, the policy in force
    /// stays in force.
    ///
    /// # Errors
    /// What is wrong, for the person who asked for it.
    pub async fn reload(&self, handle: &Handle) -> Result<(), String> {
        match read(self.path.as_deref(), &self.place) {
            Ok(policy) => {
                // Whoever is judging has written down what came of it once we have the lock, so
                // that nothing asked before is missed.
                let mut current = self.policy.write().await;
                let changed = current.hash() != policy.hash();
                *current = policy;
                self.trouble.send_replace(None);
                if changed {
                    tracing::info!("the policy was read anew: {} rules", current.rules());
                }
                self.judge_pending(&current, handle).await.map_err(|error| error.to_string())
            }
            Err(errors) => {
                let text = format!("the policy in force stays, as the new one is wrong:\n{errors}");
                tracing::error!(message_id = CONFIG_REFUSED, "{text}");
                self.trouble.send_replace(Some(errors));
                Err(text)
            }
        }
    }

    /// Judges what waited when the daemon was started, as the file may have been changed since it was
    /// asked. Where the file is wrong, what was said of it then stays.
    pub async fn judge_left(&self, handle: &Handle) {
        let policy = self.policy.read().await;
        if self.trouble.borrow().is_some() {
            return;
        }
        if let Err(error) = self.judge_pending(&policy, handle).await {
            tracing::error!("what waits could not be judged anew: {error}");
        }
    }

    async fn judge_pending(&self, policy: &Policy, handle: &Handle) -> Result<(), EngineError> {
        let mut judgements = Vec::new();
        for approval in handle.snapshot().await?.approvals {
            if approval.is_pending() {
                let judgement = self.judge(policy, Asked::before(&approval)).await;
                judgements.push((approval.id, judgement));
            }
        }
        if !judgements.is_empty() {
            handle.submit(Actor::Pager, Command::Rejudge { judgements }).await?;
        }
        Ok(())
    }

    /// Adds to a question what the policy says of it; other commands stay as they are. The policy is
    /// not changed before the guard is dropped: when the command has been submitted.
    pub async fn advise(
        &self,
        handle: &Handle,
        command: &mut Command,
    ) -> RwLockReadGuard<'_, Policy> {
        let policy = self.policy.read().await;
        if let Command::Ask { facts, request } = command {
            let asked = Asked::now(handle, facts, request).await;
            request.judgement = Some(self.judge(&policy, asked).await);
        }
        policy
    }

    async fn judge(&self, policy: &Policy, asked: Asked) -> Judgement {
        let asked = Arc::new(asked);
        let judged = {
            let (policy, asked, turns) =
                (policy.clone(), Arc::clone(&asked), Arc::clone(&self.turns));
            timeout(WITHIN, async move {
                let turn = turns.acquire_owned().await.ok()?;
                let judged = spawn_blocking(move || {
                    let judgement = contained(|| {
                        let policy = add_locals(&policy, Path::new(&asked.cwd));
                        asked.judge(&policy, &Disk)
                    });
                    drop(turn);
                    judgement
                });
                judged.await.ok().flatten()
            })
            .await
        };
        if let Ok(Some(judgement)) = judged {
            return judgement;
        }
        tracing::warn!("the policy was asked without the disk, which did not answer in time");
        let blind = policy.clone();
        let judged = spawn_blocking(move || contained(|| asked.judge(&blind, &NoDisk)));
        // It may be the call that takes so long, and not the disk.
        let judged = timeout(WITHIN, judged).await.ok().and_then(Result::ok).flatten();
        let judged = judged.filter(|judgement| judgement.ruling != Ruling::Allow);
        judged.unwrap_or_else(|| Judgement {
            policy: policy.hash().clone(),
            ruling: Ruling::Ask,
            rule: None,
            reason: String::new(),
            require: Require::default(),
        })
    }
}

fn read(path: Option<&Path>, place: &Place) -> Result<Policy, String> {
    let policy = match path {
        Some(path) => pager_policy::load(path, place),
        None => return Policy::new(place, None, &Disk).map_err(|error| error.to_string()),
    };
    policy.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// A call, with all that a thread of its own needs to judge it.
#[derive(Debug)]
struct Asked {
    agent: Agent,
    tool: String,
    input: Input,
    cwd: String,
    label: String,
}

impl Asked {
    /// A call that is being asked now.
    async fn now(handle: &Handle, facts: &Facts, request: &Request) -> Self {
        let (cwd, label) = known(handle, facts.session.clone()).await.unwrap_or_default();
        let cwd = facts.cwd.clone().unwrap_or(cwd);
        // The session may be new: it is called what it will be called.
        let label = if label.is_empty() { label_for(&cwd, &facts.session) } else { label };
        let Request { tool, input, .. } = request;
        Self { agent: facts.agent.clone(), tool: tool.clone(), input: input.clone(), cwd, label }
    }

    /// A call that was asked before.
    fn before(approval: &Approval) -> Self {
        let Approval { agent, tool, input, cwd, label, .. } = approval;
        Self {
            agent: agent.clone(),
            tool: tool.clone(),
            input: input.clone(),
            cwd: cwd.clone(),
            label: label.clone(),
        }
    }

    fn judge(&self, policy: &Policy, files: &dyn Files) -> Judgement {
        let call = Call {
            agent: self.agent.as_str(),
            tool: &self.tool,
            input: self.input.text(),
            cwd: Path::new(&self.cwd),
            label: &self.label,
        };
        policy.judge(call, files, Timestamp::now())
    }
}

/// The folder and the label of a session.
async fn known(handle: &Handle, session: SessionId) -> Option<(String, String)> {
    let found = handle
        .with_store(move |_, machine| {
            let session = machine.sessions().find(|known| known.id == session);
            Ok(session.map(|session| (session.cwd.clone(), session.label.clone())))
        })
        .await;
    found.ok().flatten()
}

/// A disk that does not answer: paths are taken as they are written.
struct NoDisk;

impl Files for NoDisk {
    fn link(&self, _: &Path) -> io::Result<Option<PathBuf>> {
        Ok(None)
    }

    fn exists(&self, _: &Path) -> bool {
        // Better to take a word for a file than to miss one.
        true
    }
}
