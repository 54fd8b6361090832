//! `[[telegram.observers]]`: chats that are told what happens.

use std::collections::BTreeSet;
use std::path::PathBuf;

use pager_core::Level;
use toml::Spanned;
use toml::de::DeValue;

use super::people::not_numeric;
use crate::fields::{self, Fields};
use crate::input::{self, Input, Refusal, quoted};
use crate::mask::contains_token;
use crate::schema::Key;

/// A chat that is told what happens, and in which nobody is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observer {
    /// The chat.
    pub chat: i64,
    /// The file that holds the token of a bot of its own; none is the bot that asks.
    pub token_file: Option<PathBuf>,
    /// What it is told.
    pub levels: BTreeSet<Level>,
}

pub(super) const OBSERVERS: Key = Key {
    path: "telegram.observers",
    expected: "tables such as [[telegram.observers]] with chat = -1001234567890",
    set: |config, input| {
        let DeValue::Array(array) = input.value.get_ref() else {
            return Err(input::wrong_type(input.value).into());
        };
        let mut observers = Vec::new();
        let mut refusals = Vec::new();
        for value in array.iter() {
            match observer(value, input) {
                Ok(observer) => observers.push(observer),
                Err(more) => refusals.extend(more),
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        config.telegram.observers = observers;
        Ok(())
    },
    show: |config| {
        let observers: Vec<_> = config.telegram.observers.iter().map(show).collect();
        (!observers.is_empty()).then(|| observers.into())
    },
};

fn observer(value: &Spanned<DeValue<'_>>, input: &Input<'_>) -> Result<Observer, Vec<Refusal>> {
    let mut fields = Fields::of(value)?;
    let chat = fields.take("chat", "the numeric id of a chat", chat);
    let token_file = fields.take("token_file", "the path of a file that holds a token", |value| {
        let path = Input { value, ..*input }.path()?;
        if contains_token(&path.to_string_lossy()) {
            let refusal = input::refuse(value, "this looks like a token, not like a path");
            return Err(refusal.hint("put the token in a file of mode 0600 and name that"));
        }
        Ok(path)
    });
    let expected = "\"finished\", \"warning\", \"error\", or an array of them";
    let levels = fields.take("level", expected, |value| match value.get_ref() {
        DeValue::Array(_) => fields::each(value, level),
        _ => level(value).map(|level| vec![level]).map_err(Vec::from),
    });
    let mut refusals = fields.finish();
    match chat {
        Some(chat) if refusals.is_empty() => Ok(Observer {
            chat,
            token_file,
            levels: levels.unwrap_or_else(|| Level::ALL.to_vec()).into_iter().collect(),
        }),
        None if refusals.is_empty() => {
            refusals.push(input::refuse(value, "an observer without a chat"));
            Err(refusals)
        }
        _ => Err(refusals),
    }
}

fn chat(value: &Spanned<DeValue<'_>>) -> Result<i64, Refusal> {
    if let Some(text) = value.get_ref().as_str() {
        return Err(not_numeric(value, text));
    }
    match input::integer(value)? {
        0 => Err(input::refuse(value, "no chat has the id 0")),
        id => Ok(id),
    }
}

fn level(value: &Spanned<DeValue<'_>>) -> Result<Level, Refusal> {
    let name = fields::text(value)?;
    Level::named(name)
        .ok_or_else(|| input::refuse(value, format!("there is no level {}", quoted(name))))
}

fn show(observer: &Observer) -> toml::Value {
    let mut table = toml::Table::new();
    table.insert("chat".to_owned(), observer.chat.into());
    if let Some(path) = &observer.token_file {
        table.insert("token_file".to_owned(), path.to_string_lossy().into_owned().into());
    }
    let levels: Vec<_> = observer.levels.iter().map(|level| level.as_str()).collect();
    table.insert("level".to_owned(), levels.into());
    toml::Value::Table(table)
}
