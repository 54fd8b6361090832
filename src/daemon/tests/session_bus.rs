//! The D-Bus door on a real bus: one that comes late, restarts, or has the name taken already.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use futures_util::StreamExt;
use jiff::SignedDuration;
use pager_config::{Sources, TokenSource};
use pager_core::approval::{Input, Kind, Request};
use pager_core::{
    Actor, Agent, ApprovalId, Command, Facts, Reply, RequestId, SessionId, State, Verdict,
};
use pager_tests::bus::Bus;
use pagerd::emergency::{Emergency, Place};
use pagerd::engine::{Engine, Handle, Options, SystemClock};
use pagerd::store::Store;
use pagerd::surfaces::dbus::{self, BUS_NAME, BusChoice, BusState, Controls, ROOT};
use tokio::sync::{mpsc, oneshot, watch};
use zbus::Connection;
use zbus::fdo::{DBusProxy, ManagedObjects, ObjectManagerProxy};

/// An engine with a store of its own.
struct House {
    handle: Handle,
    _dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let options = Options::new(SignedDuration::from_hours(1), Vec::new());
        let (engine, handle) = Engine::new(store, SystemClock, options, None).unwrap();
        tokio::spawn(engine.run());
        Self { handle, _dir: dir }
    }

    async fn ask(&self) -> ApprovalId {
        let input = Input::new("{}");
        let request = Request::new(RequestId::from_bytes([1; 16]), Kind::Permission, "Bash", input);
        let facts = Facts::new(SessionId::from_agent("s"), Agent::claude());
        let ask = Command::Ask { facts, request: Box::new(request) };
        match self.handle.submit(Actor::Agent, ask).await.unwrap() {
            Reply::Asked { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }
}

/// The door in front of it.
struct Door {
    state: watch::Receiver<BusState>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Door {
    fn open(house: &House, bus: &Path) -> Self {
        let (reload, _) = mpsc::channel(1);
        let place = Place::new("/nonexistent", Sources::single("/nonexistent"));
        let controls = Controls {
            version: "1".to_owned(),
            reload,
            telegram_state: watch::channel("off".to_owned()).1,
            token_source: watch::channel(TokenSource::None).1,
            rules: watch::channel(pager_core::access::Rules::default()).1,
            warnings: watch::channel(Vec::new()).1,
            emergency: Emergency::new(house.handle.clone(), place),
            hook_program: "/nonexistent".into(),
            wirings: Vec::new(),
        };
        let (sender, state) = watch::channel(BusState::Starting);
        let (stop, stopped) = oneshot::channel();
        let choice = BusChoice::Address(format!("unix:path={}", bus.display()));
        let shutdown = async { drop(stopped.await) };
        let handle = house.handle.clone();
        let task = tokio::spawn(dbus::run(handle, controls, choice, None, sender, shutdown));
        Self { state, stop: Some(stop), task }
    }

    async fn becomes(&mut self, wanted: impl FnMut(&BusState) -> bool) -> BusState {
        self.state.wait_for(wanted).await.unwrap().clone()
    }
}

async fn objects(client: &Connection) -> ManagedObjects {
    let objects = ObjectManagerProxy::builder(client).destination(BUS_NAME).unwrap();
    objects.path(ROOT).unwrap().build().await.unwrap().get_managed_objects().await.unwrap()
}

fn failing(state: &BusState) -> bool {
    matches!(state, BusState::Failing { .. })
}

#[tokio::test]
async fn a_bus_that_comes_late_and_restarts_gets_everything_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus");
    let house = House::new();
    let mut door = Door::open(&house, &path);
    let BusState::Failing { why } = door.becomes(BusState::is_settled).await else { panic!() };
    assert!(why.contains(path.to_str().unwrap()), "{why}");
    let id = house.ask().await;
    let approval = format!("{ROOT}/approval/{id}");

    for _ in 0..2 {
        let bus = Bus::start_at(&path).unwrap();
        door.becomes(|state| *state == BusState::Owned).await;
        let client = bus.connect().await.unwrap();
        assert!(objects(&client).await.keys().any(|path| path.as_str() == approval));
        drop(bus);
        door.becomes(failing).await;
    }

    let bus = Bus::start_at(&path).unwrap();
    door.becomes(|state| *state == BusState::Owned).await;
    let client = bus.connect().await.unwrap();
    let interface = Some("org.pagerd.Pager1.Approval");
    client.call_method(Some(BUS_NAME), &*approval, interface, "Allow", &()).await.unwrap();
    let resolution = house.handle.resolution(id).await.unwrap();
    assert_eq!((resolution.state, resolution.verdict), (State::Allowed, Some(Verdict::Allow)));
    let uid = rustix::process::geteuid().as_raw();
    let by = resolution.by.to_string();
    assert!(by.starts_with(&format!("dbus:{uid}/session_bus-")), "{by}");
}

#[tokio::test]
async fn a_name_that_is_taken_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus");
    let bus = Bus::start_at(&path).unwrap();
    let other = bus.connect().await.unwrap();
    other.request_name(BUS_NAME).await.unwrap();
    let house = House::new();
    let mut door = Door::open(&house, &path);
    let BusState::Failing { why } = door.becomes(BusState::is_settled).await else { panic!() };
    assert!(why.contains("owned by somebody else"), "{why}");
    other.release_name(BUS_NAME).await.unwrap();
    door.becomes(|state| *state == BusState::Owned).await;
}

