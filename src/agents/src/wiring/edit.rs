//! The two edits of a settings file: pager's entries in, pager's entries out.

use std::collections::{BTreeMap, HashSet};

use jsonc_parser::cst::{CstInputValue, CstObject};

use super::command::{HookCommand, has};
use super::document::{Document, Entry};
use super::{Event, EventAction, EventChange, Events, WiringError};

/// What an edit did to the document.
pub(super) struct Edit {
    pub(super) events: Vec<EventChange>,
    /// Whether the document held nothing of pager's before.
    pub(super) first: bool,
}

/// Brings every entry of pager's up to date and adds those that are missing.
pub(super) fn install(
    document: &Document,
    events: &Events,
    command: &HookCommand,
) -> Result<Edit, WiringError> {
    let names: Vec<&str> = events.wanted.iter().map(|event| event.name).collect();
    document.demand_shape(&names)?;
    let mut ours = ours_by_event(document);
    let first = ours.is_empty();
    let hooks = match document.hooks()? {
        Some(hooks) => hooks,
        None => document.settings.object_value_or_set("hooks"),
    };
    let mut changes = Vec::new();
    for event in &events.wanted {
        let action = match ours.remove(event.name) {
            Some(entries) => update(entries, Some(event.timeout), command),
            None => {
                hooks.array_value_or_set(event.name).append(group(event, command));
                EventAction::Added
            }
        };
        changes.push(EventChange { event: event.name.to_owned(), action });
    }
    for (event, entries) in ours {
        let harmful = events.harmful.iter().any(|harmful| harmful.name == event);
        // Somebody wired pager-hook into further events: their wish, but not at an old path.
        let action = if harmful {
            take_out_all(document, &event, entries)
        } else {
            update(entries, None, command)
        };
        changes.push(EventChange { event, action });
    }
    Ok(Edit { events: changes, first })
}

/// Takes every entry of pager's out, and what is left empty by that.
pub(super) fn remove(document: &Document) -> Edit {
    let ours = ours_by_event(document);
    let first = ours.is_empty();
    let mut events = Vec::new();
    for (event, entries) in ours {
        let action = take_out_all(document, &event, entries);
        events.push(EventChange { event, action });
    }
    if !first
        && let Some(hooks) = document.settings.get("hooks")
        && hooks.object_value().is_some_and(|hooks| hooks.properties().is_empty())
    {
        hooks.remove();
    }
    Edit { events, first }
}

fn ours_by_event(document: &Document) -> BTreeMap<String, Vec<Entry>> {
    let mut ours: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in document.entries().into_iter().filter(|entry| entry.ours.is_some()) {
        ours.entry(entry.event.clone()).or_default().push(entry);
    }
    ours
}

fn update(entries: Vec<Entry>, timeout: Option<u32>, command: &HookCommand) -> EventAction {
    let mut changed = false;
    let mut matchers = HashSet::new();
    for entry in entries {
        if !matchers.insert(entry.matcher.clone()) {
            take_out(entry);
            changed = true;
            continue;
        }
        // A person's own arguments and variables around the right program stay theirs.
        if entry.ours.as_ref() != Some(&command.program) || !has(&entry.command, command.arguments)
        {
            set(&entry.hook, "command", command.line.as_str().into());
            changed = true;
        }
        if let Some(timeout) = timeout
            && entry.timeout() != Some(timeout)
        {
            set(&entry.hook, "timeout", timeout.into());
            changed = true;
        }
    }
    if changed { EventAction::Updated } else { EventAction::Kept }
}

/// Takes out an event's entries, and its list if nothing else is in it.
fn take_out_all(document: &Document, event: &str, entries: Vec<Entry>) -> EventAction {
    entries.into_iter().for_each(take_out);
    if let Some(hooks) = document.settings.object_value("hooks")
        && let Some(list) = hooks.get(event)
        && list.array_value().is_some_and(|list| list.elements().is_empty())
    {
        list.remove();
    }
    EventAction::Removed
}

fn take_out(entry: Entry) {
    entry.hook.remove();
    if entry.group.array_value("hooks").is_some_and(|hooks| hooks.elements().is_empty()) {
        entry.group.remove();
    }
}

fn set(object: &CstObject, name: &str, value: CstInputValue) {
    match object.get(name) {
        Some(member) => member.set_value(value),
        None => {
            object.append(name, value);
        }
    }
}

/// Without a `matcher` the agent takes every tool and every cause.
fn group(event: &Event, command: &HookCommand) -> CstInputValue {
    let hook = vec![
        ("type".to_owned(), "command".into()),
        ("command".to_owned(), command.line.as_str().into()),
        ("timeout".to_owned(), event.timeout.into()),
    ];
    let hooks = CstInputValue::Array(vec![CstInputValue::Object(hook)]);
    CstInputValue::Object(vec![("hooks".to_owned(), hooks)])
}

impl Entry {
    /// The seconds after which the agent gives the command up, where they are a whole number.
    pub(super) fn timeout(&self) -> Option<u32> {
        self.hook.get("timeout")?.value()?.as_number_lit()?.to_string().parse().ok()
    }
}
