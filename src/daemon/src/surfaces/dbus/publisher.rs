//! The one who tells a connection what happens: objects that come and go, properties that change,
//! signals.
//!
//! Each connection has a publisher of its own, so that a client which does not read holds up nobody
//! else. A publisher is driven by hints and compares what is with what it has told: the machine keeps
//! a settled approval for an hour, so nothing that happened can be missed, and after trouble of any
//! sort the next look puts everything right.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use pager_core::{Approval, ApprovalId, SessionId, present};
use tokio::sync::watch;
use zbus::object_server::{Interface, SignalEmitter};
use zbus::zvariant::{ObjectPath, Value};
use zbus::{Connection, connection, fdo};

use super::access::Access;
use super::approval::{self, ApprovalObject, Marks};
use super::context::{Context, plain};
use super::job::{self, JobObject};
use super::jobs::{JobState, JobView};
use super::listing::{health_word, to_u32, warnings};
use super::look::Look;
use super::manager::Manager;
use super::names::{ROOT, approval_path, job_path, session_path};
use super::panic;
use super::session::{SessionObject, View};
use crate::engine::EngineError;

/// How long a connection may take to accept what it is told before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

type Properties = HashMap<&'static str, Value<'static>>;

/// Why a connection is no longer served.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the connection was closed")]
    Closed,
    #[error("the connection broke: {0}")]
    Broken(#[from] zbus::Error),
    #[error("the other end takes no messages")]
    Stuck,
}

/// A connection with everything on it, and what it has been told.
pub(super) struct Publisher {
    connection: Connection,
    context: Context,
    approvals: BTreeMap<ApprovalId, Marks>,
    sessions: BTreeMap<SessionId, View>,
    jobs: BTreeMap<u64, JobView>,
    manager: Properties,
    /// The last event of which the notices have been told.
    noticed: u64,
}

