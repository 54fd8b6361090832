//! The one way in for what agents say, by whichever way it has come.

mod preview;

use std::sync::Arc;

use jiff::SignedDuration;
use pager_core::{Activity, Actor, Command, Origin, Reply, Ruling};

use crate::engine::{EngineError, Handle};
use crate::policy::Keeper;

/// Brings what agents say before the engine; cheap to clone. Nothing is asked but through this.
#[derive(Debug, Clone)]
pub struct Entry {
    handle: Handle,
    policy: Arc<Keeper>,
}

impl Entry {
    /// A way to this engine, past this policy.
    pub fn new(handle: Handle, policy: Arc<Keeper>) -> Self {
        Self { handle, policy }
    }

    /// The engine.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Brings what an agent says before the engine. What it asks has been judged by the person's
    /// policy then, is known to come from that process, and shows what it would change. It waits for
    /// `window` in place of the configured time; where that is no time at all, only a rule decides.
    ///
    /// # Errors
    /// [`EngineError`]; nothing has changed then.
    pub async fn bring(
        &self,
        origin: Origin,
        mut command: Command,
        window: Option<SignedDuration>,
    ) -> Result<Reply, EngineError> {
        if let Command::Ask { facts, .. } | Command::Observe { facts, .. } = &mut command {
            facts.origin = Some(origin);
        }
        let _unchanged = self.policy.advise(&self.handle, &mut command).await;
        if let Command::Ask { facts, request } = &command
            && window.is_some_and(|window| window.is_zero())
            && request.judgement.as_ref().is_none_or(|judgement| judgement.ruling == Ruling::Ask)
        {
            let facts = facts.clone();
            command = Command::Observe { facts, activity: Activity::ToolStarting };
        }
        preview::fill(&mut command, preview::WITHIN).await;
        self.handle.submit_within(Actor::Agent, command, window).await
    }
}
