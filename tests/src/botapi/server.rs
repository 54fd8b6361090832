//! From a request to a reply: which path, whose token, which method, what trouble.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::control;
use super::faults::Fault;
use super::flood::Verdict;
use super::journal::Outcome;
use super::listener::{Dropped, Peer};
use super::methods::poll::{self, Poll};
use super::methods::{self, Method};
use super::params::Params;
use super::refusal::Refusal;
use super::request;
use super::shared::Shared;

type Reply = Result<Response<Body>, Dropped>;

pub(crate) async fn handle(shared: Shared, peer: Peer, request: Request<Body>) -> Reply {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    if let Some(command) = path.strip_prefix("/control/") {
        return Ok(control::handle(&shared, command, request).await);
    }
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return Ok(download(&shared, rest));
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/'))
    else {
        return Ok(error(&Refusal::new(404, "Not Found")));
    };
    let params = request::read(request).await;
    let method_found = methods::find(method);
    let name = method_found.map_or(method, |method| method.name).to_owned();
    let params = match (check_token(&shared, token), params) {
        (Err(refusal), params) => {
            return Ok(refuse(&shared, &name, &params.unwrap_or_default(), &refusal));
        }
        (Ok(()), Err(refusal)) => return Ok(refuse(&shared, &name, &Params::default(), &refusal)),
        (Ok(()), Ok(params)) => params,
    };
    match method_found {
        Some(method) => serve(&shared, &peer, method, &params).await,
        None => {
            Ok(refuse(&shared, &name, &params, &Refusal::new(404, "Not Found: method not found")))
        }
    }
}

fn check_token(shared: &Shared, token: &str) -> Result<(), Refusal> {
    let well_formed = token.split_once(':').is_some_and(|(id, secret)| {
        id.parse::<u64>().is_ok_and(|id| id > 0)
            && !id.starts_with('0')
            && !secret.is_empty()
            && token.len() <= 80
    });
    if !well_formed {
        return Err(Refusal::new(404, "Not Found"));
    }
    if token != shared.look().bot.token {
        return Err(Refusal::new(401, "Unauthorized"));
    }
    Ok(())
}

fn refuse(shared: &Shared, method: &str, params: &Params, refusal: &Refusal) -> Response<Body> {
    shared.change(|world| {
        let now = world.clock.now();
        let number = world.journal.begin(now, method, params.to_json(), params.int("chat_id"));
        world.journal.end(number, Outcome::Refused(refusal.clone()));
    });
    error(refusal)
}

/// Marks a call as abandoned when its client goes away in the middle of it.
struct Running<'a> {
    shared: &'a Shared,
    number: usize,
}

impl Running<'_> {
    fn end(&self, outcome: Outcome) {
        self.shared.change(|world| world.journal.end(self.number, outcome));
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let pending = |call: &super::journal::Call| call.outcome == Outcome::Pending;
        if self.shared.look().journal.calls.get(self.number).is_some_and(pending) {
            self.end(Outcome::Abandoned);
        }
    }
}

async fn serve(shared: &Shared, peer: &Peer, method: &'static Method, params: &Params) -> Reply {
    let chat = params.int("chat_id");
    let key = chat.map_or_else(|| method.name.to_owned(), |chat| chat.to_string());
    let (number, verdict, fault) = shared.change(|world| {
        let now = world.clock.now();
        let number = world.journal.begin(now, method.name, params.to_json(), chat);
        let verdict = world.flood.judge(&key, chat, now);
        let free = matches!(verdict, Verdict::Free);
        let fault = free.then(|| world.faults.take(method.name, chat)).flatten();
        (number, verdict, fault)
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
        && let Some(reply) = before(shared, &running, fault, key).await
    {
        return reply;
    }
    let result = match method.handler {
        Some(handler) => shared.change(|world| {
            let mut request = methods::Request::new(params, method);
            let result = handler(world, &mut request);
            let ignored = std::mem::take(&mut request.ignored);
            ignored
                .into_iter()
                .for_each(|what| world.journal.violation(number, format!("ignored: {what}")));
            result
        }),
        None => match wait_for_updates(shared, peer, number, method, params).await {
            Some(result) => result,
            None => return Err(Dropped),
        },
    };
    running.end(match &result {
        Ok(result) => Outcome::Done(result.clone()),
        Err(refusal) => Outcome::Refused(refusal.clone()),
    });
    let reply = match &result {
        Ok(result) => (StatusCode::OK, json!({ "ok": true, "result": result })),
        Err(refusal) => (status(refusal.code), refusal.body()),
    };
    match fault.filter(|fault| !fault.is_before()) {
        Some(fault) => after(shared, fault, reply).await,
        None => Ok(json_reply(reply.0, &reply.1)),
    }
}

/// Faults that come before the call; a held call goes on when it is released.
async fn before(
    shared: &Shared,
    running: &Running<'_>,
    fault: &Fault,
    key: String,
) -> Option<Reply> {
    let told = |refusal: Refusal| Some(Ok(error(&refusal)));
    if *fault == Fault::Hold {
        released(shared).await;
        return None;
    }
    running.end(Outcome::Faulted(format!("{fault:?}")));
    match fault {
        Fault::Status(code) => Some(Ok(html(*code))),
        Fault::RetryAfter(seconds) => told(shared.change(|world| {
            let now = world.clock.now();
            world.flood.ban(key, now, *seconds)
        })),
        Fault::Migrate(to) => told(Refusal::migrated(*to)),
        Fault::Refuse(code, description) => told(Refusal::new(*code, description.clone())),
        _ => Some(Err(Dropped)),
    }
}

/// Faults that come between the effect and the reply.
async fn after(shared: &Shared, fault: Fault, (status, body): (StatusCode, Value)) -> Reply {
    match fault {
        Fault::StatusAfter(code) => return Ok(html(code)),
        Fault::DropAfter => return Err(Dropped),
        Fault::Delay(time) => tokio::time::sleep(time).await,
        Fault::HoldReply => released(shared).await,
        Fault::Malformed => {
            let mut text = body.to_string();
            text.truncate(text.len() / 2);
            return Ok(reply(status, "application/json", Body::from(text)));
        }
        Fault::Slow(pause) => return Ok(reply(status, "application/json", trickle(&body, pause))),
        _ => {}
    }
    Ok(json_reply(status, &body))
}

fn trickle(body: &Value, pause: Duration) -> Body {
    let text = body.to_string().into_bytes();
    let pieces: Vec<Bytes> =
        text.chunks(text.len().div_ceil(4)).map(Bytes::copy_from_slice).collect();
    Body::from_stream(futures_util::stream::unfold(
        pieces.into_iter(),
        move |mut pieces| async move {
            let piece = pieces.next()?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, Infallible>(piece), pieces))
        },
    ))
}

