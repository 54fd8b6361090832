//! Pager as the second client of Codex's app-server: who answers first is heard on both sides.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod app_server;
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
    Actor, ApprovalId, Command, Facts, Reply, Resolution, SessionId, Sha256Hex, Verdict,
};
use pagerd::codex::{Codex, Joined};
use pagerd::engine::{Engine, Handle, Options, SystemClock};
use pagerd::store::Store;

use app_server::{AppServer, THREAD, TURN};

pub(crate) const COMMAND: &str = "touch made && echo ok";

/// An engine, an app-server, and pager between them.
pub(crate) struct House {
    pub(crate) handle: Handle,
    pub(crate) codex: Arc<Codex>,
    pub(crate) server: AppServer,
    pub(crate) home: tempfile::TempDir,
}

impl House {
    pub(crate) fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path()).unwrap();
        let options = Options::new(SignedDuration::from_hours(1), Vec::new());
        let (engine, handle) = Engine::new(store, SystemClock, options, None).unwrap();
        tokio::spawn(engine.run());
        let codex = Codex::new(handle.clone(), Some(home.path()), Duration::ZERO);
        let server = AppServer::start(home.path());
        Self { handle, codex, server, home }
    }

    /// The hook asks; it may end where the session could be joined.
    pub(crate) async fn hook(&self, item: &str) -> Option<Joined> {
        let starting = call("Bash", Some(item));
        assert!(self.codex.follow(Step::Starting(starting)).await.is_none());
        self.codex.follow(Step::Asking(call("Bash", None))).await
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
        let request = Request::new(joined.request(), Kind::Permission, "Bash", input);
        let facts = Facts::new(SessionId::from_agent(THREAD), codex::agent());
        let ask = Command::Ask { facts, request: Box::new(request) };
        match self.handle.submit(Actor::Agent, ask).await.unwrap() {
            Reply::Asked { id, .. } => id,
            other => panic!("{other:?}"),
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
