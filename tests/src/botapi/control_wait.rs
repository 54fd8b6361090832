//! `/control/wait`, and faults as the control interface names them.
//!
//! A wait names what must hold at one moment: `polling`, `tap` (answered), `method` with `count` calls, or a message
//! in `chat`: `message`, `after` (a number), `contains`, `lacks`, `buttons` (how many), `label`, `from_bot`, `edits`
//! (at least), and `gone` for a message that must not be there. `timeout` is in seconds, 30 unless told.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use super::control::{fail, report};
use super::faults::Fault;
use super::params::Params;
use super::server::json_reply;
use super::shared::Shared;
use super::view::{MessageView, View};

const KNOWN: [&str; 16] = [
    "timeout", "polling", "tap", "method", "count", "chat", "message", "after", "contains",
    "lacks", "buttons", "label", "from_bot", "edits", "gone", "data",
];

pub(super) async fn handle(shared: &Shared, params: &Params) -> Response<Body> {
    if let Some(unknown) = params.names().find(|name| !KNOWN.contains(name)) {
        return fail(&format!("wait knows no {unknown:?}"));
    }
    if params.int("chat").is_none()
        && !["polling", "tap", "method"].iter().any(|name| params.has(name))
    {
        return fail("wait for what? polling, tap, method, or a message in a chat");
    }
    let seconds =
        params.int("timeout").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(30);
    let patience = tokio::time::sleep(Duration::from_secs(seconds));
    tokio::pin!(patience);
    let mut changes = shared.changes();
    loop {
        changes.mark_unchanged();
        let view = View::of(&shared.look());
        if let Some(found) = find(&view, params) {
            return json_reply(StatusCode::OK, &found);
        }
        tokio::select! {
            biased;
            _ = changes.changed() => {}
            () = &mut patience => {
                let body = json!({ "ok": false, "error": "waited in vain", "report": report(shared) });
                return json_reply(StatusCode::REQUEST_TIMEOUT, &body);
            }
        }
    }
}

fn find(view: &View, params: &Params) -> Option<Value> {
    if params.flag("polling") && !view.polling {
        return None;
    }
    let mut found = json!({ "ok": true });
    if params.has("tap") {
        let id = params.text("tap");
        let tap = view.taps.iter().find(|tap| tap.id == id && tap.answer.is_some())?;
        found["tap"] = tap.to_json();
    }
    if params.has("method") {
        let calls = view.calls_of(&params.text("method"));
        let wanted = params.int("count").and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
        if calls.len() < wanted {
            return None;
        }
        found["calls"] = calls.iter().map(|call| call.to_json()).collect();
    }
    let Some(chat) = params.int("chat") else { return Some(found) };
    let message = view.find(chat, |message| fits(message, params));
    if params.flag("gone") {
        return message.is_none().then_some(found);
    }
    let (Some(Value::Object(message)), Some(found_in)) =
        (message.map(MessageView::to_json), found.as_object_mut())
    else {
        return None;
    };
    found_in.extend(message);
    Some(found)
}

fn fits(message: &MessageView, params: &Params) -> bool {
    let number = |name: &str| params.int(name);
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    number("message").is_none_or(|id| message.id == id)
        && number("after").is_none_or(|id| message.id > id)
        && number("buttons").is_none_or(|buttons| count(message.labels().len()) == buttons)
        && number("edits").is_none_or(|edits| i64::from(message.edits) >= edits)
        && (!params.has("contains") || message.text().contains(&params.text("contains")))
        && (!params.has("lacks") || !message.text().contains(&params.text("lacks")))
        && (!params.has("label") || message.labels().contains(&params.text("label").as_str()))
        && (!params.has("data") || message.data().contains(&params.text("data").as_str()))
        && (!params.has("from_bot") || message.from_bot == params.flag("from_bot"))
}

/// Reads a fault by its name and value.
pub(super) fn fault(params: &Params) -> Result<Fault, String> {
    let value = params.int("value").unwrap_or_default();
    let code = || u16::try_from(value).map_err(|_| format!("{value} is no status code"));
    let positive = u64::try_from(value).unwrap_or_default();
    let time = Duration::from_millis(positive);
    Ok(match params.text("fault").as_str() {
        "status" => Fault::Status(code()?),
        "retry_after" => Fault::RetryAfter(positive),
        "migrate" => Fault::Migrate(value),
        "refuse" => Fault::Refuse(code()?, params.text("description")),
        "drop_before" => Fault::DropBefore,
        "drop_after" => Fault::DropAfter,
        "status_after" => Fault::StatusAfter(code()?),
        "delay" => Fault::Delay(time),
        "malformed" => Fault::Malformed,
        "slow" => Fault::Slow(time),
        "hold" => Fault::Hold,
        "hold_reply" => Fault::HoldReply,
        other => return Err(format!("no fault {other:?}; GET /control/help lists them")),
    })
}
