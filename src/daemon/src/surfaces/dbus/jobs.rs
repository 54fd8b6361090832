//! Work that takes longer than a call: started by a method, watched and cancelled as an object.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::error::Error;

/// How long the object of a finished job stays, for those who look late.
const KEEP: Duration = Duration::from_secs(60);

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobState {
    Running,
    Done,
    Failed,
    Cancelled,
}

impl JobState {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A job as it is seen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JobView {
    pub(super) kind: &'static str,
    pub(super) state: JobState,
    /// From 0 to 1.
    pub(super) progress: f64,
    pub(super) message: String,
    cancelled: bool,
}

/// All jobs at hand; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Jobs {
    all: Arc<Mutex<All>>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct All {
    last: u64,
    views: BTreeMap<u64, JobView>,
}

impl Jobs {
    pub(super) fn new() -> Self {
        Self { all: Arc::default(), changed: watch::Sender::new(()) }
    }

    /// Starts `work` on a thread where it may block. What it returns is the job's last message.
    pub(super) fn start(
        &self,
        kind: &'static str,
        message: &str,
        work: impl FnOnce() -> Result<String, String> + Send + 'static,
    ) -> u64 {
        let id = {
            let mut all = self.lock();
            all.last += 1;
            let id = all.last;
            let message = message.to_owned();
            let state = JobState::Running;
            all.views.insert(id, JobView { kind, state, progress: 0.0, message, cancelled: false });
            id
        };
        self.changed.send_replace(());
        let jobs = self.clone();
        tokio::spawn(async move {
            let starting = jobs.clone();
            let worked = tokio::task::spawn_blocking(move || {
                // The work itself is too short to be broken off half-way: until here it can be.
                if starting.view(id).is_some_and(|view| view.cancelled) {
                    return None;
                }
                Some(work())
            });
            let (state, message) = match worked.await {
                Ok(None) => (JobState::Cancelled, "cancelled before it had begun".to_owned()),
                Ok(Some(Ok(message))) => (JobState::Done, message),
                Ok(Some(Err(message))) => (JobState::Failed, message),
                Err(error) => (JobState::Failed, format!("it broke off: {error}")),
            };
            jobs.finish(id, state, message);
            tokio::time::sleep(KEEP).await;
            jobs.lock().views.remove(&id);
            jobs.changed.send_replace(());
        });
        id
    }

    fn finish(&self, id: u64, state: JobState, message: String) {
        if let Some(view) = self.lock().views.get_mut(&id) {
            view.state = state;
            view.progress = 1.0;
            view.message = message;
        }
        self.changed.send_replace(());
    }

    /// Asks a job to stop where it still can.
    pub(super) fn cancel(&self, id: u64) -> Result<(), Error> {
        match self.lock().views.get_mut(&id) {
            None => Err(Error::NotFound(format!("there is no job {id}"))),
            Some(view) if view.state == JobState::Running => {
                view.cancelled = true;
                Ok(())
            }
            Some(view) => {
                Err(Error::AlreadyResolved(format!("job {id} is already {}", view.state.as_str())))
            }
        }
    }

    pub(super) fn view(&self, id: u64) -> Option<JobView> {
        self.lock().views.get(&id).cloned()
    }

    pub(super) fn views(&self) -> BTreeMap<u64, JobView> {
        self.lock().views.clone()
    }

    /// Tells when a job has changed, as a hint to look.
    pub(super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        // Nothing that holds it can leave it half-written.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ended(jobs: &Jobs, id: u64) -> JobView {
        let mut changed = jobs.changed();
        loop {
            let view = jobs.view(id).unwrap();
            if view.state != JobState::Running {
                return view;
            }
            changed.changed().await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_end_and_are_forgotten_later() {
        let jobs = Jobs::new();
        let good = jobs.start("install-hooks", "", || Ok("installed".to_owned()));
        let bad = jobs.start("install-hooks", "", || Err("no such file".to_owned()));
        let broken = jobs.start("install-hooks", "", || panic!("a bug"));
        assert_eq!(ended(&jobs, good).await.message, "installed");
        assert_eq!(ended(&jobs, bad).await.state, JobState::Failed);
        assert_eq!(ended(&jobs, broken).await.state, JobState::Failed);
        assert!(matches!(jobs.cancel(good), Err(Error::AlreadyResolved(_))));
        let mut changed = jobs.changed();
        while !jobs.views().is_empty() {
            changed.changed().await.unwrap();
        }
        assert!(matches!(jobs.cancel(good), Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn a_job_that_has_not_begun_can_be_cancelled() {
        let jobs = Jobs::new();
        // On this one thread the job's task has not run yet when it is cancelled.
        let id = jobs.start("remove-hooks", "", || Ok("removed".to_owned()));
        jobs.cancel(id).unwrap();
        assert_eq!(ended(&jobs, id).await.state, JobState::Cancelled);
    }
}
