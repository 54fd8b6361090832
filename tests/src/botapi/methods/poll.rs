//! `getUpdates`, as far as it does not wait.

use serde_json::Value;

use super::Request;
use crate::botapi::params::Params;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

/// The longest a poll waits.
const LONGEST_WAIT: i64 = 50;

/// What a poll asks for.
pub(in crate::botapi) struct Poll {
    offset: i64,
    limit: usize,
    /// Seconds.
    pub(in crate::botapi) timeout: u64,
}

impl Poll {
    pub(in crate::botapi) fn read(request: &mut Request<'_>) -> Self {
        let params = request.params;
        let limit = params.int("limit").unwrap_or(100).clamp(1, 100);
        let timeout = params.int("timeout").unwrap_or(0).clamp(0, LONGEST_WAIT);
        Self {
            offset: params.int("offset").unwrap_or(0),
            limit: usize::try_from(limit).unwrap_or(100),
            timeout: u64::try_from(timeout).unwrap_or(0),
        }
    }

    pub(in crate::botapi) fn take(&self, world: &mut World) -> Result<Vec<Value>, Refusal> {
        if world.updates.webhook.is_some() {
            return Err(Refusal::new(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the \
                 webhook first",
            ));
        }
        let now = world.clock.now();
        Ok(world.updates.take(self.offset, self.limit, now))
    }
}

/// Keeps `allowed_updates` for this and all later polls.
pub(in crate::botapi) fn allow(world: &mut World, params: &Params) {
    // What is no array of names is passed over, as the server does.
    if let Ok(Some(Value::Array(kinds))) = params.json("allowed_updates", "allowed updates") {
        world.updates.allow(&kinds);
    }
}
