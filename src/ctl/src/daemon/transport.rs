//! How the daemon is reached: over the session bus, else over its private socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pager_proto::{SOCKET_ENV, ping, socket_path};
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use tokio::net::UnixStream;
use zbus::fdo::DBusProxy;
use zbus::{Connection, connection};

use super::BUS_NAME;
use crate::failure::{Failure, Status};

/// How long a daemon that is started by being reached for may take.
const START: Duration = Duration::from_secs(30);
/// How long a call may take: long enough for a person to type a password that polkit asks for. A
/// daemon that is slower hangs.
const CALL: Duration = Duration::from_secs(120);

/// Which daemon is meant.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// The person's own.
    Usual,
    /// The one behind this hook socket.
    Socket(PathBuf),
}

impl Target {
    /// The one with this runtime folder, or the one `PAGER_HOOK_SOCKET` names, or the usual one.
    pub(crate) fn choose(runtime_dir: Option<&Path>) -> Self {
        if let Some(dir) = runtime_dir {
            return Self::Socket(dir.join("hook.sock"));
        }
        match std::env::var_os(SOCKET_ENV) {
            Some(path) if !path.is_empty() => Self::Socket(path.into()),
            _ => Self::Usual,
        }
    }
}

/// Connects, and tells over what.
pub(super) async fn connect(target: &Target) -> Result<(Connection, &'static str), Failure> {
    if let Target::Socket(path) = target {
        return Ok((over_socket(path).await?, "private-socket"));
    }
    let no_bus = match over_bus().await {
        Ok(connection) => return Ok((connection, "session-bus")),
        Err(why) => why,
    };
    let unreachable = |why: String| {
        let what = format!("pagerd cannot be reached: {no_bus}; {why}");
        Failure::new(Status::Unreachable, what)
    };
    let path = socket_path().map_err(|error| unreachable(error.to_string()))?;
    let connection = over_socket(&path).await.map_err(|failure| unreachable(failure.what))?;
    Ok((connection, "private-socket"))
}

async fn over_bus() -> Result<Connection, String> {
    let address = bus_address().ok_or("there is no session bus")?;
    let reach = async {
        let builder = connection::Builder::address(address.as_str())?.method_timeout(CALL);
        let connection = builder.build().await?;
        let bus = DBusProxy::new(&connection).await?;
        // To start what runs already is an error of dbus-daemon's where no activation file is.
        if !bus.name_has_owner(BUS_NAME.try_into()?).await? {
            bus.start_service_by_name(BUS_NAME.try_into()?, 0).await?;
        }
        Ok::<_, zbus::Error>(connection)
    };
    match tokio::time::timeout(START, reach).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(zbus::Error::InputOutput(error))) => Err(format!("no session bus: {error}")),
        Ok(Err(error)) => Err(format!("not on the session bus: {error}")),
        Err(_) => Err("the session bus did not answer in time".to_owned()),
    }
}

/// The address of the session bus.
pub(crate) fn bus_address() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    set("DBUS_SESSION_BUS_ADDRESS").or_else(|| {
        let bus = Path::new(&set("XDG_RUNTIME_DIR")?).join("bus");
        bus.exists().then(|| format!("unix:path={}", bus.display()))
    })
}

async fn over_socket(hook: &Path) -> Result<Connection, Failure> {
    let unreachable = |why: String| Failure::new(Status::Unreachable, why);
    let pong = ping(hook, "pagerctl", env!("CARGO_PKG_VERSION"), START)
        .map_err(|error| unreachable(error.to_string()))?;
    let bus = pong.bus.ok_or_else(|| {
        unreachable(format!("the pagerd {} behind {} serves no bus", pong.version, hook.display()))
    })?;
    let failed = |error: std::io::Error| unreachable(format!("{}: {error}", bus.display()));
    let stream = UnixStream::connect(&bus).await.map_err(failed)?;
    let peer = socket_peercred(&stream).map_err(|error| failed(error.into()))?;
    if peer.uid != geteuid() {
        let uid = peer.uid.as_raw();
        let what = format!("{} is served by user {uid}, who is not you", bus.display());
        return Err(unreachable(what));
    }
    let builder = connection::Builder::unix_stream(stream).p2p().method_timeout(CALL);
    match tokio::time::timeout(CALL, builder.build()).await {
        Ok(connection) => {
            connection.map_err(|error| unreachable(format!("{}: {error}", bus.display())))
        }
        Err(_) => Err(unreachable(format!("{}: no answer in time", bus.display()))),
    }
}
