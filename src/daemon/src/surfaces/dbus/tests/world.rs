//! An engine on a temporary store, the door in front of it, and clients.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use pager_agents::wiring::Wiring;
use pager_config::Sources;
use pager_core::approval::{AlwaysGrant, Input, Kind};
use pager_core::{
    Activity, Actor, Agent, ApprovalId, Command, Facts, Judgement, Origin, Reply, Request,
    RequestId, Require, Ruling, SessionId, Sha256Hex,
};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use zbus::message::Type;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, Message, MessageStream, connection};

use super::super::caller::{Caller, Callers};
use super::super::context::{Context, Shared};
use super::super::jobs::Jobs;
use super::super::polkit::Polkit;
use super::super::publisher::Publisher;
use super::super::{BUS_NAME, Controls, ROOT, ReloadRequest, private};
use crate::emergency::{Emergency, Place};
use crate::engine::{Clock, Engine, Handle, Options};
use crate::store::Store;

#[derive(Clone)]
struct TestClock(Arc<Mutex<Timestamp>>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(super) struct World {
    pub(super) handle: Handle,
    pub(super) shared: Arc<Shared>,
    pub(super) home: tempfile::TempDir,
    pub(super) reloads: mpsc::Receiver<ReloadRequest>,
    pub(super) telegram: watch::Sender<String>,
    pub(super) warnings: watch::Sender<Vec<String>>,
    clock: TestClock,
    asked: u8,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_polkit(Polkit::default())
    }

    /// One where it takes so many people to say yes.
    pub(super) fn needing(needed: u32) -> Self {
        Self::build(Polkit::default(), needed)
    }

    pub(super) fn with_polkit(polkit: Polkit) -> Self {
        Self::build(polkit, 1)
    }

    fn build(polkit: Polkit, needed: u32) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(&home.path().join("state")).unwrap();
        let clock = TestClock(Arc::new(Mutex::new("2026-01-01T12:00:00Z".parse().unwrap())));
        let options = Options { needed, ..Options::new(SignedDuration::from_hours(1), Vec::new()) };
        let (engine, handle) = Engine::new(store, clock.clone(), options, None).unwrap();
        tokio::spawn(engine.run());
        let hook = home.path().join("pager-hook");
        std::fs::write(&hook, "#!/bin/sh\n").unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&hook, executable).unwrap();
        let (reload, reloads) = mpsc::channel(1);
        let (telegram, telegram_state) = watch::channel("off".to_owned());
        let (warn, warnings) = watch::channel(Vec::new());
        let sources = Sources::single(home.path().join("pager.toml"));
        let place = Place {
            journalctl: "/bin/true".into(),
            ..Place::new(home.path().join("state"), sources)
        };
        let controls = Controls {
            version: "1.2.3".to_owned(),
            reload,
            telegram_state,
            token_source: watch::channel(pager_config::TokenSource::File).1,
            rules: watch::channel(pager_core::access::Rules::default()).1,
            warnings,
            emergency: Emergency::new(handle.clone(), place),
            hook_program: hook,
            wirings: vec![Wiring::claude(home.path(), None), Wiring::codex(home.path(), None)],
        };
        let shared = Arc::new(Shared {
            handle: handle.clone(),
            controls,
            jobs: Jobs::new(),
            session_bus: watch::Sender::new(None),
            polkit,
        });
        Self { handle, shared, home, reloads, telegram, warnings: warn, clock, asked: 0 }
    }

    /// Connects a client as the private socket would.
    pub(super) async fn client(&self) -> Client {
        let (ours, theirs) = UnixStream::pair().unwrap();
        tokio::spawn(private::client(theirs, self.shared.clone()));
        Client::over(ours).await
    }

    /// Connects a client that is held for this caller.
    pub(super) async fn client_of(&self, caller: Caller) -> Client {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let context = Context::new(self.shared.clone(), Callers::Peer(caller));
        let guid = zbus::Guid::generate();
        let builder = connection::Builder::unix_stream(theirs).server(guid).unwrap().p2p();
        tokio::spawn(async move { Publisher::open(builder, context).await.unwrap().run().await });
        Client::over(ours).await
    }

    pub(super) async fn ask(&mut self, kind: Kind, input: &str) -> ApprovalId {
        self.asked += 1;
        let facts = Facts { cwd: Some("/home/me/webshop".into()), ..facts() };
        let input = Input::new(input);
        let request = Request::new(RequestId::from_bytes([self.asked; 16]), kind, "Bash", input);
        self.submit_ask(facts, request).await
    }

    /// Asks what the person's policy wants their authentication for.
    pub(super) async fn ask_for_polkit(&mut self) -> ApprovalId {
        self.asked += 1;
        let id = RequestId::from_bytes([self.asked; 16]);
        let request = Request::new(id, Kind::Permission, "Bash", Input::new("{}"));
        let judgement = Judgement {
            policy: Sha256Hex::zero(),
            ruling: Ruling::Ask,
            rule: Some("mine".to_owned()),
            reason: String::new(),
            require: Require { remote: false, polkit: true },
        };
        self.submit_ask(facts(), Request { judgement: Some(judgement), ..request }).await
    }

    /// The policy says another thing of it than it did.
    pub(super) async fn judge(&self, id: ApprovalId, reason: &str, require: Require) {
        let judgement = Judgement {
            policy: Sha256Hex::zero(),
            ruling: Ruling::Ask,
            rule: Some("mine".to_owned()),
            reason: reason.to_owned(),
            require,
        };
        let command = Command::Rejudge { judgements: vec![(id, judgement)] };
        self.handle.submit(Actor::Pager, command).await.unwrap();
    }

    /// Asks as the agent of that origin.
    pub(super) async fn ask_from(&mut self, origin: Origin) -> ApprovalId {
        self.asked += 1;
        let id = RequestId::from_bytes([self.asked; 16]);
        let request = Request::new(id, Kind::Permission, "Bash", Input::new("{}"));
        self.submit_ask(Facts { origin: Some(origin), ..facts() }, request).await
    }

    /// Asks on behalf of an agent whose turn a no cannot end.
    pub(super) async fn ask_unstoppable(&mut self) -> ApprovalId {
        self.asked += 1;
        let id = RequestId::from_bytes([self.asked; 16]);
        let request = Request::new(id, Kind::Permission, "Bash", Input::new("{}"));
        self.submit_ask(facts(), Request { stoppable: false, ..request }).await
    }

    pub(super) async fn ask_with_always(&mut self, rule: &str) -> ApprovalId {
        let always = AlwaysGrant { rule: rule.to_owned(), suggestion: "{}".to_owned() };
        self.ask_always(facts(), always).await
    }

    pub(super) async fn ask_with_grant(&mut self, suggestion: &str, cwd: &str) -> ApprovalId {
        let facts = Facts { cwd: Some(cwd.to_owned()), ..facts() };
        let suggestion = suggestion.to_owned();
        self.ask_always(facts, AlwaysGrant { rule: "a rule".to_owned(), suggestion }).await
    }

    async fn ask_always(&mut self, facts: Facts, always: AlwaysGrant) -> ApprovalId {
        self.asked += 1;
        let id = RequestId::from_bytes([self.asked; 16]);
        let request = Request::new(id, Kind::Permission, "Bash", Input::new("{}"));
        self.submit_ask(facts, Request { always: Some(always), ..request }).await
    }

    async fn submit_ask(&self, facts: Facts, request: Request) -> ApprovalId {
        let ask = Command::Ask { facts, request: Box::new(request) };
        match self.handle.submit(Actor::Agent, ask).await.unwrap() {
            Reply::Asked { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn end_session(&self) {
        let ended = Command::Observe { facts: facts(), activity: Activity::Ended };
        self.handle.submit(Actor::Agent, ended).await.unwrap();
    }

    pub(super) async fn pass(&self, hours: i64) {
        self.pass_minutes(60 * hours).await;
    }

    pub(super) async fn pass_minutes(&self, minutes: i64) {
        {
            let mut now = self.clock.0.lock().unwrap();
            *now = now.saturating_add(SignedDuration::from_mins(minutes)).unwrap();
        }
        self.handle.submit(Actor::Timeout, Command::Tick).await.unwrap();
    }
}

pub(super) fn facts() -> Facts {
    Facts::new(SessionId::from_agent("one-1"), Agent::claude())
}

pub(super) struct Client {
    pub(super) connection: Connection,
    messages: MessageStream,
}

impl Client {
    pub(super) async fn over(stream: UnixStream) -> Self {
        let connection = connection::Builder::unix_stream(stream)
            .p2p()
            .method_timeout(Duration::from_secs(60))
            .build()
            .await
            .unwrap();
        let messages = MessageStream::from(&connection);
        let client = Self { connection, messages };
        // What was announced while the connection was made is no news.
        client.managed().await;
        client
    }

    pub(super) async fn call<B>(&self, path: &str, member: &str, body: &B) -> zbus::Result<Message>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let kind = path.strip_prefix(ROOT).unwrap().split('/').nth(1);
        let interface = match kind {
            None if member.contains("Pairing") || member.contains("Principal") => {
                "org.pagerd.Pager1.Access"
            }
            None => "org.pagerd.Pager1.Manager",
            Some("approval") => "org.pagerd.Pager1.Approval",
            Some("session") => "org.pagerd.Pager1.Session",
            _ => "org.pagerd.Pager1.Job",
        };
        self.connection.call_method(Some(BUS_NAME), path, Some(interface), member, body).await
    }

    /// Calls a method that must fail, and gives the error's name without its prefix.
    pub(super) async fn refused<B>(&self, path: &str, member: &str, body: &B) -> (String, String)
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        match self.call(path, member, body).await {
            Err(zbus::Error::MethodError(name, text, _)) => {
                let name = name.strip_prefix("org.pagerd.Pager1.Error.").unwrap_or(&name);
                (name.to_owned(), text.unwrap_or_default())
            }
            other => panic!("{member} was not refused: {other:?}"),
        }
    }

    pub(super) async fn properties(&self, path: &str, of: &str) -> HashMap<String, OwnedValue> {
        let interface = format!("org.pagerd.Pager1.{of}");
        let reply = self
            .connection
            .call_method(
                Some(BUS_NAME),
                path,
                Some("org.freedesktop.DBus.Properties"),
                "GetAll",
                &interface,
            )
            .await
            .unwrap();
        reply.body().deserialize().unwrap()
    }

    pub(super) async fn managed(
        &self,
    ) -> HashMap<String, HashMap<String, HashMap<String, OwnedValue>>> {
        let manager = zbus::fdo::ObjectManagerProxy::builder(&self.connection)
            .destination(BUS_NAME)
            .unwrap()
            .path(ROOT)
            .unwrap()
            .build()
            .await
            .unwrap();
        let objects = manager.get_managed_objects().await.unwrap();
        let named = objects.into_iter().map(|(path, interfaces)| {
            let interfaces = interfaces.into_iter().map(|(name, all)| (name.to_string(), all));
            (path.to_string(), interfaces.collect())
        });
        named.collect()
    }

    /// The next signals up to and including the first of this name, as `Member path-below-root body`.
    pub(super) async fn signals_until(&mut self, last: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let message = self.messages.next().await.unwrap().unwrap();
            if message.message_type() != Type::Signal {
                continue;
            }
            let header = message.header();
            let member = header.member().unwrap().to_string();
            let path = header.path().unwrap().as_str().strip_prefix(ROOT).unwrap().to_owned();
            let body = message.body();
            let body: zbus::zvariant::Structure<'_> = body.deserialize().unwrap();
            let ended = member == last;
            seen.push(format!("{member} {path} {body}"));
            if ended {
                return seen;
            }
        }
    }
}

/// A property's value as text.
pub(super) fn text(value: &OwnedValue) -> String {
    String::try_from(value.clone()).unwrap()
}
