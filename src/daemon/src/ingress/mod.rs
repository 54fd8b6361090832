//! The hook socket: every agent's hook comes in here.

mod codex;
mod connection;
mod intake;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use pager_core::{Actor, ApprovalId, Command, Withdrawal};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use crate::codex::Codex;
use crate::entry::Entry;
use crate::waiters::Waiters;

/// How many connections are served at once; more wait in the socket's backlog.
const CONNECTIONS: usize = 4096;
/// How many bodies of more than a megabyte are read at once: each may grow to 16 MiB.
const LARGE_BODIES: usize = 4;
/// How long a hook that the last daemon left waiting has to come back.
const RETURN_WITHIN: Duration = Duration::from_secs(30);

/// What every connection needs.
#[derive(Debug)]
pub struct Ingress {
    entry: Entry,
    /// The private D-Bus socket, for those who ping.
    bus: Option<String>,
    uid: u32,
    large_bodies: Semaphore,
    waiters: Arc<Waiters>,
    codex: Arc<Codex>,
}

impl Ingress {
    /// Makes the ingress; `bus` is the path of the private D-Bus socket, if one is served.
    pub fn new(entry: Entry, bus: Option<String>, codex: Arc<Codex>) -> Arc<Self> {
        Arc::new(Self {
            entry,
            bus,
            uid: rustix::process::getuid().as_raw(),
            large_bodies: Semaphore::new(LARGE_BODIES),
            waiters: codex.waiters(),
            codex,
        })
    }

    /// Takes up the hooks that outlived the last daemon.
    pub fn resume(self: &Arc<Self>, waiting: Vec<(ApprovalId, UnixStream)>) {
        for (id, stream) in waiting {
            let ingress = Arc::clone(self);
            tokio::spawn(async move { ingress.wait_again(id, stream).await });
        }
        let ingress = Arc::clone(self);
        tokio::spawn(async move { ingress.cancel_orphans().await });
    }

    /// Serves the socket until the task is aborted.
    pub async fn serve(self: Arc<Self>, listener: UnixListener) {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    // Here and now: a hook that does not wait leaves as soon as it was looked at.
                    let origin = connection::look_at(&stream);
                    let ingress = Arc::clone(&self);
                    tokio::spawn(async move {
                        ingress.serve_connection(stream, origin).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    // Out of descriptors or memory: the hook stays in the backlog until some are free.
                    tracing::warn!("a hook could not be taken in yet: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Cancels what was pending when the last daemon ended and whose hook did not come back: nobody
    /// is there any more to be told.
    async fn cancel_orphans(&self) {
        let Ok(snapshot) = self.entry.handle().snapshot().await else { return };
        tokio::time::sleep(RETURN_WITHIN).await;
        for approval in snapshot.approvals.iter().filter(|approval| approval.is_pending()) {
            let returned = self.waiters.has(&approval.id);
            if !returned {
                let command = Command::Withdraw { id: approval.id, why: Withdrawal::Disconnected };
                // Settled in the meantime is as good.
                drop(self.entry.handle().submit(Actor::Agent, command).await);
            }
        }
    }
}