impl Publisher {
    /// Makes the connection and exports on it all there is.
    pub(super) async fn open(
        builder: connection::Builder<'static>,
        context: Context,
    ) -> Result<Self, Ended> {
        let opened = tokio::time::timeout(PATIENCE, async {
            let noticed = *context.handle().published().borrow();
            let look = answered(Look::take(&context).await).unwrap_or_default();
            // All there is stands on the connection before its first call can be answered.
            let mut builder = builder
                .serve_at(ROOT, fdo::ObjectManager)?
                .serve_at(ROOT, Manager::new(context.clone()))?
                .serve_at(ROOT, Access::new(context.clone()))?;
            for id in look.sessions.keys() {
                let object = SessionObject::new(context.clone(), id.clone());
                builder = builder.serve_at(session_path(id), object)?;
            }
            let mut approvals = BTreeMap::new();
            for &id in look.approvals.keys() {
                let approval = answered(context.handle().approval(id).await).flatten();
                if let Some(approval) = approval {
                    approvals.insert(id, Marks::of(&approval));
                    let object = ApprovalObject::new(context.clone(), approval);
                    builder = builder.serve_at(approval_path(&id), object)?;
                }
            }
            let mut publisher = Self {
                connection: builder.build().await?,
                context,
                approvals,
                sessions: BTreeMap::new(),
                jobs: BTreeMap::new(),
                manager: HashMap::new(),
                noticed,
            };
            publisher.manager = publisher.manager_properties(&look);
            publisher.sessions = look.sessions;
            publisher.tell_jobs().await?;
            Ok(publisher)
        });
        opened.await.unwrap_or(Err(Ended::Stuck))
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Tells what happens for as long as the connection lasts.
    pub(super) async fn run(mut self) -> Ended {
        let shared = self.context.shared.clone();
        let mut published = shared.handle.published();
        let mut health = shared.handle.health();
        let mut telegram = shared.controls.telegram_state.clone();
        let mut token_source = shared.controls.token_source.clone();
        let mut warnings = shared.controls.warnings.clone();
        let mut jobs = shared.jobs.changed();
        let connection = self.connection.clone();
        loop {
            match tokio::time::timeout(PATIENCE, self.catch_up()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(_) => return Ended::Stuck,
            }
            tokio::select! {
                () = connection.closed() => return Ended::Closed,
                () = hint(&mut published) => {}
                () = hint(&mut health) => {}
                () = hint(&mut telegram) => {}
                () = hint(&mut token_source) => {}
                () = hint(&mut warnings) => {}
                () = hint(&mut jobs) => {}
            }
        }
    }

    async fn catch_up(&mut self) -> zbus::Result<()> {
        if let Some(look) = self.look().await {
            self.tell_sessions_come(&look).await?;
            self.tell_approvals(&look).await?;
            self.tell_sessions(&look).await?;
            self.tell_manager(&look).await?;
        }
        self.tell_notices().await?;
        self.tell_jobs().await
    }

    /// An approval's object names its session's: that one comes first.
    async fn tell_sessions_come(&mut self, look: &Look) -> zbus::Result<()> {
        for id in look.sessions.keys().filter(|id| !self.sessions.contains_key(id)) {
            self.export(session_path(id), SessionObject::new(self.context.clone(), id.clone()))
                .await?;
        }
        Ok(())
    }

    async fn tell_approvals(&mut self, look: &Look) -> zbus::Result<()> {
        let mut news = Vec::new();
        for (&id, marks) in &look.approvals {
            if self.approvals.get(&id) != Some(marks) {
                news.extend(self.approval(id).await);
            }
        }
        news.sort_by_key(|approval| (approval.created, approval.id));
        for approval in &news {
            if let Entry::Vacant(unknown) = self.approvals.entry(approval.id) {
                // However it ended, it was asked first.
                unknown.insert(Marks { pending: true, ..Marks::of(approval) });
                self.export_approval(approval.clone()).await?;
                let (id, path) = (approval.id.to_string(), approval_path(&approval.id));
                let told = Manager::approval_requested(&self.root(), &id, path.as_ref()).await;
                survive(told)?;
            }
        }
        news.sort_by_key(|one| one.resolution.as_ref().map(|resolution| resolution.at));
        for approval in &news {
            let now = Marks::of(approval);
            let pending = now.pending;
            let before = self.approvals.insert(approval.id, now);
            let now = self.approvals.get(&approval.id);
            if before.as_ref() == now {
                continue;
            }
            let path = approval_path(&approval.id);
            let same =
                before.as_ref().map(|marks| &marks.changing) == now.map(|marks| &marks.changing);
            let stale: &[&str] = if same { &[] } else { &[approval::BODY] };
            let changes = approval::changing(approval);
            self.changed::<ApprovalObject>(path.as_ref(), changes, stale).await?;
            if !pending {
                let (state, by) = approval::standing(approval);
                let id = approval.id.to_string();
                survive(Manager::approval_resolved(&self.root(), &id, state, &by).await)?;
            }
        }
        let gone = self.approvals.keys().filter(|id| !look.approvals.contains_key(id));
        for id in gone.copied().collect::<Vec<_>>() {
            self.approvals.remove(&id);
            self.retract::<ApprovalObject>(approval_path(&id).as_ref()).await?;
        }
        Ok(())
    }

    async fn tell_sessions(&mut self, look: &Look) -> zbus::Result<()> {
        for (id, view) in &look.sessions {
            let before = self.sessions.insert(id.clone(), view.clone());
            if let Some(before) = &before {
                let changes = view.changed_since(before);
                self.changed::<SessionObject>(session_path(id).as_ref(), changes, &[]).await?;
            }
            if before.is_none_or(|before| before.state != view.state) {
                let told = Manager::session_changed(&self.root(), id.as_str(), view.state).await;
                survive(told)?;
            }
        }
        let gone = self.sessions.keys().filter(|id| !look.sessions.contains_key(id));
        for id in gone.cloned().collect::<Vec<_>>() {
            self.sessions.remove(&id);
            self.retract::<SessionObject>(session_path(&id).as_ref()).await?;
        }
        Ok(())
    }

    async fn tell_manager(&mut self, look: &Look) -> zbus::Result<()> {
        let now = self.manager_properties(look);
        let changes = now.iter().filter(|&(name, value)| self.manager.get(name) != Some(value));
        let changes: Properties =
            changes.filter_map(|(name, value)| Some((*name, value.try_clone().ok()?))).collect();
        self.manager = now;
        self.changed::<Manager>(ObjectPath::from_static_str_unchecked(ROOT), changes, &[]).await
    }

    async fn tell_notices(&mut self) -> zbus::Result<()> {
        let since = self.noticed;
        let news = self
            .context
            .handle()
            .with_store(move |store, _| Ok((store.last_seq()?, store.notices_since(since)?)));
        let Some((last, notices)) = answered(news.await) else { return Ok(()) };
        for notice in notices {
            let session = notice.session.as_ref().map_or("", |session| session.as_str());
            let text = plain(&present::notice(&notice));
            let kind = notice.news.word();
            survive(Manager::notice(&self.root(), kind, &text, session).await)?;
        }
        self.noticed = last;
        Ok(())
    }

    fn manager_properties(&self, look: &Look) -> Properties {
        let shared = &self.context.shared;
        HashMap::from([
            ("PendingApprovals", to_u32(look.pending()).into()),
            ("ActiveSessions", to_u32(look.active()).into()),
            ("Locked", look.lock.is_some().into()),
            ("LockedSince", panic::since(look.lock.as_ref()).into()),
            ("LockedBy", panic::by(look.lock.as_ref()).into()),
            ("State", health_word(&shared.handle.health().borrow()).into()),
            ("TelegramState", plain(&shared.controls.telegram_state.borrow()).into()),
            ("TokenSource", shared.controls.token_source.borrow().as_str().into()),
            ("Warnings", warnings(&self.context).into()),
        ])
    }

    async fn tell_jobs(&mut self) -> zbus::Result<()> {
        let now = self.context.shared.jobs.views();
        for (&id, view) in &now {
            let before = self.jobs.get(&id);
            if before == Some(view) {
                continue;
            }
            let path = job_path(id);
            let was_running = before.is_none_or(|before| before.state == JobState::Running);
            if before.is_none() {
                self.export(path.clone(), JobObject::new(self.context.clone(), id)).await?;
            }
            self.changed::<JobObject>(path.as_ref(), job::changing(view), &[]).await?;
            if was_running && view.state != JobState::Running {
                let emitter = SignalEmitter::new(&self.connection, &path)?;
                let ok = view.state == JobState::Done;
                survive(JobObject::completed(&emitter, ok, &plain(&view.message)).await)?;
            }
        }
        let gone: Vec<_> = self.jobs.keys().filter(|id| !now.contains_key(id)).copied().collect();
        for id in gone {
            self.retract::<JobObject>(job_path(id).as_ref()).await?;
        }
        self.jobs = now;
        Ok(())
    }

    async fn export_approval(&self, approval: Approval) -> zbus::Result<()> {
        let path = approval_path(&approval.id);
        self.export(path, ApprovalObject::new(self.context.clone(), approval)).await
    }

    /// Puts an object at a path, unless it is there; the library announces it.
    async fn export<I: Interface>(
        &self,
        path: zbus::zvariant::OwnedObjectPath,
        object: I,
    ) -> zbus::Result<()> {
        survive(self.connection.object_server().at(path, object).await.map(drop))
    }

    async fn retract<I: Interface>(&self, path: ObjectPath<'_>) -> zbus::Result<()> {
        survive(self.connection.object_server().remove::<I, _>(path).await.map(drop))
    }

    async fn changed<I: Interface>(
        &self,
        path: ObjectPath<'_>,
        changes: Properties,
        stale: &[&'static str],
    ) -> zbus::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let emitter = SignalEmitter::new(&self.connection, path)?;
        let told = fdo::Properties::properties_changed(&emitter, I::name(), changes, stale.into());
        survive(told.await)
    }

    fn root(&self) -> SignalEmitter<'_> {
        let root = ObjectPath::from_static_str_unchecked(ROOT);
        SignalEmitter::from_parts(self.connection.clone(), root)
    }

    /// None where the engine does not answer: it is looked again at the next hint.
    async fn look(&self) -> Option<Look> {
        answered(Look::take(&self.context).await)
    }

    async fn approval(&self, id: ApprovalId) -> Option<Approval> {
        answered(self.context.handle().approval(id).await).flatten()
    }
}

fn answered<T>(answer: Result<T, EngineError>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(EngineError::Stopped) => None,
        Err(error) => {
            tracing::error!("cannot tell the bus what has happened: {error}");
            None
        }
    }
}

/// One message that cannot be written must not cost a client all the others; a connection that is
/// gone is gone.
fn survive(told: zbus::Result<()>) -> zbus::Result<()> {
    match told {
        Err(error @ zbus::Error::InputOutput(_)) => Err(error),
        Err(error) => {
            tracing::error!("something could not be told on D-Bus: {error}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Waits for news; one who has gone has none.
async fn hint<T>(news: &mut watch::Receiver<T>) {
    if news.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
