//! Lets calls go wrong: before they have an effect, or between the effect and the reply.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use serde_json::Value;

use super::call::Running;
use super::faults::Fault;
use super::journal::Outcome;
use super::listener::Dropped;
use super::refusal::Refusal;
use super::server::{Reply, error, html, json_reply, reply};
use super::shared::Shared;

/// Faults that come before the call; a held call goes on when it is released.
pub(super) async fn before(
    shared: &Shared,
    fault: &Fault,
    key: String,
    released: u64,
    running: &Running<'_>,
) -> Option<Reply> {
    let told = |refusal: Refusal| Some(Ok(error(&refusal)));
    if *fault == Fault::Hold {
        release(shared, released).await;
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
pub(super) async fn after(
    shared: &Shared,
    fault: Fault,
    released: u64,
    (status, body): (StatusCode, Value),
) -> Reply {
    match fault {
        Fault::StatusAfter(code) => return Ok(html(code)),
        Fault::DropAfter => return Err(Dropped),
        Fault::Delay(time) => tokio::time::sleep(time).await,
        Fault::HoldReply => release(shared, released).await,
        Fault::Malformed => {
            let mut text = body.to_string().into_bytes();
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

/// Waits until there were more releases than these.
async fn release(shared: &Shared, before: u64) {
    let mut changes = shared.changes();
    while shared.look().faults.released == before {
        if changes.changed().await.is_err() {
            return;
        }
    }
}
