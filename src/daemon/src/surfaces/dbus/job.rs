//! The Job interface: work in progress, and how it ended.

use std::collections::HashMap;

use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedObjectPath, Value};
use zbus::{Connection, ObjectServer, fdo, interface};

use super::context::{Context, plain};
use super::error::{Error, unreadable};
use super::jobs::JobView;
use super::names::job_path;

/// Serves one job.
pub(super) struct JobObject {
    context: Context,
    id: u64,
}

impl JobObject {
    pub(super) fn new(context: Context, id: u64) -> Self {
        Self { context, id }
    }

    fn now(&self) -> fdo::Result<JobView> {
        let view = self.context.shared.jobs.view(self.id);
        view.ok_or_else(|| unreadable("the job is no longer known"))
    }
}

/// Exports a job that was just started: its path goes out in the reply and must be good then.
pub(super) async fn export(
    context: &Context,
    server: &ObjectServer,
    id: u64,
) -> Result<OwnedObjectPath, Error> {
    let path = job_path(id);
    server.at(&path, JobObject { context: context.clone(), id }).await?;
    Ok(path)
}

/// The properties that change, as they are now.
pub(super) fn changing(view: &JobView) -> HashMap<&'static str, Value<'static>> {
    HashMap::from([
        ("State", view.state.as_str().into()),
        ("Progress", view.progress.into()),
        ("Message", plain(&view.message).into()),
    ])
}

/// Work that takes longer than a call. The object stays for a minute after the work has ended.
#[interface(name = "org.pagerd.Pager1.Job")]
impl JobObject {
    /// Asks the work to stop where it still can; AlreadyResolved once it has ended.
    async fn cancel(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.actor(connection, &header).await?;
        self.context.shared.jobs.cancel(self.id)
    }

    /// The work has ended; the message says what was done, or why not.
    #[zbus(signal)]
    pub(super) async fn completed(
        emitter: &SignalEmitter<'_>,
        ok: bool,
        message: &str,
    ) -> zbus::Result<()>;

    /// What work it is: install-hooks, remove-hooks, …
    #[zbus(property(emits_changed_signal = "const"))]
    fn kind(&self) -> fdo::Result<&'static str> {
        Ok(self.now()?.kind)
    }

    /// running, done, failed or cancelled.
    #[zbus(property)]
    fn state(&self) -> fdo::Result<&'static str> {
        Ok(self.now()?.state.as_str())
    }

    /// How far it is, from 0 to 1.
    #[zbus(property)]
    fn progress(&self) -> fdo::Result<f64> {
        Ok(self.now()?.progress)
    }

    /// What it is at, and at the end what was done, or why not.
    #[zbus(property)]
    fn message(&self) -> fdo::Result<String> {
        Ok(plain(&self.now()?.message))
    }
}
