//! Sending a file of a session's folder, beside everything else.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Outbox, Step};
use crate::engine::EngineError;
use crate::surfaces::telegram::api::{Failure, Upload};
use crate::surfaces::telegram::job::{Job, Parcel, UnderWay};
use crate::surfaces::telegram::throttle::Urgency;

impl Outbox {
    /// Tells that an exchange came to no end; until then it is noted as under way.
    pub(super) async fn interrupted(&mut self, exchange: &UnderWay) -> Result<Step, EngineError> {
        let (chat, message) = (exchange.chat, exchange.message);
        let step = self.say(chat, exchange.words(), Some(message)).await?;
        if step == Step::Over {
            self.door.ended(chat, message).await;
        }
        Ok(step)
    }

    /// Begins to send it.
    pub(super) fn deliver(&mut self, chat: i64, to: i32, parcel: &Arc<Parcel>) -> Step {
        if let Err(at) = self.throttle.take(chat, Urgency::Other, Instant::now()) {
            return Step::NotBefore(at);
        }
        let (door, parcel) = (Arc::clone(&self.door), Arc::clone(parcel));
        self.sending.spawn(async move {
            let upload = Upload {
                chat,
                reply_to: to,
                file_name: parcel.file_name.clone(),
                bytes: parcel.bytes.clone(),
                caption: String::new(),
            };
            let result = door.api.upload(upload).await;
            door.later(Job::Delivered { chat, to, parcel, result });
        });
        Step::Over
    }

    /// It was sent, or not: then it is tried again, unless Telegram does not want it.
    pub(super) async fn delivered(
        &mut self,
        chat: i64,
        to: i32,
        parcel: &Arc<Parcel>,
        result: Result<i32, Failure>,
    ) -> Result<Step, EngineError> {
        while self.sending.try_join_next().is_some() {}
        match result {
            Ok(message) => {
                self.posted(chat, message).await?;
                self.door.ended(chat, to).await;
                Ok(Step::Over)
            }
            Err(Failure::Refused(why)) => {
                let text = format!("Not sent: {}: Telegram did not take it ({why}).", parcel.path);
                self.door.ended(chat, to).await;
                self.say(chat, text, Some(to)).await
            }
            Err(failure) => {
                self.add(Job::Deliver { chat, to, parcel: Arc::clone(parcel) });
                // How long it is to wait is known to whoever tries next.
                match self.failed(chat, failure, None).await? {
                    Step::Over | Step::NotBefore(_) => Ok(Step::Over),
                }
            }
        }
    }
}
