//! The button that lets a paused session ask again.

use jiff::Timestamp;
use pager_core::{Actor, Command};

use super::{Toast, stale, toast};
use crate::engine::EngineError;
use crate::surfaces::telegram::Door;
use crate::surfaces::telegram::callback::Nonce;
use crate::surfaces::telegram::outbox::Paused;

impl Door {
    pub(super) async fn resume(
        &self,
        user: i64,
        chat: i64,
        message: i32,
        nonce: &Nonce,
        since: Timestamp,
    ) -> Result<Toast, EngineError> {
        let key = Paused::key(&nonce.digest());
        let known = self.handle.with_store(move |store, _| store.fact(&key)).await?;
        let known = known.and_then(|fact| serde_json::from_str::<Paused>(&fact).ok());
        let Some(paused) = known.filter(|paused| paused.fits(self.api.bot_id(), chat, message))
        else {
            let why = "a tap on a button that was not made for this chat and message";
            self.misfit(user, None, why).await?;
            return Ok(toast("This button is not valid here"));
        };
        let opened = self.handle.with_store(|_, machine| Ok(machine.opened())).await?;
        if opened.is_some_and(|opened| paused.at <= opened) {
            return Ok(toast("This button is from before the panic: resume it on the machine"));
        }
        if self.is_stale(since.max(paused.at)) {
            return Ok(stale());
        }
        let command = Command::Resume { session: paused.session };
        match self.handle.submit(Actor::Telegram { user }, command).await {
            Ok(_) => Ok(toast("It may ask again")),
            Err(EngineError::Refused(refusal)) => Ok(toast(&refusal.to_string())),
            Err(error) => Err(error),
        }
    }
}
