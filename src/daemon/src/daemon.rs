//! The daemon's life: what is brought up in which order, reloaded, and taken down.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context as _;
use pager_config::{Config, ConfigErrors, Loaded, Sources};
use pager_core::message_id::{CONFIG_REFUSED, DAEMON_STARTED};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::args::Args;
use crate::engine::{Engine, Handle, Heartbeat, Options, SystemClock};
use crate::host::notify;
use crate::host::sockets::{self, Passed};
use crate::ingress::Ingress;
use crate::store::Store;
use crate::surfaces::desktop;

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
    let paths = pager_config::paths::Paths::from_env();
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

    let store = Store::open(&state_dir)?;
    let (handle, engine) = start_engine(store, &config)?;
    let mut doors = Doors::open(&handle, &config);
    let bus = runtime_dir.join("bus.sock");
    let ingress = Ingress::new(handle.clone(), Some(bus.display().to_string()));
    let hook = HookSocket::open(passed.hook, &runtime_dir)?;
    let waiting = passed.waiting.into_iter().filter_map(|(id, stream)| {
        stream.set_nonblocking(true).ok()?;
        Some((id, UnixStream::from_std(stream).ok()?))
    });
    ingress.resume(waiting.collect());
    let listening = tokio::spawn(ingress.serve(hook.listener));

    tracing::info!(message_id = DAEMON_STARTED, "pagerd {} is ready", env!("CARGO_PKG_VERSION"));
    notify::ready();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => reload(&sources, &handle, &mut doors).await,
        }
    }

    notify::stopping();
    listening.abort();
    doors.close();
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

/// Reads the configuration anew; where it is wrong, the one in force stays in force.
async fn reload(sources: &Sources, handle: &Handle, doors: &mut Doors) {
    notify::reloading();
    match load(sources) {
        Ok(config) => {
            drop(handle.configure(options(&config)).await);
            doors.change(handle, &config);
            tracing::info!("the configuration was read anew");
        }
        Err(Failure::Config(errors)) => tracing::error!(
            message_id = CONFIG_REFUSED,
            "the configuration in force stays, as the new one is wrong:\n{errors}"
        ),
        Err(Failure::Other(error)) => {
            tracing::error!("the configuration in force stays: {error:#}")
        }
    }
    notify::ready();
}

fn options(config: &Config) -> Options {
    let window = jiff::SignedDuration::try_from(config.approvals.window)
        .unwrap_or(jiff::SignedDuration::from_hours(1));
    Options { window, doors: Vec::new() }
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

/// The doors that can be opened and closed by the configuration.
struct Doors {
    desktop: Option<JoinHandle<()>>,
}

impl Doors {
    fn open(handle: &Handle, config: &Config) -> Self {
        let desktop =
            config.desktop.enabled.then(|| tokio::spawn(desktop::run(handle.clone(), None)));
        Self { desktop }
    }

    fn change(&mut self, handle: &Handle, config: &Config) {
        if self.desktop.is_some() != config.desktop.enabled {
            self.close();
            *self = Self::open(handle, config);
        }
    }

    fn close(&mut self) {
        if let Some(desktop) = self.desktop.take() {
            desktop.abort();
        }
    }
}
