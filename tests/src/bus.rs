//! A D-Bus message bus of a test's own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

/// A private `dbus-daemon`, gone with this value.
#[derive(Debug)]
pub struct Bus {
    daemon: Child,
    address: String,
    _dir: tempfile::TempDir,
}

impl Bus {
    /// Starts one, as a session bus is configured but without activation of anything installed.
    ///
    /// # Errors
    /// No `dbus-daemon` on this machine (Debian: `dbus-bin` or `dbus`).
    pub fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let listen = format!("unix:dir={}", dir.path().display());
        Self::listening(dir, &listen)
    }

    /// Starts one at this path, where one may have been before.
    ///
    /// # Errors
    /// As [`Bus::start`].
    pub fn start_at(path: &Path) -> anyhow::Result<Self> {
        Self::listening(tempfile::tempdir()?, &format!("unix:path={}", path.display()))
    }

    fn listening(dir: tempfile::TempDir, listen: &str) -> anyhow::Result<Self> {
        let config = dir.path().join("bus.conf");
        std::fs::write(
            &config,
            format!(
                r#"<busconfig><type>session</type><listen>{listen}</listen>
                <policy context="default"><allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#
            ),
        )?;
        let mut daemon = Command::new("dbus-daemon")
            .arg("--nofork")
            .arg("--print-address=1")
            .arg(format!("--config-file={}", config.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("dbus-daemon could not be started; install the package dbus")?;
        let stdout = daemon.stdout.take().context("dbus-daemon has no output")?;
        let mut address = String::new();
        // The address is printed once the bus listens: that is its readiness.
        BufReader::new(stdout.take(4096)).read_line(&mut address)?;
        anyhow::ensure!(!address.trim().is_empty(), "dbus-daemon ended before it listened");
        Ok(Self { daemon, address: address.trim().to_owned(), _dir: dir })
    }

    /// The bus's address, for `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A new connection to it.
    ///
    /// # Errors
    /// The bus's.
    pub async fn connect(&self) -> zbus::Result<zbus::Connection> {
        zbus::connection::Builder::address(self.address())?.build().await
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}