#[tokio::test]
async fn the_name_comes_after_the_objects_and_goes_with_the_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus");
    let bus = Bus::start_at(&path).unwrap();
    let client = bus.connect().await.unwrap();
    let names = DBusProxy::new(&client).await.unwrap();
    let mut owners = names.receive_name_owner_changed_with_args(&[(0, BUS_NAME)]).await.unwrap();
    let house = House::new();
    let approval = format!("{ROOT}/approval/{}", house.ask().await);
    let mut door = Door::open(&house, &path);
    let signal = owners.next().await.unwrap();
    assert!(signal.args().unwrap().new_owner().is_some());
    assert!(objects(&client).await.keys().any(|path| path.as_str() == approval));
    drop(door.stop.take());
    let signal = owners.next().await.unwrap();
    assert!(signal.args().unwrap().new_owner().is_none());
    (&mut door.task).await.unwrap();
}

#[tokio::test]
async fn a_restart_is_asked_of_the_service_manager() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus");
    let bus = Bus::start_at(&path).unwrap();
    let house = House::new();
    let mut door = Door::open(&house, &path);
    door.becomes(|state| *state == BusState::Owned).await;
    let client = bus.connect().await.unwrap();
    let restart = || {
        let interface = Some("org.pagerd.Pager1.Manager");
        client.call_method(Some(BUS_NAME), ROOT, interface, "Restart", &())
    };
    let refused = restart().await.unwrap_err().to_string();
    assert!(refused.contains("org.pagerd.Pager1.Error.Unavailable"), "{refused}");

    let (asked, mut asks) = mpsc::unbounded_channel();
    let manager = zbus::connection::Builder::address(bus.address()).unwrap();
    let _manager = manager
        .serve_at("/org/freedesktop/systemd1", ServiceManager { asked })
        .unwrap()
        .name("org.freedesktop.systemd1")
        .unwrap()
        .build()
        .await
        .unwrap();
    restart().await.unwrap();
    let asked = asks.recv().await.unwrap();
    assert_eq!(asked, ("pager.service".to_owned(), "replace".to_owned()));
}

struct ServiceManager {
    asked: mpsc::UnboundedSender<(String, String)>,
}

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl ServiceManager {
    fn restart_unit(&self, name: String, mode: String) -> zbus::zvariant::OwnedObjectPath {
        self.asked.send((name, mode)).unwrap();
        zbus::zvariant::ObjectPath::from_static_str_unchecked("/org/freedesktop/systemd1/job/1")
            .into()
    }
}
