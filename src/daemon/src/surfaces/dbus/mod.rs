//! The D-Bus door: `org.pagerd.Pager1` on the session bus, and the same objects peer to peer on a
//! private socket where there is no bus. The interfaces are described in `dbus/*.xml`.
//!
//! Every object asks the engine; nothing is decided and next to nothing is kept here. One
//! [`publisher`] for each connection tells what happens.

mod access;
mod acknowledge;
mod approval;
mod bus;
mod caller;
mod context;
mod error;
mod grants;
mod hooks;
mod job;
mod jobs;
mod kinship;
mod listing;
mod look;
mod manager;
mod names;
mod panic;
mod polkit;
mod private;
mod publisher;
mod restart;
mod session;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pager_agents::wiring::Wiring;
use pager_config::TokenSource;
use pager_core::access::Rules;
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot, watch};

pub use bus::BusState;
pub use caller::Caller;
pub use error::Error;
pub use names::{BUS_NAME, ROOT};

use crate::emergency::Emergency;
use crate::engine::Handle;
use crate::redaction;

/// A wish that the configuration be read again; answered with what became of it, in a sentence
/// where it was refused.
pub type ReloadRequest = oneshot::Sender<Result<(), String>>;

/// What the door can do beside the engine, given by whoever starts it.
#[derive(Debug)]
pub struct Controls {
    /// The daemon's version.
    pub version: String,
    /// Takes wishes that the configuration be read again.
    pub reload: mpsc::Sender<ReloadRequest>,
    /// How the Telegram door does, in a word or a sentence.
    pub telegram_state: watch::Receiver<String>,
    /// Where the bot's token is taken from.
    pub token_source: watch::Receiver<TokenSource>,
    /// Who may do what, by the configuration.
    pub rules: watch::Receiver<Rules>,
    /// What the configuration allows and had better not, in a sentence each.
    pub warnings: watch::Receiver<Vec<String>>,
    /// What a panic does.
    pub emergency: Arc<Emergency>,
    /// The `pager-hook` that is wired into agents' settings.
    pub hook_program: PathBuf,
    /// The settings it is wired into.
    pub wirings: Vec<Wiring>,
}

impl Controls {
    async fn reload(&self) -> Result<(), Error> {
        let stopping = || Error::Unavailable("pagerd is starting or stopping".to_owned());
        let (answer, done) = oneshot::channel();
        self.reload.send(answer).await.map_err(|_| stopping())?;
        let refused = |why: String| Error::InvalidArgument(redaction::clean(&why).into_owned());
        done.await.map_err(|_| stopping())?.map_err(refused)
    }
}

/// Which bus to be on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusChoice {
    /// None.
    Off,
    /// The one at this D-Bus address.
    Address(String),
}

impl BusChoice {
    /// The session bus that `DBUS_SESSION_BUS_ADDRESS` names, if it names one.
    pub fn from_env() -> Self {
        match std::env::var("DBUS_SESSION_BUS_ADDRESS") {
            Ok(address) if !address.is_empty() => Self::Address(address),
            _ => Self::Off,
        }
    }
}

/// Serves until `shutdown`. A bus that is not there, or goes away, is tried again and again; `state`
/// tells how it stands, and is settled once the first attempt is over.
pub async fn run(
    handle: Handle,
    controls: Controls,
    bus: BusChoice,
    private: Option<UnixListener>,
    state: watch::Sender<BusState>,
    shutdown: impl Future<Output = ()>,
) {
    let shared = Arc::new(context::Shared {
        handle,
        controls,
        jobs: jobs::Jobs::new(),
        session_bus: watch::Sender::new(None),
        polkit: polkit::Polkit::default(),
    });
    let on_bus = async {
        match &bus {
            BusChoice::Address(address) => bus::keep(address, shared.clone(), state).await,
            BusChoice::Off => {
                state.send_replace(BusState::Off);
                std::future::pending::<()>().await;
            }
        }
    };
    let in_private = async {
        match private {
            Some(listener) => private::serve(listener, shared.clone()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = on_bus => {}
        () = in_private => {}
        () = shutdown => {}
    }
    // Those who watch are told at once that nobody is there, not when the process has ended.
    let connection = shared.session_bus.send_replace(None);
    if let Some(connection) = connection {
        let released = connection.release_name(BUS_NAME);
        drop(tokio::time::timeout(Duration::from_secs(1), released).await);
    }
}
