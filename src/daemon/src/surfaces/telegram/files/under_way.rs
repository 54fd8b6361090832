//! The exchanges that are under way, written down: an update is confirmed when it is taken up, so
//! whoever sent it is told where nobody brought it to its end.

use teloxide_core::types::Message;

use super::order::{self, Order};
use super::{attachment, words};
use crate::engine::EngineError;
use crate::redaction;
use crate::surfaces::telegram::Door;
use crate::surfaces::telegram::job::{Job, UnderWay};

/// What the keys of the facts begin with.
const KEY: &str = "telegram.exchange.";

/// What is noted of the exchange that a message asks for.
pub(in super::super) fn noted(message: &Message, bot: &str) -> UnderWay {
    let (said, replied) = (words(message), message.reply_to_message());
    let order = order::is_command(said, bot).then(|| Order::read(said)).flatten();
    let attached = attachment::of(message).or_else(|| attachment::of(replied?));
    let what = match (order, attached) {
        _ if message.media_group_id().is_some() => "your album".to_owned(),
        (Some(Order::Get { path, .. }), _) => redaction::line(&path, 200),
        (_, Some(attached)) => redaction::line(&attached.name, 200),
        (_, None) => "a file".to_owned(),
    };
    UnderWay { chat: message.chat.id.0, message: message.id.0, what }
}

fn key(chat: i64, message: i32) -> String {
    format!("{KEY}{chat}.{message}")
}

impl Door {
    /// Writes down that an exchange begins.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(in super::super) async fn begun(&self, exchange: &UnderWay) -> Result<(), EngineError> {
        let (key, exchange) = (key(exchange.chat, exchange.message), exchange.clone());
        self.handle
            .with_store(move |store, _| {
                store.put_fact_relaxed(&key, &serde_json::to_string(&exchange)?)
            })
            .await
    }

    /// An exchange has come to its end, whichever; or its sender knows that it has not.
    pub(in super::super) async fn ended(&self, chat: i64, message: i32) {
        let dropped = self.handle.with_store(move |store, _| store.drop_fact(&key(chat, message)));
        if let Err(error) = dropped.await {
            tracing::debug!("an exchange of files is noted as under way, and is not: {error}");
        }
    }

    /// Has those told whose exchanges an earlier door did not bring to their ends. While everything is
    /// shut nobody is told anything.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(in super::super) async fn tell_interrupted(&self) -> Result<(), EngineError> {
        let noted = self.handle.with_store(|store, machine| match machine.locked() {
            Some(_) => Ok(Vec::new()),
            None => store.facts_below(KEY),
        });
        for (_, noted) in noted.await? {
            if let Ok(exchange) = serde_json::from_str(&noted) {
                self.later(Job::Interrupted(exchange));
            }
        }
        Ok(())
    }
}
