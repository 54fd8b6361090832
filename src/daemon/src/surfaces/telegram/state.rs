//! How things stand with Telegram, for the person who asks `pagerctl status`.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use pager_core::message_id::TELEGRAM_TROUBLE;
use tokio::sync::watch;

/// How things stand with Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TelegramState {
    /// There is no token: Telegram is no door.
    Off,
    /// The first call has not been answered yet.
    Connecting,
    /// Updates come in.
    Connected {
        /// The bot's user name.
        bot: String,
        /// What could not be delivered, and what to do about it.
        trouble: Option<String>,
    },
    /// The server cannot be reached; it is tried again.
    Unreachable {
        /// Why.
        why: String,
    },
    /// Something else takes the bot's updates; it is tried again.
    Conflict {
        /// What.
        why: String,
    },
    /// The token is not valid; nothing is called until the configuration is read anew.
    Unauthorized,
}

impl fmt::Display for TelegramState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Connecting => f.write_str("connecting"),
            Self::Connected { bot, trouble: None } => write!(f, "connected as @{bot}"),
            Self::Connected { bot, trouble: Some(trouble) } => {
                write!(f, "connected as @{bot}, but {trouble}")
            }
            Self::Unreachable { why } => write!(f, "unreachable: {why}"),
            Self::Conflict { why } => write!(f, "conflict: {why}"),
            Self::Unauthorized => f.write_str("unauthorized"),
        }
    }
}

/// Where the tasks of this door tell how things stand. The journal hears of a change once.
#[derive(Debug)]
pub(super) struct Board {
    state: watch::Sender<TelegramState>,
    trouble: Mutex<Option<String>>,
}

impl Board {
    pub(super) fn new() -> Self {
        Self { state: watch::Sender::new(TelegramState::Connecting), trouble: Mutex::default() }
    }

    pub(super) fn watch(&self) -> watch::Receiver<TelegramState> {
        self.state.subscribe()
    }

    pub(super) fn is_unauthorized(&self) -> bool {
        *self.state.borrow() == TelegramState::Unauthorized
    }

    pub(super) fn connected(&self, bot: &str) {
        let trouble = self.lock_trouble().clone();
        if self.set(TelegramState::Connected { bot: bot.to_owned(), trouble }) {
            tracing::info!("Telegram: connected as @{bot}");
        }
    }

    pub(super) fn unreachable(&self, why: &str) {
        if self.set(TelegramState::Unreachable { why: why.to_owned() }) {
            tracing::warn!(
                message_id = TELEGRAM_TROUBLE,
                "Telegram cannot be reached and is tried again, the other doors work on: {why}"
            );
        }
    }

    pub(super) fn conflict(&self, why: &str) {
        if self.set(TelegramState::Conflict { why: why.to_owned() }) {
            tracing::warn!(
                message_id = TELEGRAM_TROUBLE,
                "taps and messages of this bot go elsewhere: {why}"
            );
        }
    }

    pub(super) fn unauthorized(&self) {
        if self.set(TelegramState::Unauthorized) {
            tracing::error!(
                message_id = TELEGRAM_TROUBLE,
                "Telegram does not know the bot's token: get one from @BotFather, run `pagerctl \
                 setup`; Telegram is left alone until the configuration is read anew"
            );
        }
    }

    /// Tells that something cannot be delivered, or (`None`) that things can be again.
    pub(super) fn trouble(&self, trouble: Option<String>) {
        if let Some(trouble) = &trouble
            && self.lock_trouble().as_ref() != Some(trouble)
        {
            tracing::warn!(message_id = TELEGRAM_TROUBLE, "Telegram: {trouble}");
        }
        self.lock_trouble().clone_from(&trouble);
        self.state.send_if_modified(|state| match state {
            TelegramState::Connected { trouble: shown, .. } if *shown != trouble => {
                *shown = trouble;
                true
            }
            _ => false,
        });
    }

    /// Shows a new state; whether it is one of another kind. An invalid token stays invalid.
    fn set(&self, new: TelegramState) -> bool {
        let mut other_kind = false;
        self.state.send_if_modified(|state| {
            if *state == TelegramState::Unauthorized || *state == new {
                return false;
            }
            other_kind = std::mem::discriminant(state) != std::mem::discriminant(&new);
            *state = new;
            true
        });
        other_kind
    }

    fn lock_trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
