//! Who is known, and as what.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use pager_core::access::{DirectPolicy, NOT_A_PERSON, RoleName};
use toml::Spanned;
use toml::de::DeValue;

use crate::fields;
use crate::input::{self, Refusal, quoted};
use crate::schema::Key;

/// Telegram promises ids of at most 52 significant bits.
const PERSON: RangeInclusive<i64> = 1..=(1 << 52) - 1;

/// How somebody learns a number that no client shows.
const FIND_ID: &str = "ids are numeric, and names can change hands; `pagerctl setup` finds yours \
                       by a message you send to the bot";

pub(super) const ALLOWED_USERS: Key = Key {
    path: "telegram.allowed_users",
    expected: "an array of numeric user ids, such as [111111111]; an empty one is nobody",
    set: |config, input| {
        let users = fields::each(input.value, |value| match value.get_ref().as_str() {
            Some("*") => Ok(None),
            _ => person(value).map(Some),
        })?;
        config.telegram.anyone = users.contains(&None);
        config.telegram.allowed_users = users.into_iter().flatten().collect();
        Ok(())
    },
    show: |config| {
        let users = config.telegram.allowed_users.iter().map(|id| toml::Value::from(*id));
        let anyone = config.telegram.anyone.then(|| toml::Value::from("*"));
        Some(users.chain(anyone).collect::<Vec<_>>().into())
    },
};

pub(super) const DM_POLICY: Key = Key {
    path: "telegram.dm_policy",
    expected: "\"pairing\", \"allowlist\", \"open\" or \"disabled\"",
    set: |config, input| {
        let name = input.string()?;
        config.telegram.dm_policy = DirectPolicy::named(name)
            .ok_or_else(|| input.refuse(format!("there is no policy {}", quoted(name))))?;
        Ok(())
    },
    show: |config| Some(config.telegram.dm_policy.as_str().into()),
};

pub(super) const ROLES: Key = Key {
    path: "telegram.roles",
    expected: "arrays of user ids by the names of roles, such as developer = [222222222]",
    set: |config, input| {
        let mut refusals = Vec::new();
        let mut roles = BTreeMap::new();
        for (name, value) in fields::entries(input.value)? {
            let role = match RoleName::try_from(name.to_owned()) {
                Ok(role) if role == RoleName::guest() || role == RoleName::member() => {
                    let why = format!("nobody is made a {name}: it is what strangers are");
                    refusals.push(input::refuse(value, why));
                    continue;
                }
                Ok(role) => role,
                Err(error) => {
                    refusals.push(input::refuse(value, error.to_string()));
                    continue;
                }
            };
            match fields::each(value, person) {
                Ok(people) => {
                    for id in people {
                        if let Some(other) = roles.insert(id, role.clone()) {
                            let why = format!("{id} is {other} already");
                            refusals.push(input::refuse(value, why));
                        }
                    }
                }
                Err(more) => refusals.extend(more),
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        config.telegram.roles = roles;
        Ok(())
    },
    show: |config| {
        let mut roles = BTreeMap::<String, Vec<i64>>::new();
        for (id, role) in &config.telegram.roles {
            roles.entry(role.to_string()).or_default().push(*id);
        }
        let table = roles.into_iter().map(|(role, ids)| (role, toml::Value::from(ids)));
        (!config.telegram.roles.is_empty()).then(|| toml::Value::Table(table.collect()))
    },
};

/// One person's id.
pub(super) fn person(value: &Spanned<DeValue<'_>>) -> Result<i64, Refusal> {
    if let Some(text) = value.get_ref().as_str() {
        return Err(not_numeric(value, text));
    }
    let id = input::integer(value)?;
    if let Some((_, who)) = STANDS_FOR.iter().find(|(known, _)| *known == id) {
        return Err(input::refuse(value, format!("{id} stands for {who}, not for one person"))
            .hint(FIND_ID));
    }
    if id < 0 {
        return Err(input::refuse(value, format!("{id} is a group's id, not a person's"))
            .hint("only people can be allowed; a group is heard by a table in telegram.groups"));
    }
    if !PERSON.contains(&id) {
        return Err(input::refuse(value, format!("{id} is not an id of Telegram's")).hint(FIND_ID));
    }
    Ok(id)
}

/// What the accounts that are no person's mean.
const STANDS_FOR: [(i64, &str); 3] = [
    (NOT_A_PERSON[0], "every anonymous administrator of a group"),
    (NOT_A_PERSON[1], "whoever posts in the name of a channel"),
    (NOT_A_PERSON[2], "Telegram itself and the posts of linked channels"),
];

pub(super) fn not_numeric(value: &Spanned<DeValue<'_>>, text: &str) -> Refusal {
    match text.parse::<i64>() {
        Ok(id) => input::refuse(value, "an id in quotes").hint(format!("write it without: {id}")),
        Err(_) => {
            input::refuse(value, format!("{} is not a numeric id", quoted(text))).hint(FIND_ID)
        }
    }
}
