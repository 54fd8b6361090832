//! A daemon in this process: engine, hook socket, D-Bus on a bus and on a private socket.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::SignedDuration;
use pager_config::{Sources, TokenSource};
use pager_core::access::{Code, Role, Rules};
use pager_core::approval::{AlwaysGrant, Input, Kind};
use pager_core::{
    AccessCommand, Actor, Agent, ApprovalId, Facts, Reply, Request, RequestId, Resolution,
    SessionId,
};
use pager_policy::Place;
use pager_tests::bus::Bus;
use pagerd::codex::Codex;
use pagerd::emergency::{self, Emergency};
use pagerd::engine::{Engine, Handle, Options, SystemClock};
use pagerd::entry::Entry;
use pagerd::host::sockets;
use pagerd::ingress::Ingress;
use pagerd::policy::Keeper;
use pagerd::store::Store;
use pagerd::surfaces::dbus::{self, BusChoice, BusState, Controls, ReloadRequest};
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) struct Daemon {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) bus: Arc<Bus>,
    handle: Handle,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    asked: u8,
}

impl Daemon {
    pub(crate) fn start() -> Self {
        Self::start_needing(1)
    }

    /// One where it takes so many people to say yes.
    pub(crate) fn start_needing(needed: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bus = Arc::new(Bus::start().unwrap());
        let (stop, stopped) = oneshot::channel();
        let (started, handle) = std::sync::mpsc::channel();
        let path = dir.path().to_owned();
        let address = bus.address().to_owned();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(serve(&path, address, needed, started, stopped));
        });
        let handle = handle.recv().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { dir, bus, handle, runtime, stop: Some(stop), thread: Some(thread), asked: 0 }
    }

    /// pagerctl as run with this daemon's private socket and no bus.
    pub(crate) fn ctl(&self, args: &[&str]) -> Ran {
        let mut command = pagerctl();
        command.arg("--runtime-dir").arg(self.dir.path());
        run(command.args(args))
    }

    /// pagerctl as run in a session with a bus.
    pub(crate) fn ctl_over_bus(&self, args: &[&str]) -> Ran {
        let mut command = pagerctl();
        command.env("DBUS_SESSION_BUS_ADDRESS", self.bus.address());
        run(command.args(args))
    }

    pub(crate) fn ask(&mut self, kind: Kind, tool: &str, input: &str) -> ApprovalId {
        self.ask_always(kind, tool, input, None)
    }

    pub(crate) fn ask_always(
        &mut self,
        kind: Kind,
        tool: &str,
        input: &str,
        rule: Option<&str>,
    ) -> ApprovalId {
        self.asked += 1;
        let session = SessionId::from_agent("6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10");
        let facts = Facts {
            cwd: Some("/home/me/webshop".to_owned()),
            ..Facts::new(session, Agent::claude())
        };
        let input = Input::new(input);
        let request = Request {
            always: rule
                .map(|rule| AlwaysGrant { rule: rule.to_owned(), suggestion: "{}".to_owned() }),
            ..Request::new(RequestId::from_bytes([self.asked; 16]), kind, tool, input)
        };
        let ask = pager_core::Command::Ask { facts, request: Box::new(request) };
        match self.runtime.block_on(self.handle.submit(Actor::Agent, ask)).unwrap() {
            Reply::Asked { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    /// Somebody unknown writes to the bot; their code.
    pub(crate) fn knock(&self, user: i64, name: &str) -> Code {
        let knock = AccessCommand::Knock { user, name: name.to_owned() };
        let by = Actor::Telegram { user };
        let told = self.handle.submit(by, pager_core::Command::Access(knock));
        match self.runtime.block_on(told).unwrap() {
            Reply::Knocked(Some(code)) => code,
            other => panic!("{other:?}"),
        }
    }

    /// Ends the daemon; the bus stays.
    pub(crate) fn leave(self) -> Arc<Bus> {
        self.bus.clone()
    }

    /// Somebody says yes on Telegram.
    pub(crate) fn allow_remotely(&self, user: i64, id: ApprovalId) {
        let yes = pager_core::Command::resolve(id, pager_core::Verdict::Allow);
        let said = self.handle.submit(Actor::Telegram { user }, yes);
        self.runtime.block_on(said).unwrap();
    }

    pub(crate) fn resolution(&self, id: ApprovalId) -> Option<Resolution> {
        self.runtime.block_on(self.handle.approval(id)).unwrap().unwrap().resolution
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(
    dir: &Path,
    address: String,
    needed: u32,
    started: std::sync::mpsc::Sender<Handle>,
    stopped: oneshot::Receiver<()>,
) {
    let store = Store::open(&dir.join("state")).unwrap();
    let options = Options { needed, ..Options::new(SignedDuration::from_hours(1), Vec::new()) };
    let (engine, handle) = Engine::new(store, SystemClock, options, None).unwrap();
    tokio::spawn(engine.run());
    let hook = listener(&dir.join("hook.sock"));
    let private = listener(&dir.join("bus.sock"));
    let path = dir.join("bus.sock").display().to_string();
    let entry = Entry::new(handle.clone(), policy(dir));
    let codex = Codex::new(entry.clone(), None, Duration::ZERO);
    tokio::spawn(Ingress::new(entry, Some(path), codex).serve(hook));
    let (reload, mut reloads) = mpsc::channel::<ReloadRequest>(1);
    tokio::spawn(async move {
        while let Some(asked) = reloads.recv().await {
            asked.send(Ok(())).unwrap();
        }
    });
    let (_telegram, telegram_state) = watch::channel("off".to_owned());
    let sources = Sources::single(dir.join("pager.toml"));
    let state_dir = dir.join("state");
    let place = emergency::Place {
        journalctl: "/bin/true".into(),
        ..emergency::Place::new(state_dir, sources)
    };
    let controls = Controls {
        version: "1.2.3".to_owned(),
        reload,
        telegram_state,
        token_source: watch::channel(TokenSource::Credential).1,
        warnings: watch::channel(vec!["everybody may write to the bot".to_owned()]).1,
        rules: watch::channel(Rules { roles: Role::built_in(), ..Rules::default() }).1,
        emergency: Emergency::new(handle.clone(), place),
        hook_program: dir.join("pager-hook"),
        wirings: Vec::new(),
    };
    let (state, mut ready) = watch::channel(BusState::Starting);
    let bus = BusChoice::Address(address);
    let handed = handle.clone();
    let shutdown = async { drop(stopped.await) };
    let serving = dbus::run(handle, controls, bus, Some(private), state, shutdown);
    let telling = async {
        let settled = ready.wait_for(BusState::is_settled).await.unwrap().clone();
        assert_eq!(settled, BusState::Owned);
        started.send(handed).unwrap();
    };
    tokio::join!(serving, telling);
}

/// A policy that says nothing.
fn policy(dir: &Path) -> Arc<Keeper> {
    let place = Place { home: dir.to_owned(), own: Vec::new() };
    Arc::new(Keeper::open(None, place).unwrap())
}

fn listener(path: &Path) -> UnixListener {
    let listener = sockets::bind(path).unwrap();
    listener.set_nonblocking(true).unwrap();
    UnixListener::from_std(listener).unwrap()
}

/// pagerctl in an environment in which it finds nothing by itself.
pub(crate) fn pagerctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pagerctl"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Ran {
        status: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!((self.status, self.err.as_str()), (0, ""), "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}
