//! The long poll.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::listener::Peer;
use super::methods::poll::{self, Poll};
use super::methods::{self, Method};
use super::params::Params;
use super::refusal::Refusal;
use super::shared::Shared;

/// Waits as `getUpdates` does. Nothing comes back when the client is already gone.
pub(super) async fn updates(
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
