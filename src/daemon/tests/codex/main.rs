//! Pager as the second client of Codex's app-server: who answers first is heard on both sides.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail by panicking")]

mod app_server;
mod judged;
mod questions;
mod race;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use pager_agents::codex::{self, Call, Step};
use pager_core::approval::{Input, Kind, Request};
use pager_core::{
    Actor, Approval, ApprovalId, Command, Facts, Origin, Reply, Resolution, SessionId, Sha256Hex,
    Verdict,
};
use pager_policy::Place;
use pagerd::codex::{Codex, Joined};
use pagerd::engine::{Engine, Handle, Options, SystemClock};
use pagerd::entry::Entry;
use pagerd::policy::Keeper;
use pagerd::store::Store;

use app_server::{AppServer, THREAD, TURN};

pub(crate) const COMMAND: &str = "touch made && echo ok";

/// An engine, an app-server, and pager between them.
pub(crate) struct House {
    pub(crate) handle: Handle,
    pub(crate) entry: Entry,
    pub(crate) codex: Arc<Codex>,
    pub(crate) server: AppServer,
    pub(crate) home: tempfile::TempDir,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::with_policy(None)
    }

    /// One whose policy is this.
    pub(crate) fn with_policy(text: Option<&str>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = text.map(|text| {
            let file = home.path().join("policy.toml");
            std::fs::write(&file, text).unwrap();
            file
        });
        let place = Place { home: home.path().to_owned(), own: Vec::new() };
        let policy = Keeper::open(file, place).unwrap();
        assert_eq!(*policy.trouble().borrow(), None);
        let store = Store::open(home.path()).unwrap();
        let options = Options::new(SignedDuration::from_hours(1), Vec::new());
        let (engine, handle) = Engine::new(store, SystemClock, options, None).unwrap();
        tokio::spawn(engine.run());
        let entry = Entry::new(handle.clone(), Arc::new(policy));
        let codex = Codex::new(entry.clone(), Some(home.path()), Duration::ZERO);
        let server = AppServer::start(home.path());
        Self { handle, entry, codex, server, home }
    }

    /// A hook tells of a step; nobody has seen where it ran.
    pub(crate) async fn follow(&self, step: Step) -> Option<Joined> {
        self.codex.follow(step, &unseen()).await
    }

    /// The hook asks; it may end where the session could be joined.
    pub(crate) async fn hook(&self, item: &str) -> Option<Joined> {
        let starting = call("Bash", Some(item));
        assert!(self.follow(Step::Starting(starting)).await.is_none());
        self.follow(Step::Asking(call("Bash", None))).await
    }

    /// The hook has asked, its session was joined, and pager holds the question.
    pub(crate) async fn held(&self, item: &str) -> ApprovalId {
        let joined = self.hook(item).await.expect("not joined");
        let id = self.ask(&joined).await;
        joined.hold(&self.handle, id).await;
        id
    }

    pub(crate) async fn ask(&self, joined: &Joined) -> ApprovalId {
        let input = Input::new(format!("{{\"command\":\"{COMMAND}\",\"description\":\"why\"}}"));
        self.bring(Request::new(joined.request(), Kind::Permission, "Bash", input)).await
    }

    pub(crate) async fn bring(&self, request: Request) -> ApprovalId {
        let facts = Facts::new(SessionId::from_agent(THREAD), codex::agent());
        let ask = Command::Ask { facts, request: Box::new(request) };
        match self.entry.bring(unseen(), ask, None).await.unwrap() {
            Reply::Asked { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    /// The one approval there is, once there is one.
    pub(crate) async fn only(&self) -> Approval {
        let mut published = self.handle.published();
        loop {
            let snapshot = self.handle.snapshot().await.unwrap();
            if let Some(approval) = snapshot.approvals.into_iter().next() {
                return approval;
            }
            published.changed().await.unwrap();
        }
    }

    pub(crate) async fn decide(&self, id: ApprovalId, verdict: Verdict) {
        self.handle.submit(Actor::Desktop, Command::resolve(id, verdict)).await.unwrap();
    }

    pub(crate) async fn end_of(&self, id: ApprovalId) -> Resolution {
        tokio::time::timeout(Duration::from_secs(60), self.handle.resolution(id))
            .await
            .expect("never settled")
            .unwrap()
    }
}

/// Where a hook ran that had ended before it could be looked at.
pub(crate) fn unseen() -> Origin {
    Origin { agent: None, program: "unknown".to_owned(), unit: String::new() }
}

pub(crate) fn call(tool: &str, item: Option<&str>) -> Call {
    Call {
        session: SessionId::from_agent(THREAD),
        thread: THREAD.to_owned(),
        turn: TURN.to_owned(),
        tool: tool.to_owned(),
        fingerprint: Sha256Hex::of(b"the same in all events of the call"),
        item: item.map(str::to_owned),
    }
}

pub(crate) fn answer(question: &str, chosen: &str) -> Verdict {
    let answers = BTreeMap::from([(question.to_owned(), vec![chosen.to_owned()])]);
    Verdict::Answer { answers }
}
