//! An engine with the desktop door open.

use jiff::SignedDuration;
use pager_core::approval::{Input, Kind, Request};
use pager_core::{
    Actor, Agent, ApprovalId, Command, Facts, Limits, Reply, RequestId, SessionId, Verdict,
};
use pager_tests::bus::Bus;
use pager_tests::notifications::OnScreen;
use pagerd::engine::{Engine, Handle, Options, SystemClock};
use pagerd::store::Store;
use pagerd::surfaces::desktop;
use serde_json::{Value, json};

pub(crate) const FULL: [&str; 3] = ["actions", "body", "body-markup"];
pub(crate) const PLASMA: [&str; 4] = ["actions", "body", "body-markup", "inline-reply"];

pub(crate) fn labels(card: &OnScreen) -> Vec<&str> {
    card.actions.iter().map(|(_, label)| label.as_str()).collect()
}

pub(crate) struct Daemon {
    pub(crate) handle: Handle,
    pub(crate) door: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
    address: String,
}

impl Daemon {
    pub(crate) fn start(bus: &Bus) -> Self {
        Self::start_needing(bus, 1)
    }

    /// One where it takes so many people to say yes.
    pub(crate) fn start_needing(bus: &Bus, needed: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let options = Options {
            limits: Limits { approvals_per_minute: 100, ..Limits::DEFAULT },
            needed,
            ..Options::new(SignedDuration::from_hours(1), Vec::new())
        };
        let (engine, handle) = Engine::new(store, SystemClock, options, None).unwrap();
        tokio::spawn(engine.run());
        let address = bus.address().to_owned();
        let door = tokio::spawn(desktop::run(handle.clone(), Some(address.clone())));
        Self { handle, door, _dir: dir, address }
    }

    /// The door ends and opens again, as over a restart of the daemon.
    pub(crate) async fn reopen(&mut self) {
        self.door.abort();
        drop((&mut self.door).await);
        self.door = tokio::spawn(desktop::run(self.handle.clone(), Some(self.address.clone())));
    }

    /// Waits until the door has written down what it showed.
    pub(crate) async fn noted(&self, count: usize) {
        let noted = async {
            loop {
                let noted = self.handle.with_store(|store, _| store.fact("desktop.shown"));
                let noted = noted.await.unwrap().unwrap_or_else(|| "{\"ids\":[]}".to_owned());
                let noted: Value = serde_json::from_str(&noted).unwrap();
                if noted["ids"].as_array().unwrap().len() == count {
                    return;
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), noted).await.unwrap();
    }

    pub(crate) async fn ask(&self, n: u8, command: &str) -> ApprovalId {
        self.ask_as(n, Kind::Permission, "Bash", &json!({ "command": command })).await
    }

    pub(crate) async fn ask_as(&self, n: u8, kind: Kind, tool: &str, input: &Value) -> ApprovalId {
        let input = Input::new(input.to_string());
        let request = Request::new(RequestId::from_bytes([n; 16]), kind, tool, input);
        let mut facts = Facts::new(SessionId::from_agent("s1"), Agent::claude());
        facts.cwd = Some("/home/ada/webshop".into());
        let command = Command::Ask { facts, request: Box::new(request) };
        match self.handle.submit(Actor::Agent, command).await {
            Ok(Reply::Asked { id, .. }) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn resolve(&self, id: ApprovalId, verdict: Verdict) {
        let command = Command::resolve(id, verdict);
        self.handle.submit(Actor::Telegram { user: 1 }, command).await.unwrap();
    }
}
