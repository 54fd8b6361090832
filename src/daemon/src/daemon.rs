//! The daemon's life: what is brought up in which order, reloaded, and taken down.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use pager_agents::wiring::Wiring;
use pager_config::paths::Paths;
use pager_config::{Config, ConfigErrors, Loaded, Sources};
use pager_core::Limits;
use pager_core::message_id::{CONFIG_REFUSED, DAEMON_STARTED};
use pager_policy::Place;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::access;
use crate::args::Args;
use crate::codex::Codex;
use crate::doors::{self, Doors};
use crate::emergency::{self, Emergency};
use crate::engine::{Engine, EngineError, Handle, Heartbeat, Options, SystemClock};
use crate::entry::Entry;
use crate::host::notify;
use crate::host::sockets::{self, Passed};
use crate::ingress::Ingress;
use crate::policy::Keeper;
use crate::status;
use crate::store::Store;
use crate::surfaces::dbus::{self, BusChoice, BusState, Controls, ReloadRequest};

/// How long the start waits for what is left to be judged anew.
const JUDGED_WITHIN: Duration = Duration::from_secs(5);

/// Why the daemon ended.
#[derive(Debug)]
pub enum Failure {
    /// The configuration is wrong.
    Config(ConfigErrors),
    /// Anything else.
    Other(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Runs the daemon until it is told to stop by SIGTERM or SIGINT.
///
/// # Errors
/// [`Failure`]: what kept it from starting.
pub async fn run(args: &Args, passed: Passed) -> Result<(), Failure> {
    let sources = Sources::choose(args.config.as_deref()).map_err(anyhow::Error::from)?;
    let config = load(&sources)?;
    let paths = Paths::from_env();
    let state_dir = match &args.state_dir {
        Some(dir) => dir.clone(),
        None => paths.state_dir().context("no folder for the state; --state-dir names one")?,
    };
    let runtime_dir = match &args.runtime_dir {
        Some(dir) => dir.clone(),
        None => {
            paths.runtime_dir().context("no folder for the sockets; --runtime-dir names one")?
        }
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;

    let mut store = Store::open(&state_dir)?;
    store.rotate_audit_at(config.audit.rotate_at.into());
    let (handle, engine) = start_engine(store, &config)?;
    let hook = HookSocket::open(passed.hook, &runtime_dir)?;
    let place = place(args, &paths, &state_dir, &runtime_dir);
    let mut doors = Doors::new(own(&place, &paths));
    let policy = Arc::new(Keeper::open(policy_file(args, &paths), place)?);
    judge_left(&policy, &handle).await;
    doors.arrange(&handle, &config).await;
    let place = emergency::Place {
        policy: policy_file(args, &paths),
        bus: match BusChoice::from_env() {
            BusChoice::Address(address) => Some(address),
            BusChoice::Off => None,
        },
        ..emergency::Place::new(&state_dir, sources.clone())
    };
    let emergency = Emergency::new(handle.clone(), place);
    tokio::spawn(Arc::clone(&emergency).watch());
    let mut dbus = DBus::start(&handle, &doors, emergency, &runtime_dir).await?;
    let entry = Entry::new(handle.clone(), Arc::clone(&policy));
    let codex = Codex::new(entry.clone(), codex_home().as_deref(), config.approvals.codex_window);
    let bus = dbus.path.display().to_string();
    let ingress = Ingress::new(entry, Some(bus), Arc::clone(&codex));
    let waiting = passed.waiting.into_iter().filter_map(|(id, stream)| {
        stream.set_nonblocking(true).ok()?;
        Some((id, UnixStream::from_std(stream).ok()?))
    });
    ingress.resume(waiting.collect());
    let resuming = Arc::clone(&codex);
    tokio::spawn(async move { resuming.resume().await });
    let listening = tokio::spawn(ingress.serve(hook.listener));
    let status =
        tokio::spawn(status::keep(handle.clone(), doors.telegram_state(), policy.trouble()));

    tracing::info!(message_id = DAEMON_STARTED, "pagerd {} is ready", env!("CARGO_PKG_VERSION"));
    notify::ready();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = doors.keyring_opened() => doors.arrange_again(&handle).await,
            _ = hangup.recv() => drop(reload(&sources, &handle, &mut doors, &codex, &policy).await),
            Some(answer) = dbus.reload.recv() => {
                // Whoever asked may have gone.
                drop(answer.send(reload(&sources, &handle, &mut doors, &codex, &policy).await));
            }
        }
    }

    notify::stopping();
    listening.abort();
    status.abort();
    doors.close().await;
    dbus.stop().await;
    handle.stop().await;
    if let Some(path) = hook.own {
        drop(std::fs::remove_file(path));
    }
    drop(tokio::task::spawn_blocking(move || engine.join()).await);
    Ok(())
}

fn load(sources: &Sources) -> Result<Config, Failure> {
    let Loaded { config, warnings, .. } = pager_config::load(sources).map_err(Failure::Config)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(config)
}

/// Where the person's policy is: beside a configuration file that was named, else in its usual place.
fn policy_file(args: &Args, paths: &Paths) -> Option<PathBuf> {
    match &args.config {
        Some(config) => Some(config.parent()?.join("policy.toml")),
        None => paths.config_dir().ok().map(|dir| dir.join("policy.toml")),
    }
}

/// The folders that are the person's, and those that are pager's own.
fn place(args: &Args, paths: &Paths, state_dir: &Path, runtime_dir: &Path) -> Place {
    let mut place = Place::usual(paths);
    let named = args.config.clone().into_iter().chain(policy_file(args, paths));
    let used = named.chain([state_dir.to_owned(), runtime_dir.to_owned()]);
    place.own.extend(used.filter_map(|path| std::path::absolute(path).ok()));
    place
}

/// All folders and files of pager's own, the usual ones and those in use.
fn own(place: &Place, paths: &Paths) -> Vec<PathBuf> {
    let usual = [paths.config_dir().ok(), paths.state_dir().ok(), paths.runtime_dir().ok()];
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let system = Some(PathBuf::from("/etc/pager"));
    let known = usual.into_iter().chain([credentials, system]).flatten();
    known.filter(|path| path.is_absolute()).chain(place.own.iter().cloned()).collect()
}

/// Judges what waits before anybody can be asked or answer; where the disk hangs, after that.
async fn judge_left(policy: &Arc<Keeper>, handle: &Handle) {
    let (policy, handle) = (Arc::clone(policy), handle.clone());
    let judging = tokio::spawn(async move { policy.judge_left(&handle).await });
    drop(timeout(JUDGED_WITHIN, judging).await);
}

/// Reads the configuration and the policy anew; what of them is wrong stays as it was.
async fn reload(
    sources: &Sources,
    handle: &Handle,
    doors: &mut Doors,
    codex: &Codex,
    policy: &Keeper,
) -> Result<(), String> {
    notify::reloading();
    let configured = match load(sources) {
        Ok(config) => {
            doors.arrange(handle, &config).await;
            codex.configure(config.approvals.codex_window);
            tracing::info!("the configuration was read anew");
            configure(handle, &config).await.map_err(|error| error.to_string())
        }
        Err(Failure::Config(errors)) => {
            let text =
                format!("the configuration in force stays, as the new one is wrong:\n{errors}");
            tracing::error!(message_id = CONFIG_REFUSED, "{text}");
            Err(text)
        }
        Err(Failure::Other(error)) => Err(format!("the configuration in force stays: {error:#}")),
    };
    let judged = policy.reload(handle).await;
    notify::ready();
    match (configured, judged) {
        (Err(configuration), Err(policy)) => Err(format!("{configuration}\n{policy}")),
        (configured, judged) => configured.and(judged),
    }
}

async fn configure(handle: &Handle, config: &Config) -> Result<(), EngineError> {
    handle.configure(options(config)).await?;
    let rotate_at = config.audit.rotate_at.into();
    handle
        .with_store(move |store, _| {
            store.rotate_audit_at(rotate_at);
            Ok(())
        })
        .await
}

fn options(config: &Config) -> Options {
    let window = jiff::SignedDuration::try_from(config.approvals.window)
        .unwrap_or(jiff::SignedDuration::from_hours(1));
    let limits = Limits {
        approvals_per_minute: config.limits.approvals_per_minute,
        denials_in_a_row: config.limits.denials_in_a_row,
    };
    let rules = Arc::new(access::rules(config));
    let needed = config.approvals.require_n;
    Options { limits, needed, rules, ..Options::new(window, doors::durable(config)) }
}

/// Starts the engine on a thread of its own: its disk must hold up no socket.
fn start_engine(store: Store, config: &Config) -> anyhow::Result<(Handle, thread::JoinHandle<()>)> {
    let heartbeat =
        notify::watchdog().map(|every| Heartbeat { every, beat: Box::new(notify::beat) });
    let (engine, handle) = Engine::new(store, SystemClock, options(config), heartbeat)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let thread = thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || runtime.block_on(engine.run()))?;
    Ok((handle, thread))
}

