//! What a stranger is told: their number, their code, and who can let them in with it.

use pager_core::access::Code;
use pager_core::{AccessCommand, Actor, Command};
use teloxide_core::payloads::{SendMessage, SendMessageSetters as _};
use teloxide_core::types::ChatId;

use super::super::api::NO_PREVIEW;
use super::super::throttle::Urgency;
use super::send::Posted;
use super::{Outbox, Step};
use crate::engine::EngineError;

impl Outbox {
    pub(super) async fn invite(&mut self, user: i64, code: &Code) -> Result<Step, EngineError> {
        let call =
            SendMessage::new(ChatId(user), invitation(user, code)).link_preview_options(NO_PREVIEW);
        let step = match self.post(user, &call, Urgency::Other).await? {
            Posted::At(_) => Step::Over,
            Posted::Not(step) => return Ok(step),
        };
        // Only now they have it: whoever was not reached is told another one when they write again.
        let told = Command::Access(AccessCommand::Told { user });
        match self.door.handle.submit(Actor::Pager, told).await {
            Err(EngineError::Stopped) => Err(EngineError::Stopped),
            Err(error) => {
                tracing::warn!("that {user} was told a code could not be written down: {error}");
                Ok(step)
            }
            Ok(_) => Ok(step),
        }
    }
}

fn invitation(user: i64, code: &Code) -> String {
    format!(
        "This bot is somebody's own, and does not know you.\n\nYour Telegram user id: {user}\nYour \
         code: {}\n\nIf its owner expects you, tell them the code. They enter it on their machine, \
         within 60 minutes:\npagerctl pair approve CODE",
        code.reveal()
    )
}
