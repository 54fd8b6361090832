//! A real Debian system, booted for one test and thrown away: systemd as its first process, a
//! lingering user with a manager and a bus, the journal, a terminal, a desktop and the real agent.
//!
//! `tests/system/prepare.sh` builds what it is booted from; being root is the only other need.
//! The network is the host's, so that doubles on 127.0.0.1 are reached from inside.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

pub mod claude;
pub mod codex;
pub mod desktop;
mod follow;
mod journal;
pub mod missing;
pub mod pager;
mod run;
pub mod suite;
pub mod terminal;

pub use follow::Lines;
pub use journal::Entry;
pub use run::Input;

/// The ordinary user of the booted system.
pub const USER: &str = "user";

/// The user's runtime directory.
pub const RUNTIME_DIR: &str = "/run/user/1000";

/// How long anything awaited may take before the test fails: not a measure, but an end to hanging.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A booted system. Dropping it powers it off; nothing of it remains.
pub struct System {
    name: String,
    supervisor: Child,
    console: File,
    leader: u32,
}

impl System {
    /// Boots a fresh system and returns once it and the user's manager are up.
    ///
    /// # Errors
    /// Where it does not come up, with what its console said.
    pub fn boot() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pager-{}-{number}", std::process::id());
        let folder = prepared();
        let state = folder.join("mnt");
        std::fs::create_dir_all(&state).with_context(|| format!("making {}", state.display()))?;

        let address = SocketAddr::from_abstract_name(&name).context("naming the notify socket")?;
        let notify = UnixDatagram::bind_addr(&address).context("binding the notify socket")?;
        let mut console = tempfile::tempfile().context("making a file for the console")?;
        let mut command = host_command("unshare");
        command.arg("--mount").arg(scripts().join("boot.sh"));
        command.arg(folder.join("tree")).arg(&state).arg(&name);
        let claude = folder.join("claude");
        command.arg(format!("--bind-ro={}:/usr/local/bin/claude", claude.display()));
        let codex = folder.join("codex");
        command.arg(format!("--bind-ro={}:{}", codex.display(), codex::PROGRAMS));
        command.env("NOTIFY_SOCKET", format!("@{name}"));
        command.stdin(Stdio::piped());
        command.stdout(console.try_clone()?).stderr(console.try_clone()?);
        let mut supervisor = command.spawn().context("starting boot.sh")?;

        let leader = match await_ready(&notify, &supervisor) {
            Ok(leader) => leader,
            Err(error) => {
                end(&mut supervisor);
                let mut said = String::new();
                console.rewind()?;
                console.read_to_string(&mut said)?;
                return Err(error.context(format!("booting {name}; the console said:\n{said}")));
            }
        };
        let system = Self { name, supervisor, console, leader };
        system.run_as_root(["systemctl", "start", "user@1000.service"])?;
        system.systemctl(["is-system-running", "--wait"])?;
        Ok(system)
    }

    /// Its machine name, which no other system of this host has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Installs a package as a person would, with the dependencies the tree already holds.
    ///
    /// # Errors
    /// What apt said.
    pub fn install_deb(&self, package: &Path) -> Result<()> {
        let file = File::open(package).with_context(|| format!("opening {}", package.display()))?;
        let inside = "/var/tmp/package.deb";
        self.run_with(self.command_as_root(["tee", inside]), Input::File(file))?;
        let apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", inside];
        self.run_as_root(apt)?;
        Ok(())
    }

    /// What the console and the journal hold, for a person who looks into a failure.
    pub fn post_mortem(&self) -> String {
        let mut said = String::new();
        let mut console = &self.console;
        if console.rewind().and_then(|()| console.read_to_string(&mut said)).is_err() {
            said.push_str("(the console could not be read)\n");
        }
        let journal = self.run_as_root(["journalctl", "--no-pager", "--output=short-precise"]);
        said + &journal.unwrap_or_else(|error| format!("{error:#}\n"))
    }
}

impl Drop for System {
    fn drop(&mut self) {
        end(&mut self.supervisor);
    }
}

/// Lets go of the supervisor, which then powers the system off and takes its mounts down.
fn end(supervisor: &mut Child) {
    drop(supervisor.stdin.take());
    if let Err(error) = supervisor.wait() {
        eprintln!("waiting for the end of a system: {error}");
    }
}

/// Reads systemd-nspawn's notifications until the system inside is up; returns its first process.
fn await_ready(notify: &UnixDatagram, supervisor: &Child) -> Result<u32> {
    let pid = Pid::from_child(supervisor);
    let ended = pidfd_open(pid, PidfdFlags::empty()).context("watching boot.sh")?;
    let limit = Timespec::try_from(LIMIT)?;
    let mut leader = None;
    loop {
        let mut watched = [
            PollFd::from_borrowed_fd(notify.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(ended.as_fd(), PollFlags::IN),
        ];
        if poll(&mut watched, Some(&limit)).context("waiting for notifications")? == 0 {
            bail!("not up after {LIMIT:?}");
        }
        if watched[0].revents().is_empty() {
            bail!("it ended before it was up");
        }
        let mut buffer = [0; 4096];
        let length = notify.recv(&mut buffer).context("receiving a notification")?;
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let value = |key| message.lines().find_map(|line| line.strip_prefix(key));
        if let Some(pid) = value("X_NSPAWN_LEADER_PID=") {
            leader = Some(pid.parse().context("reading the first process's number")?);
        }
        if value("READY=") == Some("1") {
            return leader.context("systemd-nspawn did not name the first process");
        }
    }
}

/// A command on the host with nothing of this process's surroundings but the search path.
fn host_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LANG", "C.UTF-8");
    command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("system")
}

/// Where `prepare.sh` was told to put things.
fn prepared() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let default = || workspace.unwrap_or(Path::new("..")).join("target/system");
    std::env::var_os("PAGER_SYSTEM_DIR").map_or_else(default, PathBuf::from)
}