/// The hook socket: passed by the service manager, or our own.
struct HookSocket {
    listener: UnixListener,
    /// Its path where we made it, to be removed in the end.
    own: Option<PathBuf>,
}

impl HookSocket {
    fn open(passed: Option<std::os::unix::net::UnixListener>, dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join("hook.sock");
        let (listener, own) = match passed {
            Some(listener) => (listener, None),
            None => (sockets::bind(&path)?, Some(path)),
        };
        listener.set_nonblocking(true)?;
        Ok(Self { listener: UnixListener::from_std(listener)?, own })
    }
}

/// The D-Bus door: the session bus where there is one, and the private socket.
struct DBus {
    /// The private socket.
    path: PathBuf,
    reload: mpsc::Receiver<ReloadRequest>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl DBus {
    /// Opens the door, and returns once its name is owned or cannot be had for now.
    async fn start(
        handle: &Handle,
        doors: &Doors,
        emergency: Arc<Emergency>,
        runtime_dir: &Path,
    ) -> anyhow::Result<Self> {
        let path = runtime_dir.join("bus.sock");
        let listener = sockets::bind(&path)?;
        listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(listener)?;
        let (reload_sender, reload) = mpsc::channel(4);
        let controls = Controls {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            reload: reload_sender,
            telegram_state: doors.telegram_state(),
            token_source: doors.token_source(),
            rules: doors.rules(),
            warnings: doors.warnings(),
            emergency,
            hook_program: hook_program(),
            wirings: wirings(),
        };
        let (state_sender, mut state) = watch::channel(BusState::Starting);
        let (stop, stopped) = oneshot::channel::<()>();
        let choice = BusChoice::from_env();
        let handle = handle.clone();
        let task = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            dbus::run(handle, controls, choice, Some(listener), state_sender, stopped).await;
        });
        // The door ends before it has settled only with the daemon.
        drop(state.wait_for(BusState::is_settled).await);
        Ok(Self { path, reload, stop, task })
    }

    async fn stop(self) {
        let _gone = self.stop.send(());
        drop(self.task.await);
        drop(std::fs::remove_file(self.path));
    }
}

/// The `pager-hook` that belongs to this daemon: beside it as built, or where it is installed.
fn hook_program() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|own| {
        let folder = own.parent()?;
        let prefix = folder.parent()?;
        [folder.join("pager-hook"), prefix.join("bin/pager-hook")].into_iter().find(|p| p.exists())
    });
    beside.unwrap_or_else(|| PathBuf::from("/usr/bin/pager-hook"))
}

/// Codex's folder, as Codex itself finds it.
fn codex_home() -> Option<PathBuf> {
    match std::env::var_os("CODEX_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(PathBuf::from(home)),
        None => Some(Paths::from_env().home()?.join(".codex")),
    }
}

/// The agents' settings of this person.
fn wirings() -> Vec<Wiring> {
    let Some(home) = Paths::from_env().home().map(Path::to_owned) else {
        return Vec::new();
    };
    let config_dir = std::env::var_os("CLAUDE_CONFIG_DIR");
    let claude = Wiring::claude(&home, config_dir.as_deref());
    let codex_home = std::env::var_os("CODEX_HOME");
    let codex = Wiring::codex(&home, codex_home.as_deref());
    vec![claude.searching(std::env::var_os("PATH")), codex]
}
