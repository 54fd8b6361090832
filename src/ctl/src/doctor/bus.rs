//! What others tell over D-Bus: their properties, as plain values.

use std::collections::HashMap;

use zbus::Connection;
use zbus::fdo::PropertiesProxy;
use zbus::names::InterfaceName;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

/// The properties of one interface of one object.
pub(super) struct Properties(HashMap<String, OwnedValue>);

impl Properties {
    /// Asks for all of them.
    pub(super) async fn of(
        bus: &Connection,
        owner: &str,
        path: &str,
        interface: &str,
    ) -> zbus::Result<Self> {
        let proxy = PropertiesProxy::builder(bus)
            .destination(owner.to_owned())?
            .path(path.to_owned())?
            .build()
            .await?;
        let interface = InterfaceName::try_from(interface.to_owned())?;
        Ok(Self(proxy.get_all(interface).await?))
    }

    /// One of them; none where it is missing or of another type.
    pub(super) fn get<T: TryFrom<OwnedValue>>(&self, name: &str) -> Option<T> {
        self.0
            .get(name)
            .and_then(|value| value.try_clone().ok())
            .and_then(|value| value.try_into().ok())
    }

    /// One that is text; empty where it is missing.
    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default()
    }
}

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1",
    gen_blocking = false
)]
pub(super) trait SystemdManager {
    fn load_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
}

#[zbus::proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1",
    gen_blocking = false
)]
pub(super) trait LoginManager {
    fn get_user(&self, uid: u32) -> zbus::Result<OwnedObjectPath>;
}

#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
pub(super) trait Notifications {
    fn get_server_information(&self) -> zbus::Result<(String, String, String, String)>;
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;
}

/// A unit of the user manager, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) load_state: String,
    pub(super) active_state: String,
    pub(super) file_state: String,
    /// Where its file is.
    pub(super) fragment: String,
    pub(super) drop_ins: Vec<String>,
    /// Whether what is on the disk is newer than what is loaded.
    pub(super) needs_reload: bool,
    /// When its main process was started, in microseconds since the epoch; 0 for no process.
    pub(super) started: u64,
}

/// Asks the user manager for a unit.
pub(super) async fn unit(bus: &Connection, name: &str) -> zbus::Result<Unit> {
    const OWNER: &str = "org.freedesktop.systemd1";
    let path = SystemdManagerProxy::new(bus).await?.load_unit(name).await?;
    let unit = Properties::of(bus, OWNER, &path, "org.freedesktop.systemd1.Unit").await?;
    let started = if name.ends_with(".service") {
        let service = Properties::of(bus, OWNER, &path, "org.freedesktop.systemd1.Service").await?;
        let runs = service.get::<u32>("MainPID").is_some_and(|pid| pid != 0);
        service.get("ExecMainStartTimestamp").filter(|_| runs).unwrap_or(0)
    } else {
        0
    };
    Ok(Unit {
        load_state: unit.text("LoadState"),
        active_state: unit.text("ActiveState"),
        file_state: unit.text("UnitFileState"),
        fragment: unit.text("FragmentPath"),
        drop_ins: unit.get("DropInPaths").unwrap_or_default(),
        needs_reload: unit.get("NeedDaemonReload").unwrap_or(false),
        started,
    })
}
