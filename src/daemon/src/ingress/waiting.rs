//! A hook that waits for a verdict.

use std::os::fd::AsFd;
use std::time::Duration;

use pager_agents::Adapter;
use pager_core::{Actor, Approval, ApprovalId, Command, Withdrawal, present};
use pager_proto::{ClientLine, Incoming, RequestDecoder, ServerLine, Why};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::Ingress;
use super::connection::say;
use crate::faults::{self, Point};
use crate::host::fdstore;

/// How long the event that tells why a hook was killed may be on its way.
const WORD_FOLLOWS: Duration = Duration::from_secs(2);

/// How long what a hook has sent may take to be read once it listens no more.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What ended a wait.
enum End {
    /// The approval is settled, and the hook was told.
    Answered,
    /// The hook gave up, or went.
    Withdrawn(Withdrawal),
    /// The daemon stops: the service manager has the connection, or the hook will come back.
    Stopping,
}

impl Ingress {
    /// Waits until the approval is settled, and tells the hook; or until the hook gives up.
    pub(super) async fn wait(
        &self,
        stream: &mut UnixStream,
        decoder: RequestDecoder,
        adapter: Adapter,
        id: ApprovalId,
    ) {
        self.waiters.begin(id);
        faults::pass(Point::Pending);
        fdstore::keep(&id, stream.as_fd());
        let end = if say(stream, &ServerLine::Pending { approval: id.to_string() }).await {
            self.wait_on(stream, decoder, adapter, id).await
        } else {
            // It has left; it may have said why before it did.
            let why = timeout(LAST_WORDS, hear(stream, decoder)).await;
            End::Withdrawn(why.unwrap_or(Withdrawal::Disconnected))
        };
        self.waiters.end(&id);
        self.conclude(id, end).await;
    }

    /// Waits on a connection that the service manager kept over a restart.
    pub(super) async fn wait_again(&self, id: ApprovalId, mut stream: UnixStream) {
        let approval = match self.entry.handle().approval(id).await {
            Ok(Some(approval)) => approval,
            Ok(None) => {
                tracing::warn!(pager_approval = %id, "a hook waited for an approval nobody knows");
                fdstore::forget(&id);
                return;
            }
            // Unreadable now is not unknown: the connection stays where it is kept.
            Err(_) => return,
        };
        let Some(adapter) = Adapter::named(approval.agent.as_str()) else { return };
        self.waiters.begin(id);
        let end = self.wait_on(&mut stream, RequestDecoder::after_body(), adapter, id).await;
        self.waiters.end(&id);
        self.conclude(id, end).await;
    }

    async fn wait_on(
        &self,
        stream: &mut UnixStream,
        decoder: RequestDecoder,
        adapter: Adapter,
        id: ApprovalId,
    ) -> End {
        tokio::select! {
            resolution = self.entry.handle().resolution(id) => {
                if resolution.is_err() {
                    return End::Stopping;
                }
            }
            why = hear(stream, decoder) => {
                return match self.killed(adapter, why, id).await {
                    true => End::Answered,
                    false => End::Withdrawn(why),
                };
            }
        }
        match self.entry.handle().approval(id).await {
            Ok(Some(approval)) => {
                say(stream, &answer(adapter, &approval)).await;
                faults::pass(Point::Told);
                End::Answered
            }
            _ => End::Stopping,
        }
    }

    /// Whether a hook was killed because the person left the question, of which the agent then tells
    /// in another event. The shell between may die first, and the hook take that for the agent's end.
    async fn killed(&self, adapter: Adapter, why: Withdrawal, id: ApprovalId) -> bool {
        adapter.kills_hooks()
            && why != Withdrawal::Terminated
            && matches!(timeout(WORD_FOLLOWS, self.entry.handle().resolution(id)).await, Ok(Ok(_)))
    }

    /// What follows from the end of a wait.
    async fn conclude(&self, id: ApprovalId, end: End) {
        match end {
            End::Stopping => return,
            // It came back on another connection, which is the one that counts now.
            End::Withdrawn(Withdrawal::Disconnected) if self.waiters.has(&id) => return,
            End::Withdrawn(why) => self.withdraw(id, why).await,
            End::Answered => {}
        }
        fdstore::forget(&id);
    }

    async fn withdraw(&self, id: ApprovalId, why: Withdrawal) {
        // Settled by another door in the same moment is as good.
        drop(self.entry.handle().submit(Actor::Agent, Command::Withdraw { id, why }).await);
    }
}

/// Listens until the hook gives up or goes.
async fn hear(stream: &mut UnixStream, mut decoder: RequestDecoder) -> Withdrawal {
    let mut piece = [0; 1024];
    loop {
        match decoder.next_item() {
            Ok(Some(Incoming::Line(ClientLine::Withdrawn { why }))) => {
                return match why {
                    Why::Terminated => Withdrawal::Terminated,
                    Why::AgentGone => Withdrawal::AgentGone,
                    Why::Timeout | Why::Other => Withdrawal::Disconnected,
                };
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!("a waiting hook was let go: {error}");
                return Withdrawal::Disconnected;
            }
        }
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => decoder.push(&piece[..count]),
            _ => return Withdrawal::Disconnected,
        }
    }
}

/// What a hook is told of a settled approval: the agent's own form of a verdict, or, where nobody
/// gave one, that its own dialog decides.
fn answer(adapter: Adapter, approval: &Approval) -> ServerLine {
    match adapter.decision(approval) {
        Some(output) => ServerLine::Decision { output },
        None => {
            let reason = approval.resolution.as_ref().map(present::settlement).unwrap_or_default();
            ServerLine::NoDecision { reason }
        }
    }
}
