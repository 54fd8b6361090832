//! What every object on a connection has at hand.

use std::sync::Arc;

use pager_core::message_id::APPROVAL_REFUSED;
use pager_core::{Actor, ApprovalId, Command, Verdict};
use zbus::Connection;
use zbus::message::Header;

use super::caller::{Callers, authorise};
use super::error::Error;
use super::jobs::Jobs;
use super::{Controls, restart::SessionBus};
use crate::engine::Handle;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) handle: Handle,
    pub(super) controls: Controls,
    pub(super) jobs: Jobs,
    pub(super) session_bus: SessionBus,
}

/// What the objects of one connection share; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) shared: Arc<Shared>,
    callers: Callers,
}

impl Context {
    pub(super) fn new(shared: Arc<Shared>, callers: Callers) -> Self {
        Self { shared, callers }
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.shared.handle
    }

    /// Who calls, if they may act here.
    pub(super) async fn actor(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Actor, Error> {
        let caller = self.callers.identify(connection, header).await?;
        let authorised = authorise(&caller);
        if let Err(error) = &authorised {
            tracing::warn!(
                message_id = APPROVAL_REFUSED,
                uid = caller.uid,
                program = caller.program,
                "refused a call: {error}"
            );
        }
        authorised
    }

    /// Brings a caller's verdict before the engine: the one way a verdict comes through this door.
    pub(super) async fn resolve(
        &self,
        connection: &Connection,
        header: &Header<'_>,
        id: ApprovalId,
        verdict: Verdict,
    ) -> Result<(), Error> {
        let actor = self.actor(connection, header).await?;
        let command = Command::resolve(id, verdict);
        self.handle().submit(actor, command).await?;
        Ok(())
    }
}

/// D-Bus strings cannot hold a zero byte, and one that did would make the whole reply unreadable.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "␀")
}
