//! The real daemon, in the demo's place.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::process::Command;

use super::child::Guarded;
use super::place::Place;
use crate::failure::Failure;
use crate::output::shown;

/// What the logs of the daemon are called.
pub(crate) const NAME: &str = "pagerd";
/// Much longer than any start takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts it, and returns when it is ready, which it tells as it would tell systemd.
pub(crate) async fn start(program: &Path, place: &Place) -> Result<Guarded, Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("cannot start {}: {error}", shown(program)))
    };
    let notify = place.root().join("notify.sock");
    let socket = UnixDatagram::bind(&notify).map_err(failed)?;
    let log = File::create(place.log(NAME)).map_err(failed)?;
    let mut command = Command::new(program);
    command
        .arg("--config")
        .arg(place.config())
        .arg("--state-dir")
        .arg(place.state())
        .arg("--runtime-dir")
        .arg(place.runtime())
        .env_clear()
        .env("HOME", place.root())
        .env("NOTIFY_SOCKET", &notify)
        .current_dir(place.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let mut daemon = Guarded::start(&mut command, log).map_err(failed)?;
    tokio::select! {
        ready = ready(&socket) => ready.map_err(failed)?,
        ended = daemon.ended() => {
            ended.map_err(failed)?;
            return Err(Failure::failed("pagerd ended before it was ready").with_hint(place.log_tail(NAME)));
        }
        () = tokio::time::sleep(PATIENCE) => {
            return Err(Failure::failed("pagerd does not get ready").with_hint(place.log_tail(NAME)));
        }
    }
    Ok(daemon)
}

async fn ready(socket: &UnixDatagram) -> std::io::Result<()> {
    let mut message = [0; 4096];
    loop {
        let length = socket.recv(&mut message).await?;
        if message[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
            return Ok(());
        }
    }
}
