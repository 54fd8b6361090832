//! `answerCallbackQuery`.

use jiff::SignedDuration;
use serde_json::Value;

use super::Request;
use crate::botapi::entities::utf16_len;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::{Answer, World};

/// A phone waits no longer for an answer to a tap.
const ANSWERABLE_FOR: SignedDuration = SignedDuration::from_secs(15);
const LONGEST_ANSWER: usize = 200;

pub(super) fn answer(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let id = request.params.text("callback_query_id");
    let text = request.params.text("text");
    if utf16_len(&text) > LONGEST_ANSWER {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    if request.params.has("url") {
        return Err(Refusal::bad("URL_INVALID"));
    }
    let now = world.clock.now();
    let open = world.callbacks.iter_mut().find(|callback| {
        callback.id == id
            && callback.answer.is_none()
            && now.duration_since(callback.at) < ANSWERABLE_FOR
    });
    let Some(open) = open else {
        return Err(Refusal::bad(
            "query is too old and response timeout expired or query ID is invalid",
        ));
    };
    open.answer = Some(Answer { text, alert: request.params.flag("show_alert") });
    Ok(true.into())
}
