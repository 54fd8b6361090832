//! One call: noted, judged for floods, let go wrong where a test asked for it, and done.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::flood::Verdict;
use super::journal::{Call, Outcome};
use super::listener::{Dropped, Peer};
use super::methods::{self, Method};
use super::params::Params;
use super::refusal::Refusal;
use super::server::{Reply, error, json_reply, status};
use super::shared::Shared;
use super::{trouble, waiting};

/// Marks a call as abandoned when its client goes away in the middle of it.
pub(super) struct Running<'a> {
    shared: &'a Shared,
    number: usize,
}

impl Running<'_> {
    pub(super) fn end(&self, outcome: Outcome) {
        self.shared.change(|world| world.journal.end(self.number, outcome));
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let pending = |call: &Call| call.outcome == Outcome::Pending;
        if self.shared.look().journal.calls.get(self.number).is_some_and(pending) {
            self.end(Outcome::Abandoned);
        }
    }
}

/// Runs one call of a method the double has, with whatever trouble is meant for it.
pub(super) async fn serve(
    shared: &Shared,
    peer: &Peer,
    method: &'static Method,
    params: &Params,
) -> Reply {
    let chat = params.int("chat_id");
    let key = chat.map_or_else(|| method.name.to_owned(), |chat| chat.to_string());
    let (number, verdict, fault, released) = shared.change(|world| {
        let now = world.clock.now();
        let number = world.journal.begin(now, method.name, params.to_json(), chat);
        let verdict = world.flood.judge(&key, chat, now);
        let free = matches!(verdict, Verdict::Free);
        let fault = free.then(|| world.faults.take(method.name, chat)).flatten();
        // A release counts from here on, even if it comes before the call gets to waiting for it.
        (number, verdict, fault, world.faults.released)
    });
    let running = Running { shared, number };
    match verdict {
        Verdict::Free => {}
        Verdict::Limited(refusal) => {
            running.end(Outcome::Refused(refusal.clone()));
            return Ok(error(&refusal));
        }
        Verdict::Banned(refusal) => {
            shared.change(|world| {
                world
                    .journal
                    .violation(number, format!("called before retry_after was over: {refusal}"));
            });
            running.end(Outcome::Faulted("still banned".into()));
            return Ok(error(&refusal));
        }
    }
    if let Some(fault) = fault.as_ref().filter(|fault| fault.is_before())
        && let Some(reply) = trouble::before(shared, fault, key, released, &running).await
    {
        return reply;
    }
    let result = match method.handler {
        // Effect and outcome appear together: whoever sees the message sees the call done.
        Some(handler) => shared.change(|world| {
            let mut request = methods::Request::new(params, method);
            let result = handler(world, &mut request);
            for what in std::mem::take(&mut request.ignored) {
                world.journal.violation(number, format!("ignored: {what}"));
            }
            world.journal.end(number, outcome(&result));
            result
        }),
        None => {
            let Some(result) = waiting::updates(shared, peer, number, method, params).await else {
                return Err(Dropped);
            };
            running.end(outcome(&result));
            result
        }
    };
    let reply = match &result {
        Ok(result) => (StatusCode::OK, json!({ "ok": true, "result": result })),
        Err(refusal) => (status(refusal.code), refusal.body()),
    };
    match fault.filter(|fault| !fault.is_before()) {
        Some(fault) => trouble::after(shared, fault, released, reply).await,
        None => Ok(json_reply(reply.0, &reply.1)),
    }
}

fn outcome(result: &Result<Value, Refusal>) -> Outcome {
    match result {
        Ok(result) => Outcome::Done(result.clone()),
        Err(refusal) => Outcome::Refused(refusal.clone()),
    }
}
