//! The rules of who may do what, as the configuration has them.

use pager_config::Config;
use pager_core::access::{RoleName, Rules};

/// Makes the rules; those who were let in by pairing are added where it is judged.
pub fn rules(config: &Config) -> Rules {
    let telegram = &config.telegram;
    let role = |id: &i64| telegram.roles.get(id).cloned().unwrap_or_else(RoleName::owner);
    Rules {
        direct: telegram.dm_policy,
        people: telegram.allowed_users.iter().map(|id| (*id, role(id))).collect(),
        anyone: telegram.anyone,
        groups: telegram.groups.clone(),
        told: telegram
            .observers
            .iter()
            .filter(|observer| observer.token_file.is_none())
            .map(|observer| observer.chat)
            .collect(),
        roles: config.access.roles.clone(),
        locked: false,
    }
}