async fn released(shared: &Shared) {
    let mut changes = shared.changes();
    let before = shared.look().faults.released;
    while shared.look().faults.released == before {
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Waits as `getUpdates` does. Nothing comes back when the client is already gone.
async fn wait_for_updates(
    shared: &Shared,
    peer: &Peer,
    number: usize,
    method: &Method,
    params: &Params,
) -> Option<Result<Value, Refusal>> {
    let mut request = methods::Request::new(params, method);
    let poll = Poll::read(&mut request);
    let deadline = Instant::now() + Duration::from_secs(poll.timeout);
    let mut changes = shared.changes();
    let first = shared.change(|world| {
        request
            .ignored
            .drain(..)
            .for_each(|what| world.journal.violation(number, format!("ignored: {what}")));
        poll::allow(world, params);
        let updates = poll.take(world)?;
        let waits = updates.is_empty();
        if waits {
            // Only one poll can wait: this one ends the one before it.
            world.updates.poll += 1;
            world.updates.polling = Some(world.updates.poll).filter(|_| poll.timeout > 0);
        }
        Ok((updates, waits && poll.timeout > 0, world.updates.poll))
    });
    let (mine, _end) = match first {
        Err(refusal) => return Some(Err(refusal)),
        Ok((updates, false, _)) => return Some(Ok(updates.into())),
        Ok((_, true, mine)) => (mine, Waiting { shared, mine }),
    };
    loop {
        let over = tokio::time::timeout_at(deadline, changes.changed()).await.is_err();
        let mut world = shared.look();
        if world.updates.poll != mine {
            if peer.is_gone() {
                return None;
            }
            let why = if world.updates.webhook.is_some() {
                "Conflict: terminated by setWebhook request"
            } else {
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            };
            return Some(Err(Refusal::new(409, why)));
        }
        match poll.take(&mut world) {
            Ok(updates) if updates.is_empty() && !over => {}
            result => return Some(result.map(Value::from)),
        }
    }
}

/// Says that a poll waits, for as long as it does.
struct Waiting<'a> {
    shared: &'a Shared,
    mine: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mine = self.mine;
        self.shared.change(|world| {
            if world.updates.polling == Some(mine) {
                world.updates.polling = None;
            }
        });
    }
}

fn download(shared: &Shared, path: &str) -> Response<Body> {
    let Some((token, path)) = path.split_once('/') else {
        return error(&Refusal::new(404, "Not Found"));
    };
    if let Err(refusal) = check_token(shared, token) {
        return refuse(shared, "(download)", &Params::default(), &refusal);
    }
    let file_id = path.rsplit('/').next().unwrap_or_default();
    let bytes = shared.look().file(file_id).map(|file| file.bytes.clone());
    match bytes {
        Some(bytes) => reply(StatusCode::OK, "application/octet-stream", Body::from(bytes)),
        None => refuse(shared, "(download)", &Params::default(), &Refusal::new(404, "Not Found")),
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(crate) fn error(refusal: &Refusal) -> Response<Body> {
    json_reply(status(refusal.code), &refusal.body())
}

pub(crate) fn json_reply(status: StatusCode, body: &Value) -> Response<Body> {
    let mut reply = reply(status, "application/json", Body::from(body.to_string()));
    if let Some(seconds) = body.pointer("/parameters/retry_after").and_then(Value::as_u64) {
        reply.headers_mut().insert("retry-after", seconds.into());
    }
    reply
}

fn html(code: u16) -> Response<Body> {
    let status = status(code);
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body><h1>{status}</h1></body>\r\n</html>\r\n"
    );
    reply(status, "text/html", Body::from(page))
}

pub(crate) fn reply(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    reply.headers_mut().insert("content-type", axum::http::HeaderValue::from_static(kind));
    reply
}
