//! A process that never outlives the demo.

use std::fs::File;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use tokio::process::{Child, ChildStdout, Command};

/// How long a process that was asked to end may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running process. Dropped, it is killed with all of its group, and gone when the drop returns.
#[derive(Debug)]
pub(crate) struct Guarded {
    child: Child,
}

impl Guarded {
    /// Starts it in a process group of its own, so that Ctrl-C reaches only us, who clean up; its
    /// complaints go to `log`.
    pub(crate) fn start(command: &mut Command, log: File) -> io::Result<Self> {
        let child = command.stderr(Stdio::from(log)).process_group(0).spawn()?;
        Ok(Self { child })
    }

    /// Its standard output, where that was asked to be a pipe.
    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Returns once it has ended.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks it to end, and waits for that.
    pub(crate) async fn stop(mut self) -> io::Result<ExitStatus> {
        if let Some(pid) = self.pid() {
            kill_process(pid, Signal::TERM)?;
        }
        match tokio::time::timeout(PATIENCE, self.ended()).await {
            Ok(ended) => ended,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        }
    }

    /// Its id, which is also its group's; none once it was waited for.
    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Until it is waited for, its id cannot come to mean anybody else.
        let Some(pid) = self.pid() else { return };
        kill_process_group(pid, Signal::KILL).ok();
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).ok();
    }
}
