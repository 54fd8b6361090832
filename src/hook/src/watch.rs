//! Everything that can end the hook from outside: a signal, an output nobody reads, the agent's death.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use pager_proto::Why;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, getppid, pidfd_open};
use rustix::stdio::stdout;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// Waits for something to happen, or for the reason to stop waiting.
pub(crate) struct Watch {
    signals: Option<UnixStream>,
    parent: Option<Pid>,
    agent: Agent,
}

enum Agent {
    /// Not looked at.
    Unwatched,
    /// Seen by its output's reader, and by the parent process where the kernel allows that.
    Watched { parent: Option<OwnedFd> },
    /// Already gone.
    Dead,
}

/// What ended a wait.
#[derive(Debug)]
#[must_use]
pub(crate) enum Woken {
    /// Nobody wants the hook to go on.
    Ended(Why),
    /// What was awaited has happened.
    Ready(PollFlags),
    /// Nothing happened in the given time.
    TimedOut,
}

impl Watch {
    /// Watches nothing, for those about to end anyway.
    pub(crate) fn nothing() -> Self {
        Self { signals: None, parent: None, agent: Agent::Unwatched }
    }

    /// Watches for signals, and notes who the parent is. From here on signals are events like others and
    /// no longer end the process, whose exit status would tell the agent of a failure.
    pub(crate) fn signals() -> Self {
        Self { signals: catch_signals().ok(), parent: getppid(), agent: Agent::Unwatched }
    }

    /// Watches the agent as well.
    ///
    /// The parent is the agent, or the shell it runs the hook through. An agent that kills that shell
    /// does not want the answer any more than one that dies.
    pub(crate) fn and_agent(mut self) -> Self {
        let parent = self.parent.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        // Another parent than at the start means that the first one died before it could be watched,
        // and that its number may already be another's.
        let same = getppid() == self.parent;
        self.agent = if same { Agent::Watched { parent } } else { Agent::Dead };
        self
    }

    /// Waits until something of `events` happens on `awaited`, within `limit` if there is one.
    pub(crate) fn wait(
        &self,
        awaited: Option<(BorrowedFd<'_>, PollFlags)>,
        limit: Option<Duration>,
    ) -> Woken {
        let end = limit.map(|limit| Instant::now() + limit);
        let (signals, stdout) = (self.signals.as_ref(), stdout());
        let mut fds = Vec::with_capacity(4);
        let mut reasons = Vec::with_capacity(3);
        if let Some(signals) = signals {
            fds.push(PollFd::new(signals, PollFlags::IN));
            reasons.push(Why::Terminated);
        }
        match &self.agent {
            Agent::Unwatched => {}
            Agent::Dead => return Woken::Ended(Why::AgentGone),
            Agent::Watched { parent } => {
                // With no events asked for, only the loss of the reader is reported: never for a
                // file, and for a terminal only when it hangs up.
                fds.push(PollFd::new(&stdout, PollFlags::empty()));
                reasons.push(Why::AgentGone);
                if let Some(parent) = parent {
                    fds.push(PollFd::new(parent, PollFlags::IN));
                    reasons.push(Why::AgentGone);
                }
            }
        }
        if let Some((fd, events)) = awaited {
            fds.push(PollFd::from_borrowed_fd(fd, events));
        }
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Woken::TimedOut,
                Ok(_) => break,
                Err(Errno::INTR) => {}
                // The kernel has no memory for a poll. To give the question back is all that is left.
                Err(_) => return Woken::Ended(Why::Terminated),
            }
        }
        for (fd, why) in fds.iter().zip(&reasons) {
            if !fd.revents().is_empty() {
                let gone = *why == Why::AgentGone;
                return Woken::Ended(if gone { self.why_gone() } else { *why });
            }
        }
        Woken::Ready(fds.get(reasons.len()).map_or(PollFlags::empty(), PollFd::revents))
    }

    /// Tells an agent that has given the question up from one that is gone.
    ///
    /// The first signals its hook and the shell in between at once. Where the shell's death is seen
    /// together with the signal, the kernel reports the death and runs the handler only afterwards.
    fn why_gone(&self) -> Why {
        let Some(signals) = &self.signals else { return Why::AgentGone };
        let mut fds = [PollFd::new(signals, PollFlags::IN)];
        let now = Timespec::default();
        while let Err(Errno::INTR) = poll(&mut fds, Some(&now)) {}
        if fds[0].revents().is_empty() { Why::AgentGone } else { Why::Terminated }
    }

    /// Tells whether a signal has come.
    pub(crate) fn signalled(&self) -> bool {
        matches!(self.wait(None, Some(Duration::ZERO)), Woken::Ended(_))
    }
}

fn catch_signals() -> std::io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    pipe::register(SIGHUP, write.try_clone()?)?;
    pipe::register(SIGINT, write.try_clone()?)?;
    pipe::register(SIGTERM, write)?;
    Ok(read)
}
