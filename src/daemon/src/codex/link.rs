//! The link to a running app-server: which threads are joined, and what waits for an answer there.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use pager_agents::codex::Call;
use pager_core::{Actor, ApprovalId, Command, Origin, Resolution, Withdrawal};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::held::Held;
use super::socket::{Socket, SocketError};
use crate::engine::Handle;
use crate::entry::Entry;
use crate::waiters::Waiters;

/// How long a link with nothing to do is kept.
const IDLE: Duration = Duration::from_secs(30);
/// How long an app-server that is gone may take to be there again.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked for meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the link is told to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Join a thread.
    Join { thread: String, joined: oneshot::Sender<Seat> },
    /// Nobody needs a seat any more.
    Leave { thread: String },
    /// Answer for this approval what is decided on it.
    Hold(Held),
    /// The same for one of the last daemon's, if the app-server still asks.
    Adopt(Held),
    /// The model is about to ask the person something.
    Expect(Expected),
    /// It has asked, or will not: in this call, or in all of the thread.
    Unexpect { thread: String, item: Option<String> },
}

/// A call that will ask the person something, as its hook has announced it.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) call: Call,
    /// The process whose hook that was.
    pub(super) origin: Origin,
}

/// A thread that stays joined until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    orders: mpsc::UnboundedSender<Order>,
    thread: String,
}

impl Seat {
    /// Leaves the answer to an approval to the link.
    pub(super) fn hold(&self, held: Held) {
        // A link that has ended let go of its seats, and the hook's approval with them.
        drop(self.orders.send(Order::Hold(held)));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let thread = std::mem::take(&mut self.thread);
        drop(self.orders.send(Order::Leave { thread }));
    }
}

/// See the module.
pub(super) struct Link {
    path: PathBuf,
    pub(super) entry: Entry,
    pub(super) waiters: Arc<Waiters>,
    pub(super) socket: Socket,
    own: mpsc::UnboundedSender<Order>,
    orders: mpsc::UnboundedReceiver<Order>,
    seats: HashMap<String, usize>,
    pub(super) joined: HashSet<String>,
    pub(super) pending: HashMap<u64, Pending>,
    pub(super) held: Vec<Held>,
    pub(super) expected: Vec<Expected>,
    settled: FuturesUnordered<BoxFuture<'static, (ApprovalId, Option<Resolution>)>>,
}

/// What an answer of the app-server's will be about.
#[derive(Debug)]
pub(super) enum Pending {
    /// Which threads are loaded: a thread nobody has open is not to be loaded by joining it.
    Loaded { thread: String, joined: Option<oneshot::Sender<Seat>> },
    /// Joining.
    Resume { thread: String, joined: Option<oneshot::Sender<Seat>> },
}

impl Link {
    pub(super) async fn open(
        path: &Path,
        entry: Entry,
        waiters: Arc<Waiters>,
    ) -> Result<Self, SocketError> {
        let (own, orders) = mpsc::unbounded_channel();
        Ok(Self {
            path: path.to_owned(),
            entry,
            waiters,
            socket: Socket::connect(path).await?,
            own,
            orders,
            seats: HashMap::new(),
            joined: HashSet::new(),
            pending: HashMap::new(),
            held: Vec::new(),
            expected: Vec::new(),
            settled: FuturesUnordered::new(),
        })
    }

    /// Starts serving; gives the way to order it.
    pub(super) fn start(mut self) -> mpsc::UnboundedSender<Order> {
        let orders = self.own.clone();
        tokio::spawn(async move {
            while let Err(error) = self.serve().await {
                tracing::debug!("the link to Codex's app-server broke: {error}");
                if !self.come_back().await {
                    break;
                }
            }
            self.orders.close();
            for held in std::mem::take(&mut self.held) {
                lost(self.entry.handle(), held).await;
            }
        });
        orders
    }

    /// Serves until there has been nothing to do for a while.
    async fn serve(&mut self) -> Result<(), SocketError> {
        let mut idle_since = Instant::now();
        loop {
            let idle = self.held.is_empty() && self.joined.is_empty() && self.pending.is_empty();
            if !idle {
                idle_since = Instant::now();
            }
            tokio::select! {
                // Orders first: a hook is told to go once its order is given, and what the
                // app-server then asks must find what it is about.
                biased;
                Some(order) = self.orders.recv() => self.obey(order).await?,
                incoming = self.socket.next() => self.hear(incoming?).await?,
                Some((id, resolution)) = self.settled.next() => self.settle(id, resolution).await?,
                () = sleep_until(idle_since + IDLE), if idle => return Ok(()),
            }
            self.leave_unneeded().await?;
        }
    }

