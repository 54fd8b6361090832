//! Codex's shared app-server, where it runs: pager joins a session there as a second client of its
//! socket, so that the terminal and every other door are asked at the same time.
//!
//! What is asked comes from the hooks, as it does everywhere else; the socket carries the answer.

mod calls;
mod held;
mod link;
mod socket;
mod talk;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use pager_agents::codex::{self, Call, Step, request_of};
use pager_core::{Approval, ApprovalId, Origin, RequestId};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use crate::engine::Handle;
use crate::entry::Entry;
use crate::waiters::Waiters;
use calls::Calls;
use held::Held;
use link::{Expected, Link, Order, Seat};

/// How long a hook is held up for joining its session. The app-server answers within milliseconds,
/// or the machine is so busy that its dialog would not be there sooner either.
const JOIN_WITHIN: Duration = Duration::from_secs(10);

/// How long a permission request waits for the event that its call begins, which Codex sends before
/// it. Each comes on a connection of its own, and where both were waiting, at the daemon's start or on
/// a busy machine, the second may be read first.
const BEGUN_WITHIN: Duration = Duration::from_secs(1);

/// Where the app-server's socket is, in `CODEX_HOME`.
const SOCKET: &str = "app-server-control/app-server-control.sock";

/// What is known of Codex's sessions beyond what the machine knows.
#[derive(Debug)]
pub struct Codex {
    entry: Entry,
    socket: Option<PathBuf>,
    waiters: Arc<Waiters>,
    state: Mutex<State>,
    /// Tells that a call has begun.
    begun: Notify,
}

#[derive(Debug)]
struct State {
    window: SignedDuration,
    calls: Calls,
    link: Option<UnboundedSender<Order>>,
}

/// A session that was joined for a question.
#[derive(Debug)]
pub struct Joined {
    seat: Seat,
    thread: String,
    turn: String,
    request: RequestId,
}

impl Codex {
    /// Makes it; `home` is Codex's folder, if there can be one, and `window` is
    /// `approvals.codex_window`.
    pub fn new(entry: Entry, home: Option<&Path>, window: Duration) -> Arc<Self> {
        let state = State { window: signed(window), calls: Calls::default(), link: None };
        Arc::new(Self {
            entry,
            socket: home.map(|home| home.join(SOCKET)),
            waiters: Arc::default(),
            state: Mutex::new(state),
            begun: Notify::new(),
        })
    }

    /// Takes over another `approvals.codex_window`, for later questions.
    pub fn configure(&self, window: Duration) {
        self.lock().window = signed(window);
    }

    /// How long a hook waits whose session cannot be joined.
    pub fn window(&self) -> SignedDuration {
        self.lock().window
    }

    /// Who waits for the answers to approvals, hooks and sessions alike.
    pub fn waiters(&self) -> Arc<Waiters> {
        Arc::clone(&self.waiters)
    }

    /// Takes up the approvals that the last daemon left pending, as far as the app-server still asks
    /// about them.
    pub async fn resume(&self) {
        let Ok(snapshot) = self.entry.handle().snapshot().await else { return };
        let of_codex =
            |approval: &&Approval| approval.is_pending() && approval.agent == codex::agent();
        for approval in snapshot.approvals.iter().filter(of_codex) {
            let thread = approval.subagent.as_deref().unwrap_or(approval.session.as_str());
            if let Some(link) = self.link().await {
                // A link that has just ended has nobody to tell.
                drop(link.send(Order::Adopt(Held::new(approval, thread.to_owned(), None))));
            }
        }
    }

    /// Takes note of a step of a tool call, of which a hook of `origin`'s tells. Where it asks and its session could be joined, the answer
    /// can go there, and the hook need not wait for it.
    pub async fn follow(&self, step: Step, origin: &Origin) -> Option<Joined> {
        match step {
            Step::Starting(call) => {
                self.lock().calls.begin(call.clone());
                self.begun.notify_waiters();
                if call.tool == codex::QUESTION_TOOL
                    && call.item.is_some()
                    && let Some(link) = self.link().await
                {
                    let origin = origin.clone();
                    drop(link.send(Order::Expect(Expected { call, origin })));
                }
                None
            }
            Step::Asking(call) => {
                let item = self.item_of(&call).await?;
                let seat = self.join(&call.thread).await?;
                let request = request_of(&call.thread, &item);
                Some(Joined { seat, thread: call.thread, turn: call.turn, request })
            }
            Step::Finished(call) => {
                self.lock().calls.finish(&call);
                if call.tool == codex::QUESTION_TOOL {
                    self.order(Order::Unexpect { thread: call.thread, item: call.item });
                }
                None
            }
            Step::TurnEnded(session) => {
                self.lock().calls.end_turn(&session);
                self.order(Order::Unexpect { thread: session.as_str().to_owned(), item: None });
                None
            }
        }
    }

    /// Codex's id for the call that a permission request is about.
    async fn item_of(&self, asking: &Call) -> Option<String> {
        let found = async {
            loop {
                let begun = self.begun.notified();
                let mut begun = pin!(begun);
                begun.as_mut().enable();
                if let Some(item) = self.lock().calls.item_of(asking) {
                    return item;
                }
                begun.await;
            }
        };
        timeout(BEGUN_WITHIN, found).await.ok()
    }

    /// Joins a thread, with the link there is or a new one.
    async fn join(&self, thread: &str) -> Option<Seat> {
        let joining = async {
            loop {
                let link = self.link().await?;
                let (joined, answer) = oneshot::channel();
                drop(link.send(Order::Join { thread: thread.to_owned(), joined }));
                match answer.await {
                    Ok(seat) => return Some(seat),
                    // It had nothing to do any more, and ended just now.
                    Err(_) if link.is_closed() => {}
                    Err(_) => return None,
                }
            }
        };
        timeout(JOIN_WITHIN, joining).await.ok().flatten()
    }

    async fn link(&self) -> Option<UnboundedSender<Order>> {
        let live = self.lock().link.clone().filter(|link| !link.is_closed());
        if live.is_some() {
            return live;
        }
        let socket = self.socket.as_deref()?;
        let link = Link::open(socket, self.entry.clone(), self.waiters()).await;
        let link = match link {
            Ok(link) => link,
            Err(error) => {
                tracing::debug!("no app-server of Codex's at {}: {error}", socket.display());
                return None;
            }
        };
        let mut state = self.lock();
        // Another hook may have been faster; its link is the one all use.
        if let Some(live) = state.link.clone().filter(|link| !link.is_closed()) {
            return Some(live);
        }
        let orders = link.start();
        state.link = Some(orders.clone());
        Some(orders)
    }

    /// Gives an order to the link, if there is one.
    fn order(&self, order: Order) {
        if let Some(link) = &self.lock().link {
            drop(link.send(order));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Joined {
    /// The name of the question, which the app-server's request has as well.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// Leaves the answer to the approval to the app-server.
    pub async fn hold(self, handle: &Handle, id: ApprovalId) {
        if let Ok(Some(approval)) = handle.approval(id).await {
            self.seat.hold(Held::new(&approval, self.thread, Some(self.turn)));
        }
    }
}

fn signed(window: Duration) -> SignedDuration {
    SignedDuration::try_from(window).unwrap_or(SignedDuration::ZERO)
}
