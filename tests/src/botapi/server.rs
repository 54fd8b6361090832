//! From a request to a reply: which path, whose token, which method.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::journal::Outcome;
use super::listener::{Dropped, Peer, Serving};
use super::params::Params;
use super::refusal::Refusal;
use super::shared::Shared;
use super::{call, control, methods, request};

/// What a connection gets: a reply, or its end.
pub(super) type Reply = Result<Response<Body>, Dropped>;

pub(crate) async fn handle(serving: Serving, peer: Peer, request: Request<Body>) -> Reply {
    let Serving { shared, .. } = &serving;
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    if let Some(command) = path.strip_prefix("/control/") {
        return Ok(control::handle(&serving, command, request).await);
    }
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return Ok(download(shared, rest));
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/'))
    else {
        return Ok(error(&Refusal::new(404, "Not Found")));
    };
    let params = request::read(request).await;
    let method_found = methods::find(method);
    let name = method_found.map_or(method, |method| method.name).to_owned();
    let params = match (check_token(shared, token), params) {
        (Err(refusal), params) => {
            return Ok(refuse(shared, &name, &params.unwrap_or_default(), &refusal));
        }
        (Ok(()), Err(refusal)) => return Ok(refuse(shared, &name, &Params::default(), &refusal)),
        (Ok(()), Ok(params)) => params,
    };
    match method_found {
        Some(method) => call::serve(shared, &peer, method, &params).await,
        None => {
            Ok(refuse(shared, &name, &params, &Refusal::new(404, "Not Found: method not found")))
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

fn download(shared: &Shared, path: &str) -> Response<Body> {
    let Some((token, path)) = path.split_once('/') else {
        return error(&Refusal::new(404, "Not Found"));
    };
    if let Err(refusal) = check_token(shared, token) {
        return refuse(shared, "(download)", &Params::default(), &refusal);
    }
    let file_id = path.rsplit('/').next().unwrap_or_default();
    let found = {
        let world = shared.look();
        let asked = world.fetchable.contains(file_id);
        world.file(file_id).filter(|_| asked).map(|file| (file.bytes.clone(), file.said))
    };
    match found {
        // Who has lied about the length does not tell it now.
        Some((bytes, Some(_))) => {
            let pieces: Vec<_> =
                bytes.chunks(16).map(<[u8]>::to_vec).map(Ok::<_, Dropped>).collect();
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            reply(StatusCode::OK, "application/octet-stream", body)
        }
        Some((bytes, None)) => reply(StatusCode::OK, "application/octet-stream", Body::from(bytes)),
        None => refuse(shared, "(download)", &Params::default(), &Refusal::new(404, "Not Found")),
    }
}

pub(super) fn status(code: u16) -> StatusCode {
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

pub(super) fn html(code: u16) -> Response<Body> {
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
