//! `[telegram.groups."-100…"]`: the groups that are heard, and by whom.

use std::collections::{BTreeMap, BTreeSet};

use pager_core::access::{Group, Lists, Pattern, Right, Topic};
use toml::Spanned;
use toml::de::DeValue;

use super::people::person;
use crate::fields::{self, Fields};
use crate::input::{self, Refusal, quoted};
use crate::schema::Key;

/// What a list of people may hold.
const PEOPLE: &str = "an array of numeric user ids; an empty one is nobody";
const SWITCH: &str = "true or false, without quotes";

pub(super) const GROUPS: Key = Key {
    path: "telegram.groups",
    expected: "tables such as [telegram.groups.\"-1001234567890\"]",
    set: |config, input| {
        let mut groups = BTreeMap::new();
        let mut refusals = Vec::new();
        for (name, value) in fields::entries(input.value)? {
            match chat(name, value).map_err(Vec::from).and_then(|id| Ok((id, group(value)?))) {
                Ok((id, group)) => drop(groups.insert(id, group)),
                Err(more) => refusals.extend(more),
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        config.telegram.groups = groups;
        Ok(())
    },
    show: |config| {
        let groups = &config.telegram.groups;
        let table = groups.iter().map(|(id, group)| (id.to_string(), show(group)));
        (!groups.is_empty()).then(|| toml::Value::Table(table.collect()))
    },
};

fn chat(name: &str, value: &Spanned<DeValue<'_>>) -> Result<i64, Refusal> {
    match name.parse::<i64>() {
        Ok(id) if id < 0 && id.to_string() == name => Ok(id),
        Ok(id) if id > 0 => {
            Err(input::refuse(value, format!("{id} is a person's id, not a group's"))
                .hint("a group's id is negative; a person is allowed by telegram.allowed_users"))
        }
        _ => Err(input::refuse(value, format!("{} is not the id of a group", quoted(name))).hint(
            "the id is negative; the journal names it when somebody writes to the bot there",
        )),
    }
}

fn lists(fields: &mut Fields<'_>) -> Lists {
    let mut lists = BTreeMap::new();
    for right in Right::ALL {
        let people = fields.take(right.as_str(), PEOPLE, |value| fields::each(value, person));
        if let Some(people) = people {
            lists.insert(right, people.into_iter().collect::<BTreeSet<_>>());
        }
    }
    Lists(lists)
}

fn group(value: &Spanned<DeValue<'_>>) -> Result<Group, Vec<Refusal>> {
    let mut fields = Fields::of(value)?;
    let lists = lists(&mut fields);
    let require_mention = fields.take("require_mention", SWITCH, fields::boolean);
    let mentions = fields.take(
        "mention_patterns",
        "an array of regular expressions, such as [\"\\\\bpager\\\\b\"]",
        |value| fields::each(value, pattern),
    );
    let commands = fields.take(
        "commands",
        "an array of commands without their slash, such as [\"list\"]",
        |value| fields::each(value, command),
    );
    let topics = fields.take("topics", "tables by the numbers of topics", topics);
    let refusals = fields.finish();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let default = Group::default();
    Ok(Group {
        lists,
        require_mention: require_mention.unwrap_or(default.require_mention),
        mentions: mentions.unwrap_or_default(),
        commands: commands.map(BTreeSet::from_iter),
        topics: topics.unwrap_or_default(),
    })
}

fn topics(value: &Spanned<DeValue<'_>>) -> Result<BTreeMap<i32, Topic>, Vec<Refusal>> {
    let mut topics = BTreeMap::new();
    let mut refusals = Vec::new();
    for (name, value) in fields::entries(value)? {
        match name.parse::<i32>() {
            Ok(id) if id > 0 => match topic(value) {
                Ok(topic) => drop(topics.insert(id, topic)),
                Err(more) => refusals.extend(more),
            },
            _ => {
                refusals.push(input::refuse(value, format!("{} is no topic", quoted(name))).hint(
                    "a topic's number is the last but one part of the link to a message in it",
                ));
            }
        }
    }
    if refusals.is_empty() { Ok(topics) } else { Err(refusals) }
}

fn topic(value: &Spanned<DeValue<'_>>) -> Result<Topic, Vec<Refusal>> {
    let mut fields = Fields::of(value)?;
    let lists = lists(&mut fields);
    let enabled = fields.take("enabled", SWITCH, fields::boolean);
    let require_mention = fields.take("require_mention", SWITCH, fields::boolean);
    let refusals = fields.finish();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(Topic { off: enabled == Some(false), lists, require_mention })
}

fn pattern(value: &Spanned<DeValue<'_>>) -> Result<Pattern, Refusal> {
    let text = fields::text(value)?;
    Pattern::new(text)
        .map_err(|error| input::refuse(value, format!("{} cannot be used: {error}", quoted(text))))
}

fn command(value: &Spanned<DeValue<'_>>) -> Result<String, Refusal> {
    let name = fields::text(value)?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if (1..=32).contains(&name.len()) && name.chars().all(letters) {
        Ok(name.to_owned())
    } else {
        Err(input::refuse(value, format!("{} is no command", quoted(name)))
            .hint("small letters, digits and _, without the slash"))
    }
}

fn show(group: &Group) -> toml::Value {
    let mut table = shown_lists(&group.lists);
    table.insert("require_mention".to_owned(), group.require_mention.into());
    if !group.mentions.is_empty() {
        let patterns: Vec<_> = group.mentions.iter().map(Pattern::as_str).collect();
        table.insert("mention_patterns".to_owned(), patterns.into());
    }
    if let Some(commands) = &group.commands {
        let commands: Vec<_> = commands.iter().cloned().collect();
        table.insert("commands".to_owned(), commands.into());
    }
    if !group.topics.is_empty() {
        let topics = group.topics.iter().map(|(id, topic)| {
            let mut table = shown_lists(&topic.lists);
            table.insert("enabled".to_owned(), (!topic.off).into());
            if let Some(require) = topic.require_mention {
                table.insert("require_mention".to_owned(), require.into());
            }
            (id.to_string(), toml::Value::Table(table))
        });
        table.insert("topics".to_owned(), toml::Value::Table(topics.collect()));
    }
    toml::Value::Table(table)
}

fn shown_lists(lists: &Lists) -> toml::Table {
    let shown = lists.0.iter().map(|(right, people)| {
        let people: Vec<_> = people.iter().copied().collect();
        (right.as_str().to_owned(), toml::Value::from(people))
    });
    shown.collect()
}
