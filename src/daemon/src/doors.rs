//! The doors that the configuration opens and closes.

use std::path::PathBuf;

use pager_config::{Config, Secret, TokenError, TokenSource};
use pager_core::access::Rules;
use pager_core::message_id::TELEGRAM_TROUBLE;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access;
use crate::engine::Handle;
use crate::files::Exchange;
use crate::keyring::{self, KeyringError};
use crate::redaction;
use crate::surfaces::desktop;
use crate::surfaces::telegram::{self, Observers, Telegram, TelegramConfig, TelegramState};

/// The doors whose effects go through the outbox under this configuration.
pub fn durable(config: &Config) -> Vec<&'static str> {
    if wants_telegram(config) { vec![telegram::DOOR] } else { Vec::new() }
}

fn wants_telegram(config: &Config) -> bool {
    !matches!(pager_config::read_token(config), Err(TokenError::NotSet))
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
enum NoToken {
    #[error(transparent)]
    Config(TokenError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

/// The token, from wherever it is kept.
async fn token(config: &Config) -> Result<Secret, NoToken> {
    match pager_config::read_token(config) {
        Err(TokenError::InSecretService(attributes)) => Ok(keyring::token(&attributes).await?),
        read => read.map_err(NoToken::Config),
    }
}

/// What the Telegram door goes by.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    telegram: pager_config::Telegram,
    access: pager_config::Access,
    limits: pager_config::Limits,
    files: pager_config::Files,
    token: Secret,
}

/// The open doors.
#[derive(Debug)]
pub struct Doors {
    desktop: Option<JoinHandle<()>>,
    telegram: Option<Telegram>,
    /// What the Telegram door was told, to see whether that has changed.
    told: Option<Told>,
    observers: Option<Observers>,
    telegram_state: watch::Sender<String>,
    token_source: watch::Sender<TokenSource>,
    /// The configuration as it was last arranged, for when the keyring gives the token after all.
    config: Config,
    /// Waits for that.
    keyring: Option<JoinHandle<()>>,
    rules: watch::Sender<Rules>,
    warnings: watch::Sender<Vec<String>>,
    /// Folders and files of pager's own, which are exchanged with nobody.
    own: Vec<PathBuf>,
    forwarding: Option<JoinHandle<()>>,
}

impl Doors {
    /// None open yet. `own` are the folders and files of pager's own.
    pub fn new(own: Vec<PathBuf>) -> Self {
        Self {
            desktop: None,
            telegram: None,
            told: None,
            observers: None,
            telegram_state: watch::Sender::new("off".to_owned()),
            token_source: watch::Sender::default(),
            config: Config::default(),
            keyring: None,
            rules: watch::Sender::default(),
            warnings: watch::Sender::default(),
            own,
            forwarding: None,
        }
    }

    /// How the Telegram door does, whichever it is at the time.
    pub fn telegram_state(&self) -> watch::Receiver<String> {
        self.telegram_state.subscribe()
    }

    /// Where the bot's token is taken from.
    pub fn token_source(&self) -> watch::Receiver<TokenSource> {
        self.token_source.subscribe()
    }

    /// Who may do what, by the configuration.
    pub fn rules(&self) -> watch::Receiver<Rules> {
        self.rules.subscribe()
    }

    /// What the configuration allows and had better not, in a sentence each.
    pub fn warnings(&self) -> watch::Receiver<Vec<String>> {
        self.warnings.subscribe()
    }

    /// Opens and closes doors as the configuration says; one of which nothing has changed stays open.
    pub async fn arrange(&mut self, handle: &Handle, config: &Config) {
        self.rules.send_replace(access::rules(config));
        self.warnings.send_replace(config.warnings());
        match (&self.desktop, config.desktop.enabled) {
            (None, true) => self.desktop = Some(tokio::spawn(desktop::run(handle.clone(), None))),
            (Some(door), false) => {
                door.abort();
                self.desktop = None;
            }
            (None, false) | (Some(_), true) => {}
        }
        self.token_source.send_replace(TokenSource::of(config));
        self.config = config.clone();
        let token = token(config).await;
        self.wait_for_keyring(token.as_ref().err());
        self.arrange_observers(handle, config, token.as_ref().ok());
        let wanted = match token {
            Ok(token) => Some(Told {
                telegram: config.telegram.clone(),
                access: config.access.clone(),
                limits: config.limits.clone(),
                files: config.files.clone(),
                token,
            }),
            Err(NoToken::Config(TokenError::NotSet)) => None,
            Err(error) => {
                tracing::error!(message_id = TELEGRAM_TROUBLE, "Telegram stays off: {error}");
                self.close_telegram().await;
                let state = format!("off: {error}");
                self.telegram_state.send_replace(redaction::clean(&state).into_owned());
                return;
            }
        };
        // A door that was refused is opened anew even with the same words: the bot may be back.
        let unchanged = wanted == self.told
            && self
                .telegram
                .as_ref()
                .is_none_or(|door| *door.state().borrow() != TelegramState::Unauthorized);
        if !unchanged {
            self.close_telegram().await;
            if let Some(wanted) = wanted {
                self.open_telegram(handle, config, wanted);
            }
        }
    }

    /// Returns once the keyring may give the token that it did not give before.
    pub async fn keyring_opened(&mut self) {
        match &mut self.keyring {
            // It does nothing that could fail.
            Some(waiting) => drop(waiting.await),
            None => std::future::pending().await,
        }
        self.keyring = None;
    }

    /// Arranges the doors once more by the configuration they have.
    pub async fn arrange_again(&mut self, handle: &Handle) {
        tracing::info!("the keyring is asked for the bot's token again");
        let config = self.config.clone();
        self.arrange(handle, &config).await;
    }

    fn wait_for_keyring(&mut self, error: Option<&NoToken>) {
        if let Some(waiting) = self.keyring.take() {
            waiting.abort();
        }
        let may_pass = matches!(error, Some(NoToken::Keyring(error)) if error.may_pass());
        if let Some(attributes) = &self.config.telegram.token_secret_service
            && may_pass
        {
            let attributes = attributes.clone();
            self.keyring = Some(tokio::spawn(async move { keyring::opened(&attributes).await }));
        }
    }

    fn arrange_observers(&mut self, handle: &Handle, config: &Config, main: Option<&Secret>) {
        let watchers = telegram::watchers(config, main);
        if self.observers.as_mut().is_some_and(|observers| observers.are(&watchers)) {
            return;
        }
        // Those that were at work end before the new ones begin.
        self.observers = None;
        self.observers = Some(Observers::start(watchers, handle, &self.telegram_state()));
    }

    /// Closes all doors.
    pub async fn close(&mut self) {
        self.wait_for_keyring(None);
        self.observers = None;
        if let Some(desktop) = self.desktop.take() {
            desktop.abort();
        }
        self.close_telegram().await;
    }

    fn open_telegram(&mut self, handle: &Handle, config: &Config, told: Told) {
        let own = self.own.iter().cloned().chain(config.telegram.token_file.clone());
        let files = match Exchange::new(&config.files, own) {
            Ok(files) => files,
            Err(error) => {
                // The configuration has refused such patterns before.
                tracing::error!(message_id = TELEGRAM_TROUBLE, "Telegram stays off: {error}");
                return;
            }
        };
        let config = TelegramConfig::new(config, told.token.clone(), files);
        let door = match Telegram::open(config, handle.clone()) {
            Ok(door) => door,
            Err(error) => {
                tracing::error!(message_id = TELEGRAM_TROUBLE, "Telegram stays off: {error}");
                return;
            }
        };
        let mut state = door.state();
        let sender = self.telegram_state.clone();
        self.forwarding = Some(tokio::spawn(async move {
            loop {
                let text = state.borrow_and_update().to_string();
                sender.send_replace(redaction::clean(&text).into_owned());
                if state.changed().await.is_err() {
                    return;
                }
            }
        }));
        self.telegram = Some(door);
        self.told = Some(told);
    }

    async fn close_telegram(&mut self) {
        if let Some(forwarding) = self.forwarding.take() {
            forwarding.abort();
        }
        self.told = None;
        if let Some(door) = self.telegram.take() {
            door.close().await;
        }
        self.telegram_state.send_replace("off".to_owned());
    }
}
