//! `getMe`.

use serde_json::Value;

use super::Request;
use crate::botapi::json;
use crate::botapi::refusal::Refusal;
use crate::botapi::world::World;

pub(super) fn get_me(world: &mut World, _: &mut Request<'_>) -> Result<Value, Refusal> {
    let mut me = json::user(world, world.bot.id);
    let reads_groups = world.bot.reads_groups;
    for (field, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", reads_groups),
        ("supports_guest_queries", false),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
        ("has_topics_enabled", false),
        ("allows_users_to_create_topics", false),
        ("can_manage_bots", false),
        ("supports_join_request_queries", false),
    ] {
        me[field] = value.into();
    }
    Ok(me)
}
