//! `setWebhook`, `deleteWebhook` and `getWebhookInfo`. Nothing is ever sent to the address.

use serde_json::{Value, json};

use super::Request;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

pub(super) fn set(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    let url = request.params.text("url");
    if !url.is_empty() && !url.starts_with("https://") {
        return Err(Refusal::bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    super::poll::allow(world, request.params);
    put(world, request, Some(url).filter(|url| !url.is_empty()))
}

pub(super) fn delete(world: &mut World, request: &mut Request<'_>) -> Result<Value, Refusal> {
    put(world, request, None)
}

fn put(
    world: &mut World,
    request: &mut Request<'_>,
    url: Option<String>,
) -> Result<Value, Refusal> {
    if request.params.flag("drop_pending_updates") {
        world.updates.clear();
    }
    if url.is_some() {
        world.updates.poll += 1;
    }
    world.updates.webhook = url;
    Ok(true.into())
}

pub(super) fn info(world: &mut World, _: &mut Request<'_>) -> Result<Value, Refusal> {
    let updates = &world.updates;
    let mut info = json!({
        "url": updates.webhook.clone().unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": updates.pending(),
    });
    if let Some(allowed) = updates.allowed() {
        info["allowed_updates"] = json!(allowed);
    }
    Ok(info)
}
