//! Sending the whole of what is asked as a file. It goes beside everything else: a large one takes
//! minutes, and a prompt must not wait for it.

use std::sync::Arc;

use pager_core::{Approval, ApprovalId};
use tokio::time::Instant;

use super::{Outbox, Step};
use crate::engine::EngineError;
use crate::surfaces::telegram::api::{Failure, Upload};
use crate::surfaces::telegram::dialogue::Purpose;
use crate::surfaces::telegram::job::Job;
use crate::surfaces::telegram::render;
use crate::surfaces::telegram::throttle::Urgency;

impl Outbox {
    /// Sends the file, unless it is there, on its way, or no longer wanted.
    pub(super) async fn details(
        &mut self,
        id: ApprovalId,
        chat: i64,
        message: i32,
    ) -> Result<Step, EngineError> {
        let approval = self.door.handle.approval(id).await?;
        let Some(approval) = approval.filter(Approval::is_pending) else { return Ok(Step::Over) };
        let shown = self.door.dialogue(id).await?.is_shown(self.door.api.bot_id(), chat);
        if shown || self.uploads.contains(&(id, chat)) {
            return Ok(Step::Over);
        }
        let document = render::details(&approval);
        if let Err(at) = self.throttle.take(chat, Urgency::Other, Instant::now()) {
            return Ok(Step::NotBefore(at));
        }
        self.uploads.insert((id, chat));
        let door = Arc::clone(&self.door);
        let whole = document.whole;
        self.sending.spawn(async move {
            let upload = Upload {
                chat,
                reply_to: message,
                file_name: document.file_name,
                bytes: document.bytes,
                caption: document.caption,
            };
            let result = door.api.upload(upload).await;
            door.later(Job::Uploaded { id, chat, message, whole, result });
        });
        Ok(Step::Over)
    }

    /// From now on the whole was shown, if it was: the message says so, and may offer a yes.
    pub(super) async fn uploaded(
        &mut self,
        id: ApprovalId,
        chat: i64,
        message: i32,
        whole: bool,
        result: Result<i32, Failure>,
    ) -> Result<Step, EngineError> {
        while self.sending.try_join_next().is_some() {}
        let file = match result {
            Ok(file) => file,
            Err(Failure::Refused(why)) => {
                tracing::warn!("a file for Telegram's chat {chat} was refused: {why}");
                let text = format!(
                    "Telegram did not take the file ({why}). The whole is shown by: pagerctl show {}",
                    id.short()
                );
                let step = self.say(chat, text, Some(message)).await?;
                self.uploads.remove(&(id, chat));
                return Ok(step);
            }
            Err(failure) => {
                self.uploads.remove(&(id, chat));
                self.add(Job::Details { id, chat, message });
                // How long it is to wait is known to whoever tries next.
                match self.failed(chat, failure, None).await? {
                    Step::Over | Step::NotBefore(_) => return Ok(Step::Over),
                }
            }
        };
        self.posted(chat, file).await?;
        self.uploads.remove(&(id, chat));
        if !whole {
            // Its caption says that a bot can send no more, and where all of it is.
            return Ok(Step::Over);
        }
        let shown = (self.door.api.bot_id().to_owned(), chat);
        self.door
            .converse(id, move |dialogue| {
                if !dialogue.shown.contains(&shown) {
                    dialogue.shown.push(shown);
                }
            })
            .await?;
        self.door.put_anchor(id, self.door.place(chat, file), Purpose::Verdict).await?;
        self.add(Job::Draw(id));
        Ok(Step::Over)
    }
}
