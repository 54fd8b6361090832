//! What several checks look at, looked at once.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt;
use pager_config::paths::Paths;
use pager_config::{Config, Loaded, Secret, Sources, TokenError};
use pager_core::redact::Redactor;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use zbus::Connection;

use crate::daemon::{Daemon, Summary, Target, bus_address};
use crate::failure::Failure;
use crate::setup::bot::Bot;

/// How long a daemon may take to hear from Telegram; a check may take longer.
const TELEGRAM_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// What the command line says of where things are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// The one configuration file.
    pub(crate) config: Option<PathBuf>,
    /// The daemon's state folder.
    pub(crate) state_dir: Option<PathBuf>,
}

/// Everything that is looked at.
pub(crate) struct Scene {
    pub(crate) target: Target,
    pub(crate) paths: Paths,
    options: Options,
    read: OnceLock<Read>,
    daemon: OnceCell<Result<Summary, Failure>>,
    session: OnceCell<Result<Connection, String>>,
    system: OnceCell<Result<Connection, String>>,
}

/// The configuration, and the token it leads to.
struct Read {
    loaded: Result<Loaded, String>,
    token: Option<Result<Secret, TokenError>>,
}

impl Read {
    fn new(options: &Options) -> Self {
        let sources = Sources::choose(options.config.as_deref());
        let loaded = sources
            .map_err(|error| error.to_string())
            .and_then(|sources| pager_config::load(&sources).map_err(|errors| errors.to_string()));
        let config = loaded.as_ref().ok().map(|loaded| &loaded.config);
        Self { token: config.map(pager_config::read_token), loaded }
    }

    fn failed(why: String) -> Self {
        Self { loaded: Err(why), token: None }
    }
}

impl Scene {
    pub(crate) fn new(target: Target, options: Options) -> Self {
        Self {
            target,
            paths: Paths::from_env(),
            options,
            read: OnceLock::new(),
            daemon: OnceCell::new(),
            session: OnceCell::new(),
            system: OnceCell::new(),
        }
    }

    /// One in which there is nothing.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        let nowhere = PathBuf::from("/nonexistent");
        let options =
            Options { config: Some(nowhere.join("pager.toml")), state_dir: Some(nowhere.clone()) };
        Self::new(Target::Socket(nowhere.join("hook.sock")), options)
    }

    /// Whether it is the person's own daemon that is meant, which the user manager keeps.
    pub(crate) fn is_usual(&self) -> bool {
        matches!(self.target, Target::Usual)
    }

    /// Reads what everybody looks at, for not so long that a dead drive keeps all from looking.
    pub(super) async fn read(self: &Arc<Self>, patience: Duration) {
        let options = self.options.clone();
        let reading = tokio::task::spawn_blocking(move || Read::new(&options));
        let read = match timeout(patience, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => Read::failed(format!("the configuration cannot be read: {error}")),
            Err(_) => Read::failed("the configuration could not be read in time".to_owned()),
        };
        drop(self.read.set(read));
    }

    fn all_read(&self) -> &Read {
        self.read.get_or_init(|| Read::new(&self.options))
    }

    pub(crate) fn loaded(&self) -> Result<&Loaded, &str> {
        self.all_read().loaded.as_ref().map_err(String::as_str)
    }

    /// The token, or why there is none; nothing where the configuration is wrong.
    pub(crate) fn token(&self) -> Option<Result<&Secret, &TokenError>> {
        self.all_read().token.as_ref().map(Result::as_ref)
    }

    /// The configuration; none where it is wrong, which is told by its own check.
    pub(crate) fn config(&self) -> Option<&Config> {
        self.loaded().ok().map(|loaded| &loaded.config)
    }

    pub(crate) fn state_dir(&self) -> Result<PathBuf, Failure> {
        match &self.options.state_dir {
            Some(named) => std::path::absolute(named).map_err(Failure::failed),
            None => self.paths.state_dir().map_err(Failure::failed),
        }
    }

    /// The bot that the daemon speaks as, where its token may be read here.
    pub(crate) async fn bot(&self) -> Option<Result<Bot, Failure>> {
        if self.token_is_the_daemons_alone().await {
            return None;
        }
        let config = self.config()?;
        let token = self.token()?.ok()?;
        Some(Bot::new(token, &config.telegram.api_url))
    }

    /// Whether it speaks with a token that is given to nobody else. A credential goes before what the
    /// configuration has.
    pub(crate) async fn token_is_the_daemons_alone(&self) -> bool {
        let secret_service = matches!(self.token(), Some(Err(TokenError::InSecretService(_))));
        let credential = |summary: &Summary| summary.token_source == "credential";
        secret_service || self.daemon().await.as_ref().is_ok_and(credential)
    }

    /// Whether Telegram is to be a door at all.
    pub(crate) fn telegram_is_wanted(&self) -> bool {
        self.token().is_some_and(|token| !matches!(token, Err(TokenError::NotSet)))
    }

    /// What the daemon tells of itself.
    pub(crate) async fn daemon(&self) -> &Result<Summary, Failure> {
        let ask = || async {
            let target = self.target.clone();
            // The ping before it is not asynchronous.
            let asked = tokio::task::spawn_blocking(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().map_err(Failure::failed)?;
                runtime.block_on(async {
                    let daemon = Daemon::connect(&target).await?;
                    telegram_answers(&daemon).await;
                    daemon.summary().await
                })
            });
            asked.await.unwrap_or_else(|error| Err(Failure::failed(error)))
        };
        self.daemon.get_or_init(ask).await
    }

    /// The bus of the person's login.
    pub(crate) async fn session_bus(&self) -> Result<&Connection, &str> {
        let connect = || async {
            let address = bus_address().ok_or("there is no session bus")?;
            let builder = zbus::connection::Builder::address(address.as_str());
            let connected = async { builder?.build().await };
            connected.await.map_err(|error| format!("no session bus: {error}"))
        };
        self.session.get_or_init(connect).await.as_ref().map_err(String::as_str)
    }

    /// The bus of the machine.
    pub(crate) async fn system_bus(&self) -> Result<&Connection, &str> {
        let connect = || async {
            Connection::system().await.map_err(|error| format!("no system bus: {error}"))
        };
        self.system.get_or_init(connect).await.as_ref().map_err(String::as_str)
    }

    /// Takes out whatever looks like a secret, and the token whatever it looks like.
    pub(crate) fn redactor(&self) -> Redactor {
        match self.token() {
            Some(Ok(token)) => Redactor::new().with_secret(token.expose()),
            _ => Redactor::new(),
        }
    }
}
/// Waits until the daemon knows how it stands with Telegram: looking may have started it.
async fn telegram_answers(daemon: &Daemon) {
    let known = async {
        let manager = daemon.manager();
        let mut changes = manager.receive_telegram_state_changed().await;
        while manager.telegram_state().await? == "connecting" && changes.next().await.is_some() {}
        zbus::Result::Ok(())
    };
    // However that ends, what is told next says how it stands.
    timeout(TELEGRAM_ANSWERS_WITHIN, known).await.ok();
}
