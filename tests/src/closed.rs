//! The real programs in a closed environment: a temporary place, a bus of its own, a Bot API double,
//! and nothing of the machine's.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::agent::{Agent, Hook};
use crate::botapi::BotApi;
use crate::bus::Bus;

/// How long anything may take before a test fails loudly.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program of this workspace, as built for the same profile as the running test.
///
/// # Panics
/// If it has not been built: `cargo test --workspace` builds it.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    // A test or benchmark is in target/<profile>/deps, a program in target/<profile>.
    let path = own.ancestors().nth(2).map(|profile| profile.join(name)).unwrap_or_default();
    assert!(
        path.exists(),
        "{} is not there: run `cargo build --workspace --bins --examples` first",
        path.display()
    );
    path
}

/// What a daemon is started with.
#[derive(Debug, Default, Clone)]
pub struct Setup {
    /// The text of its pager.toml.
    pub config: String,
    /// The text of its policy.toml; none for no such file.
    pub policy: Option<String>,
    /// The address of its session bus; none for no bus.
    pub bus: Option<String>,
    /// A bot's token, put into the file `token` beside pager.toml.
    pub token: Option<String>,
    /// A folder whose files its state begins with.
    pub state: Option<PathBuf>,
    /// Whether the hook socket is held by the test and outlives the daemon, as systemd holds it.
    pub supervised: bool,
    /// What is to go wrong in it, as `PAGER_FAULT` of the daemon's example `faulty`, which then runs
    /// in its place; an empty text for nothing.
    pub fault: Option<String>,
}

impl Setup {
    /// With a bus of its own.
    pub fn on(bus: &Bus) -> Self {
        Self { bus: Some(bus.address().to_owned()), ..Self::default() }
    }

    /// And with a bot on a Bot API double, for the person of that id.
    pub fn with_bot(mut self, double: &BotApi, user: i64) -> Self {
        let url = double.url();
        self.token = Some(double.token());
        self.config.push_str(&format!(
            "[telegram]\ntoken_file = \"token\"\napi_url = \"{url}\"\nallowed_users = [{user}]\n"
        ));
        self
    }
}

/// A running `pagerd` in a place of its own.
#[derive(Debug)]
pub struct Daemon {
    dir: tempfile::TempDir,
    setup: Setup,
    /// The hook socket, where the test holds it.
    listener: Option<UnixListener>,
    child: Child,
    /// Started with the first hook.
    agent: Mutex<Option<Agent>>,
    /// From its start to READY=1.
    pub ready_after: Duration,
}

