//! Who is let in: what is open, and what is so closed that nobody is.

use std::collections::BTreeSet;

use pager_config::Config;
use pager_core::access::{DirectPolicy, Right, RoleName};

use crate::doctor::report::{Finding, Group, counted};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "access",
    title: "Who may speak to it",
    group: Group::Configuration,
    look: Look::Here(look),
};

fn look(scene: &Scene) -> Found {
    let config = scene.config().filter(|_| scene.telegram_is_wanted());
    Ok(config.map(judge).unwrap_or_default())
}

fn judge(config: &Config) -> Vec<Finding> {
    let telegram = &config.telegram;
    let mut found = Vec::new();
    let known = telegram.allowed_users.len();
    match telegram.dm_policy {
        // That of "*" is warned of with the configuration itself.
        DirectPolicy::Open => found.push(
            Finding::warn("telegram.dm_policy is \"open\"")
                .means("Strangers are heard in direct messages, as guests.")
                .fix("set dm_policy = \"pairing\", then: systemctl --user reload pager"),
        ),
        DirectPolicy::Allowlist if known == 0 => found.push(
            Finding::warn("telegram.dm_policy is \"allowlist\", and allowed_users is empty")
                .means("Nobody is heard, and nobody is asked.")
                .fix("put your numeric id into allowed_users, then: systemctl --user reload pager"),
        ),
        DirectPolicy::Pairing if known == 0 => found.push(
            Finding::warn("telegram.allowed_users is empty")
                .means(
                    "Only those who were let in by pairing are heard. Whoever writes to the bot \
                     is told a code, by which you let them in here.",
                )
                .fix("pagerctl pair list"),
        ),
        policy => found.push(Finding::ok(format!(
            "{} known, direct messages by \"{}\"",
            match known {
                1 => "1 person is".to_owned(),
                n => format!("{n} people are"),
            },
            policy.as_str()
        ))),
    }
    for (id, group) in &telegram.groups {
        if !group.require_mention {
            found.push(
                Finding::warn(format!("group {id} has require_mention = false"))
                    .means(
                        "Every message of those who may prompt there is taken as one to an agent.",
                    )
                    .fix("leave require_mention out, then: systemctl --user reload pager"),
            );
        }
        let nobody = |right| group.lists.0.get(&right).is_none_or(BTreeSet::is_empty);
        if Right::ALL.into_iter().all(nobody) && group.topics.is_empty() {
            found.push(
                Finding::warn(format!("group {id} is listed, and nobody may do anything there"))
                    .means("An empty list is nobody.")
                    .fix("add approve = [ids] to it, then: systemctl --user reload pager"),
            );
        }
    }
    let owners = telegram.allowed_users.iter();
    let owners = owners
        .filter(|id| telegram.roles.get(id).is_none_or(|role| *role == RoleName::owner()))
        .count();
    if owners > 1 {
        found.push(
            Finding::warn(format!("{owners} people are owners"))
                .means("An owner may do everything, and no deny_tools of a role holds for them.")
                .fix("give the others a role below [telegram.roles], such as \"developer\""),
        );
    }
    if config.limits.denials_in_a_row == 0 {
        found.push(
            Finding::warn("limits.denials_in_a_row is 0")
                .means("A session that is refused again and again is never paused.")
                .fix("leave it out; the default is 5"),
        );
    }
    let unlimited = config.access.roles.iter().filter(|(name, role)| {
        let all = Right::ALL.into_iter().all(|right| role.rights.has(right));
        let named = telegram.roles.values().any(|given| given == *name);
        all && named && **name != RoleName::owner() && role.deny_tools.is_empty()
    });
    let unlimited: Vec<_> = unlimited.map(|(name, _)| name.to_string()).collect();
    if !unlimited.is_empty() {
        found.push(
            Finding::warn(format!(
                "{} in use with every right and no deny_tools: {}",
                counted(unlimited.len(), "role"),
                unlimited.join(", ")
            ))
            .means("Whoever has it may have an agent do anything.")
            .fix("add deny_tools to it below [access.roles], or give fewer rights"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;
    use pager_core::access::{Group as TelegramGroup, Lists};

    fn config(change: impl FnOnce(&mut Config)) -> Vec<Finding> {
        let mut config = Config::default();
        config.telegram.allowed_users = vec![111_111_111];
        change(&mut config);
        judge(&config)
    }

    #[test]
    fn what_is_closed_for_all_but_one_is_in_order() {
        let found = config(|_| {});
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].status, Status::Ok);
    }

    #[test]
    fn whatever_is_open_is_warned_of() {
        let warned = |found: Vec<Finding>, part: &str| {
            let fits = |it: &Finding| it.status == Status::Warn && it.text.contains(part);
            assert!(found.iter().any(fits), "{part}: {found:?}");
        };
        warned(config(|c| c.telegram.dm_policy = DirectPolicy::Open), "\"open\"");
        warned(config(|c| c.telegram.allowed_users.clear()), "is empty");
        let group = |require_mention, approve: &[i64]| TelegramGroup {
            require_mention,
            lists: Lists([(Right::Approve, approve.iter().copied().collect())].into()),
            ..TelegramGroup::default()
        };
        warned(config(|c| drop(c.telegram.groups.insert(-100, group(false, &[1])))), "-100");
        warned(config(|c| drop(c.telegram.groups.insert(-7, group(true, &[])))), "nobody may");
        warned(config(|c| c.telegram.allowed_users.push(2)), "2 people are owners");
        warned(config(|c| c.limits.denials_in_a_row = 0), "denials_in_a_row");
        let admin = RoleName::try_from("admin".to_owned()).unwrap();
        warned(config(|c| drop(c.telegram.roles.insert(2, admin))), "admin");
    }
}
