//! `[access]`

use std::collections::BTreeMap;

use pager_core::access::{Right, Rights, Role, RoleName};
use toml::Spanned;
use toml::de::DeValue;

use super::{Key, Section, no_advice};
use crate::fields::{self, Fields};
use crate::input::{self, Refusal, quoted};

/// The roles people may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// All of them, those there always are among them.
    pub roles: BTreeMap<RoleName, Role>,
}

impl Default for Access {
    fn default() -> Self {
        Self { roles: Role::built_in() }
    }
}

pub(super) const SECTION: Section = Section { name: "access", keys: &[ROLES], advise: no_advice };

/// What a list of tools may hold.
const TOOLS: &str = "an array of tools' names, such as [\"Bash\", \"mcp__deploy__*\"]";

const ROLES: Key = Key {
    path: "access.roles",
    expected: "tables such as [access.roles.reviewer] with rights = [\"approve\"]",
    set: |config, input| {
        let mut refusals = Vec::new();
        for (name, value) in fields::entries(input.value)? {
            match role(name, value) {
                Ok((name, role)) => {
                    config.access.roles.insert(name, role);
                }
                Err(more) => refusals.extend(more),
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    },
    show: |config| show(&config.access.roles),
};

fn role(name: &str, value: &Spanned<DeValue<'_>>) -> Result<(RoleName, Role), Vec<Refusal>> {
    let known = RoleName::try_from(name.to_owned())
        .map_err(|error| input::refuse(value, error.to_string()))?;
    let built_in = Role::built_in().remove(&known);
    let mut fields = Fields::of(value)?;
    let rights = fields.take(
        "rights",
        "an array of \"prompt\", \"approve\", \"manage\", \"files\"",
        |value| {
            if built_in.is_some() {
                let refusal = input::refuse(value, format!("the rights of {} stand", quoted(name)));
                return Err(vec![refusal.hint("choose another name for a role of your own")]);
            }
            fields::each(value, right).map(Rights::from_iter)
        },
    );
    let deny_tools = fields.take("deny_tools", TOOLS, |value| fields::each(value, tool));
    let mut refusals = fields.finish();
    let rights = rights.or_else(|| built_in.map(|role| role.rights));
    if rights.is_none() && refusals.is_empty() {
        let refusal = input::refuse(value, "it says nothing of its rights");
        refusals.push(refusal.hint("add rights = [] for a role that only looks on"));
    }
    match rights {
        Some(rights) if refusals.is_empty() => {
            Ok((known, Role { rights, deny_tools: deny_tools.unwrap_or_default() }))
        }
        _ => Err(refusals),
    }
}

fn right(value: &Spanned<DeValue<'_>>) -> Result<Right, Refusal> {
    let name = fields::text(value)?;
    Right::named(name)
        .ok_or_else(|| input::refuse(value, format!("there is no right {}", quoted(name))))
}

fn tool(value: &Spanned<DeValue<'_>>) -> Result<String, Refusal> {
    let name = fields::text(value)?;
    let stem = name.strip_suffix('*').unwrap_or(name);
    let letters = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if stem.chars().all(letters) && !name.is_empty() {
        Ok(name.to_owned())
    } else {
        Err(input::refuse(value, format!("{} is no name of a tool", quoted(name)))
            .hint("a name, or the beginning of one with a * behind it"))
    }
}

/// Those that are not as they always are.
fn show(roles: &BTreeMap<RoleName, Role>) -> Option<toml::Value> {
    let built_in = Role::built_in();
    let own = roles.iter().filter(|(name, role)| built_in.get(*name) != Some(*role));
    let table: toml::Table = own
        .map(|(name, role)| {
            let rights: Vec<_> = role.rights.iter().map(Right::as_str).collect();
            let mut fields = toml::Table::new();
            if !built_in.contains_key(name) {
                fields.insert("rights".to_owned(), rights.into());
            }
            if !role.deny_tools.is_empty() {
                fields.insert("deny_tools".to_owned(), role.deny_tools.clone().into());
            }
            (name.to_string(), toml::Value::Table(fields))
        })
        .collect();
    (!table.is_empty()).then_some(toml::Value::Table(table))
}
