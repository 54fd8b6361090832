//! Who calls: established by the bus daemon or the kernel, never by the caller's word.

use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd};

use pager_core::Actor;
use zbus::message::Header;
use zbus::{Connection, fdo};

use super::error::Error;
use crate::host::lineage::Lineage;
use crate::host::process::program;

/// The process behind a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its user.
    pub uid: u32,
    /// Its process id, where it is known and the process still lives.
    pub pid: Option<u32>,
    /// Its program's file name, `unknown` where that cannot be read.
    pub program: String,
    /// What it was when it came; none where it had gone by then, or hides.
    pub(super) lineage: Option<Lineage>,
}

impl Caller {
    /// The caller with this user id and process id.
    pub fn new(uid: u32, pid: Option<u32>) -> Self {
        let program = pid.and_then(program).unwrap_or_else(|| "unknown".to_owned());
        Self { uid, pid, program, lineage: pid.and_then(Lineage::of) }
    }

    /// What it was when it came and what it is now: it may have let go of its parent in between.
    pub(super) fn lineages(&self) -> Result<[Lineage; 2], Error> {
        let unseen = |why: &str| {
            Error::NotAllowed(format!(
                "pager does not take an answer from a process that it cannot look at: {why}"
            ))
        };
        let pid = self.pid.ok_or_else(|| {
            unseen("yours has no number here; it may have ended, or be in another namespace")
        })?;
        let gone = || unseen("yours has ended, or keeps others from looking at it");
        let before = self.lineage.clone().ok_or_else(gone)?;
        let now = Lineage::of(pid).ok_or_else(gone)?;
        let same =
            |a: &Lineage, b: &Lineage| a.own().map(|a| a.process) == b.own().map(|b| b.process);
        if same(&before, &now) { Ok([before, now]) } else { Err(gone()) }
    }
}

/// How a connection's callers are told apart.
#[derive(Debug, Clone)]
pub(super) enum Callers {
    /// Many callers behind one bus daemon, which knows each of them.
    Bus,
    /// One caller at the other end of a socket.
    Peer(Caller),
}

impl Callers {
    /// Whoever sent the call with this header.
    pub(super) async fn identify(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Caller, Error> {
        match self {
            Self::Peer(caller) => Ok(caller.clone()),
            Self::Bus => ask_bus(connection, header).await,
        }
    }
}

async fn ask_bus(connection: &Connection, header: &Header<'_>) -> Result<Caller, Error> {
    let stranger =
        |why: String| Error::NotAllowed(format!("the bus does not say who you are: {why}"));
    let sender = header.sender().ok_or_else(|| stranger("the call has no sender".to_owned()))?;
    let bus = fdo::DBusProxy::new(connection).await?;
    let credentials = bus
        .get_connection_credentials(sender.clone().into())
        .await
        .map_err(|error| stranger(error.to_string()))?;
    let uid = credentials.unix_user_id().ok_or_else(|| stranger("no user id".to_owned()))?;
    // The descriptor cannot come to mean another process; the bare number can.
    let pid = match credentials.process_fd() {
        Some(fd) => pid_of(std::os::fd::AsFd::as_fd(fd)),
        None => credentials.process_id(),
    };
    let mut caller = Caller::new(uid, pid);
    if let Some(fd) = credentials.process_fd()
        && pid_of(std::os::fd::AsFd::as_fd(fd)) != pid
    {
        // It ended while it was looked at, and the number may have been another's by then.
        caller.lineage = None;
    }
    Ok(caller)
}

/// The process a pidfd stands for; none once it has ended.
fn pid_of(pidfd: BorrowedFd<'_>) -> Option<u32> {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    let pid = info.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    // -1 is a process that has ended.
    pid.trim().parse().ok()
}

/// Decides whether a caller may act here, and as whom it is recorded. Every call that changes
/// something goes through this.
pub(super) fn authorise(caller: &Caller) -> Result<Actor, Error> {
    if caller.uid != rustix::process::geteuid().as_raw() {
        return Err(Error::NotAllowed(format!(
            "this pager serves user {} and you are user {}",
            rustix::process::geteuid().as_raw(),
            caller.uid
        )));
    }
    Ok(Actor::Dbus { uid: caller.uid, program: caller.program.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_user_is_served() {
        let own = rustix::process::geteuid().as_raw();
        let caller = Caller::new(own, Some(std::process::id()));
        let Actor::Dbus { uid, program } = authorise(&caller).unwrap() else { panic!() };
        assert_eq!(uid, own);
        assert!(program.starts_with("pagerd-"), "the test's own program, not {program}");
        let stranger = Caller::new(own + 1, None);
        assert!(matches!(authorise(&stranger), Err(Error::NotAllowed(_))));
    }

    #[test]
    fn a_process_is_known_by_its_descriptor() {
        let own = rustix::process::getpid();
        let fd = rustix::process::pidfd_open(own, rustix::process::PidfdFlags::empty()).unwrap();
        assert_eq!(pid_of(std::os::fd::AsFd::as_fd(&fd)), Some(std::process::id()));
    }
}