    async fn obey(&mut self, order: Order) -> Result<(), SocketError> {
        match order {
            Order::Join { thread, joined } if self.joined.contains(&thread) => {
                self.seat(thread, joined);
            }
            Order::Join { thread, joined } => self.join(thread, Some(joined)).await?,
            Order::Leave { thread } => {
                if let Some(seats) = self.seats.get_mut(&thread) {
                    *seats = seats.saturating_sub(1);
                }
            }
            Order::Hold(mut held) => {
                held.wait(&self.waiters);
                self.watch(held);
            }
            // What is expected is noted first: joining makes the app-server ask again at once.
            Order::Adopt(held) => {
                let thread = held.thread.clone();
                self.watch(held);
                self.join(thread, None).await?;
            }
            Order::Expect(expected) => {
                let thread = expected.call.thread.clone();
                self.expected.push(expected);
                self.join(thread, None).await?;
            }
            Order::Unexpect { thread, item } => {
                self.expected.retain(|Expected { call, .. }| {
                    call.thread != thread || (item.is_some() && call.item != item)
                });
            }
        }
        Ok(())
    }

    /// Answers for an approval from now on.
    pub(super) fn watch(&mut self, held: Held) {
        let (id, handle) = (held.id, self.entry.handle().clone());
        self.settled.push(Box::pin(async move { (id, handle.resolution(id).await.ok()) }));
        self.held.push(held);
    }

    async fn join(
        &mut self,
        thread: String,
        joined: Option<oneshot::Sender<Seat>>,
    ) -> Result<(), SocketError> {
        let asked = self.socket.request("thread/loaded/list", &json!({})).await?;
        self.pending.insert(asked, Pending::Loaded { thread, joined });
        Ok(())
    }

    /// Gives a seat in a joined thread to whoever asked for it.
    pub(super) fn seat(&mut self, thread: String, joined: oneshot::Sender<Seat>) {
        *self.seats.entry(thread.clone()).or_default() += 1;
        // One that is not taken any more gives itself back.
        drop(joined.send(Seat { orders: self.own.clone(), thread }));
    }

    /// A thread cannot be joined, or has ended.
    pub(super) async fn lose(&mut self, thread: &str) {
        self.joined.remove(thread);
        self.expected.retain(|expected| expected.call.thread != thread);
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.held).into_iter().partition(|held| held.thread == thread);
        self.held = kept;
        for held in gone {
            lost(self.entry.handle(), held).await;
        }
    }

    /// Leaves the threads in which nothing waits: Codex ends a thread once all have left it.
    async fn leave_unneeded(&mut self) -> Result<(), SocketError> {
        self.seats.retain(|_, seats| *seats > 0);
        let needed = |thread: &String| {
            self.seats.contains_key(thread)
                || self.held.iter().any(|held| held.thread == *thread)
                || self.expected.iter().any(|expected| expected.call.thread == *thread)
        };
        let (needed, unneeded): (HashSet<_>, HashSet<_>) = self.joined.drain().partition(needed);
        self.joined = needed;
        for thread in unneeded {
            self.socket.request("thread/unsubscribe", &json!({ "threadId": thread })).await?;
        }
        Ok(())
    }

    /// Finds an app-server that has restarted, and joins again where something waits.
    async fn come_back(&mut self) -> bool {
        // Whoever was about to join asks the terminal alone.
        self.pending.clear();
        self.joined.clear();
        self.expected.clear();
        let end = Instant::now() + BACK_WITHIN;
        while !self.held.is_empty() && Instant::now() < end {
            match Socket::connect(&self.path).await {
                Ok(socket) => {
                    self.socket = socket;
                    return self.rejoin().await.is_ok();
                }
                Err(_) => sleep(LOOK_EVERY).await,
            }
        }
        false
    }

    async fn rejoin(&mut self) -> Result<(), SocketError> {
        let mut threads = HashSet::new();
        for held in &mut self.held {
            held.open = None;
            threads.insert(held.thread.clone());
        }
        for thread in threads {
            self.join(thread, None).await?;
        }
        Ok(())
    }
}

/// An approval cannot be answered at the app-server any more.
async fn lost(handle: &Handle, held: Held) {
    if held.verdict.is_some() {
        tracing::warn!(
            pager_approval = %held.id,
            "Codex was not told what was decided: the terminal decides"
        );
    }
    if held.is_waiting() {
        withdraw(handle, held.id, Withdrawal::AgentGone).await;
    }
}

/// Takes an approval back that nobody can answer here any more. Whether that was still so.
pub(super) async fn withdraw(handle: &Handle, id: ApprovalId, why: Withdrawal) -> bool {
    handle.submit(Actor::Agent, Command::Withdraw { id, why }).await.is_ok()
}
