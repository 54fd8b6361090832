//! What every object on a connection has at hand.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use pager_core::message_id::APPROVAL_REFUSED;
use pager_core::{Actor, Approval, ApprovalId, Assurance, Command, News, Verdict};
use zbus::Connection;
use zbus::message::Header;

use super::caller::{Caller, Callers, authorise};
use super::error::Error;
use super::jobs::Jobs;
use super::kinship::{KnownAgent, recognise};
use super::polkit::Polkit;
use super::{Controls, restart::SessionBus};
use crate::engine::Handle;
use crate::host::lineage::Lineage;
use crate::host::process::lives;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) handle: Handle,
    pub(super) controls: Controls,
    pub(super) jobs: Jobs,
    pub(super) session_bus: SessionBus,
    pub(super) polkit: Polkit,
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
        Ok(self.caller(connection, header).await?.1)
    }

    /// The process that calls, and whose calls they are, if they may act here.
    async fn caller(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<(Caller, Actor), Error> {
        let caller = self.callers.identify(connection, header).await?;
        let actor = authorise(&caller).inspect_err(|error| refused(&caller, error))?;
        Ok((caller, actor))
    }

    /// The same, and how it is known to live with an agent, if it does.
    async fn kin(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<(Caller, Actor, Option<String>), Error> {
        let (caller, actor) = self.caller(connection, header).await?;
        let kinship = self.kinship(&caller).await.inspect_err(|error| refused(&caller, error))?;
        Ok((caller, actor, kinship))
    }

    /// Who calls, if they may decide what is the person's to decide: nothing that lives with an agent.
    pub(super) async fn person(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Actor, Error> {
        let (caller, actor, kinship) = self.kin(connection, header).await?;
        let Some(how) = kinship else { return Ok(actor) };
        let error = self_approval(&how);
        refused(&caller, &error);
        Err(error)
    }

    /// Who calls, if they may decide who else does: as [`Context::person`], and whatever lives with
    /// an agent is not only refused but written down and told.
    pub(super) async fn governor(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Actor, Error> {
        let (caller, actor, kinship) = self.kin(connection, header).await?;
        let Some(how) = kinship else { return Ok(actor) };
        let deed = header.member().map(ToString::to_string).unwrap_or_default();
        self.report(&caller, actor, News::Meddled { deed, how: how.clone() }).await;
        Err(self_approval(&how))
    }

    /// Has it written down that something was refused, and the person told.
    async fn report(&self, caller: &Caller, actor: Actor, news: News) {
        if let News::SelfApproval { how, .. } | News::Meddled { how, .. } = &news {
            refused(caller, &self_approval(how));
        }
        let report = Command::Report { session: None, news };
        if let Err(error) = self.handle().submit(actor, report).await {
            tracing::error!("could not be written down: {error}");
        }
    }

    /// Who calls, whoever it is, and how it is known to live with an agent, if it does.
    pub(super) async fn anyone(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<(Actor, Option<String>), Error> {
        let (caller, actor) = self.caller(connection, header).await?;
        // What cannot be looked at shuts everything all the same.
        Ok((actor, self.kinship(&caller).await.unwrap_or_default()))
    }

    /// How the caller is known to live with an agent, if it is.
    async fn kinship(&self, caller: &Caller) -> Result<Option<String>, Error> {
        let lineages = caller.lineages()?;
        let agents = self.agents().await?;
        let transient = |unit: &str| {
            let dir = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            dir.is_some_and(|dir| dir.join("systemd/transient").join(unit).exists())
        };
        Ok(lineages.iter().find_map(|lineage| recognise(lineage, &agents, transient)))
    }

    /// Every agent that lives and has ever spoken for a session, or asked something that waits.
    async fn agents(&self) -> Result<Vec<KnownAgent>, Error> {
        let origins = self.handle().with_store(|_, machine| {
            let sessions = machine.sessions().map(|session| (&session.origin, &session.label));
            let asking = machine.pending().map(|approval| (&approval.origin, &approval.label));
            let known = sessions.chain(asking).filter_map(|(origin, label)| {
                let origin = origin.as_ref()?;
                Some((origin.agent?, (origin.program.clone(), label.clone())))
            });
            Ok(known.collect::<HashMap<_, _>>())
        });
        let known = origins.await?.into_iter().filter_map(|(process, (program, label))| {
            // One that has ended is not walked up from: there may be many of them.
            let lineage = lives(&process).then(|| Lineage::of(process.pid))??;
            let same = lineage.own().is_some_and(|own| own.process == process);
            same.then_some(KnownAgent { process, program, label, lineage })
        });
        Ok(known.collect())
    }

    /// Brings a caller's verdict before the engine: the one way a verdict comes through this door.
    pub(super) async fn resolve(
        &self,
        connection: &Connection,
        header: &Header<'_>,
        id: ApprovalId,
        verdict: Verdict,
    ) -> Result<(), Error> {
        let (caller, actor, kinship) = self.kin(connection, header).await?;
        if let Some(how) = kinship {
            let error = self_approval(&how);
            self.report(&caller, actor, News::SelfApproval { approval: id, how }).await;
            return Err(error);
        }
        let assurance = self.assurance(&caller, id, &verdict).await;
        let assurance = assurance.inspect_err(|error| refused(&caller, error))?;
        let command = Command::Resolve { id, verdict, message_id: None, assurance };
        self.handle().submit(actor, command).await?;
        Ok(())
    }

    /// Has the person authenticate where their policy wants that for this verdict.
    async fn assurance(
        &self,
        caller: &Caller,
        id: ApprovalId,
        verdict: &Verdict,
    ) -> Result<Assurance, Error> {
        let approval = self.handle().approval(id).await?;
        let wanted = |approval: &Approval| approval.is_pending() && approval.require().polkit;
        if !verdict.is_yes() || !approval.as_ref().is_some_and(wanted) {
            return Ok(Assurance::Door);
        }
        let lineage = caller.lineage.as_ref().and_then(Lineage::own);
        let Some(own) = lineage else { return Ok(Assurance::Door) };
        let settled = async { drop(self.handle().resolution(id).await) };
        // One dialog of one caller's, and no other, is taken down by this name.
        let name = format!("{id}-{}", own.process);
        let polkit = &self.shared.polkit;
        let done = polkit.authenticate(own.process, caller.uid, &name, settled).await?;
        Ok(if done { Assurance::Polkit } else { Assurance::Door })
    }
}

fn self_approval(how: &str) -> Error {
    Error::SelfApproval(format!(
        "{how}, and what an agent runs decides nothing: a person does, in a terminal of their own or \
         at another door; pager-security(7) tells more"
    ))
}

fn refused(caller: &Caller, error: &Error) {
    let Caller { uid, program, .. } = caller;
    tracing::warn!(message_id = APPROVAL_REFUSED, uid, program, "refused a call: {error}");
}

/// D-Bus strings cannot hold a zero byte, and one that did would make the whole reply unreadable.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "␀")
}