impl Daemon {
    /// Starts one and returns once it says READY=1.
    ///
    /// # Errors
    /// What kept it from being ready, with its log.
    pub fn start(setup: Setup) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("pager.toml"), &setup.config)?;
        if let Some(policy) = &setup.policy {
            std::fs::write(dir.path().join("policy.toml"), policy)?;
        }
        if let Some(token) = &setup.token {
            write_private(&dir.path().join("token"), token)?;
        }
        if let Some(left) = &setup.state {
            copy_private(left, &dir.path().join("state"))?;
        }
        let listener = setup.supervised.then(|| listen(&dir.path().join("run"))).transpose()?;
        let (child, ready_after) = launch(dir.path(), &setup, listener.as_ref())?;
        Ok(Self { dir, setup, listener, child, agent: Mutex::default(), ready_after })
    }

    /// A path in the daemon's place.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The hook socket.
    pub fn socket(&self) -> PathBuf {
        self.path("run/hook.sock")
    }

    /// The daemon's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// The kernel's.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid())?).context("pid 0")?;
        Ok(rustix::process::kill_process(pid, signal)?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// The kernel's.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// Kills it and starts it again in the same place, as after a crash.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn crash_and_restart(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        let (child, ready_after) = launch(self.dir.path(), &self.setup, self.listener.as_ref())?;
        self.child = child;
        self.ready_after = ready_after;
        Ok(())
    }

    /// The same, with this to go wrong in the new one ([`Setup::fault`]).
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn restart_with(&mut self, fault: &str) -> anyhow::Result<()> {
        self.setup.fault = Some(fault.to_owned());
        self.crash_and_restart()
    }

    /// Whether it runs.
    ///
    /// # Errors
    /// The kernel's.
    pub fn runs(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Lets none of its files grow beyond so many bytes, in the middle of a write if need be; none
    /// for no limit. Only for the example `faulty`, which does not die of it.
    ///
    /// # Errors
    /// The kernel's.
    pub fn limit_files(&self, bytes: Option<u64>) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid())?);
        // Only the soft limit can be raised again.
        let limit = rustix::process::Rlimit { current: bytes, maximum: None };
        rustix::process::prlimit(pid, rustix::process::Resource::Fsize, limit)?;
        Ok(())
    }

    /// Runs `pagerctl` against this daemon.
    ///
    /// # Errors
    /// It could not be started.
    pub fn ctl(&self, args: &[&str]) -> anyhow::Result<Output> {
        Ok(self.ctl_command().args(args).output()?)
    }

    /// `pagerctl` against this daemon, to be told what to do.
    pub fn ctl_command(&self) -> Command {
        let mut command = closed(&program("pagerctl"), self.dir.path(), &self.setup);
        command.env("PAGER_HOOK_SOCKET", self.socket()).stdin(Stdio::null());
        command
    }

    /// Starts `pager-hook` with an event on its standard input, below the one agent of this place.
    ///
    /// # Errors
    /// It could not be started.
    pub fn hook(&self, event: &Value) -> anyhow::Result<Hook> {
        self.hook_with("", event)
    }

    /// The same, as the settings of an agent other than Claude Code have it.
    ///
    /// # Errors
    /// It could not be started.
    pub fn hook_of(&self, agent: &str, event: &Value) -> anyhow::Result<Hook> {
        self.hook_with(&format!("--agent {agent}"), event)
    }

    fn hook_with(&self, arguments: &str, event: &Value) -> anyhow::Result<Hook> {
        let mut agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        if agent.is_none() {
            let mut command = closed(Path::new("/bin/sh"), self.dir.path(), &self.setup);
            command.env("PAGER_HOOK_SOCKET", self.socket());
            *agent = Some(Agent::start(command, self.dir.path())?);
        }
        let agent = agent.as_mut().context("no agent")?;
        let command = format!("'{}' {arguments}", program("pager-hook").display());
        agent.hook(&command, &event.to_string())
    }

    /// The audit log's records so far.
    ///
    /// # Errors
    /// A log that cannot be read.
    pub fn audit(&self) -> anyhow::Result<Vec<Value>> {
        let text = std::fs::read_to_string(self.path("state/audit.jsonl"))?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The event of a Claude Code that wants to run a command.
pub fn permission_request(session: &str, command: &str) -> Value {
    json!({
        "session_id": session,
        "transcript_path": "/home/ada/.claude/projects/webshop/transcript.jsonl",
        "cwd": "/home/ada/webshop",
        "permission_mode": "default",
        "hook_event_name": "PermissionRequest",
        "tool_name": "Bash",
        "tool_input": { "command": command, "description": "what it says" },
        "permission_suggestions": [],
    })
}

/// Waits for a hook's end, as an agent does, and gives what it printed.
///
/// # Errors
/// It could not be waited for.
pub fn printed(hook: Hook) -> anyhow::Result<String> {
    let output = hook.wait_with_output()?;
    ensure!(output.status.success(), "pager-hook ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Waits until `found` finds something, looking again whenever a little time has passed: for what
/// tells of itself in no other way, such as a line of a log file.
///
/// # Errors
/// Not found within a minute.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return Ok(found);
        }
        ensure!(started.elapsed() < PATIENCE, "never seen: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Writes a file that is its owner's alone.
///
/// # Errors
/// The disk's.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

fn copy_private(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new().mode(0o700).create(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        std::fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

/// A program with nothing of the machine's environment.
fn closed(program: &Path, dir: &Path, setup: &Setup) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", dir)
        .env("XDG_CONFIG_HOME", dir.join("config"))
        .env("XDG_STATE_HOME", dir.join("xdg-state"))
        .env("XDG_RUNTIME_DIR", dir)
        .current_dir(dir);
    if let Some(address) = &setup.bus {
        command.env("DBUS_SESSION_BUS_ADDRESS", address);
    }
    command
}

/// The hook socket as `pager.socket` makes it.
fn listen(dir: &Path) -> anyhow::Result<UnixListener> {
    std::fs::DirBuilder::new().mode(0o700).create(dir)?;
    Ok(UnixListener::bind(dir.join("hook.sock"))?)
}

/// The daemon, to be started with the listener as the service manager would pass it.
fn daemon(dir: &Path, setup: &Setup, listener: Option<&UnixListener>) -> anyhow::Result<Command> {
    let pagerd = match setup.fault {
        Some(_) => program("examples/faulty"),
        None => program("pagerd"),
    };
    let mut command = match listener {
        None => closed(&pagerd, dir, setup),
        Some(_) => {
            let mut shell = closed(Path::new("/bin/sh"), dir, setup);
            let passed = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=hook \
                          exec \"$0\" \"$@\"";
            shell.arg("-c").arg(passed).arg(pagerd);
            shell
        }
    };
    if let Some(fault) = setup.fault.as_deref().filter(|fault| !fault.is_empty()) {
        command.env("PAGER_FAULT", fault);
    }
    command.stdin(match listener {
        Some(listener) => OwnedFd::from(listener.try_clone()?).into(),
        None => Stdio::null(),
    });
    Ok(command)
}

fn launch(
    dir: &Path,
    setup: &Setup,
    listener: Option<&UnixListener>,
) -> anyhow::Result<(Child, Duration)> {
    let notify = dir.join("notify.sock");
    drop(std::fs::remove_file(&notify));
    let socket = UnixDatagram::bind(&notify)?;
    // Short, so that a daemon that ends instead of being ready is noticed.
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("log"))?;
    let started = Instant::now();
    let mut child = daemon(dir, setup, listener)?
        .args(["--config", "pager.toml", "--state-dir", "state", "--runtime-dir", "run"])
        .env("NOTIFY_SOCKET", &notify)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    let mut message = [0; 4096];
    loop {
        match socket.recv(&mut message) {
            Ok(length) if message[..length].starts_with(b"READY=1") => {
                return Ok((child, started.elapsed()));
            }
            Ok(_) => {}
            Err(_) if child.try_wait()?.is_none() && started.elapsed() < PATIENCE => {}
            Err(_) => {
                drop(child.kill());
                let status = child.wait()?;
                // Its fault can meet it before it is ready.
                let meant = setup.fault.as_ref().is_some_and(|fault| !fault.is_empty());
                if meant && status.signal() == Some(Signal::KILL.as_raw()) {
                    return Ok((child, started.elapsed()));
                }
                let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
                anyhow::bail!("pagerd ended with {status} and was never ready: {log}");
            }
        }
    }
}
