//! The methods, one file for each group of them.

mod callback;
mod chat;
mod commands;
mod delete;
mod edit;
mod file;
mod me;
mod pin;
pub(super) mod poll;
mod reaction;
mod send;
mod table;
mod webhook;

use serde_json::Value;

use super::entities::{self, Parsed};
use super::keyboard::{self, Markup};
use super::params::Params;
use super::refusal::Refusal;
use super::world::World;

pub(super) use table::{Method, find};

/// One call on its way: its parameters, and what the real server would pass over in silence.
pub(super) struct Request<'a> {
    pub(super) params: &'a Params,
    pub(super) ignored: Vec<String>,
}

type Handler = fn(&mut World, &mut Request<'_>) -> Result<Value, Refusal>;

impl<'a> Request<'a> {
    /// Takes the parameters and notes those the method does not have.
    pub(super) fn new(params: &'a Params, method: &Method) -> Self {
        let known = |name: &&str| method.params.contains(name) || params.is_attachment(name);
        let unknown = params.names().filter(|name| !known(name));
        let ignored =
            unknown.map(|name| format!("{} has no parameter {name:?}", method.name)).collect();
        Self { params, ignored }
    }

    fn formatted(&mut self, text: &str, mode: &str, entities: &str) -> Result<Parsed, Refusal> {
        let mode = self.params.text(mode);
        let list = self.params.json(entities, "entities")?;
        if !mode.is_empty() && list.is_some() {
            self.ignored.push(format!("{entities} are not looked at when there is a parse_mode"));
        }
        let parsed = entities::parse(text, &mode, list.as_ref())?;
        self.ignored.extend(parsed.dropped.iter().cloned());
        Ok(parsed)
    }

    fn markup(&mut self) -> Result<Markup, Refusal> {
        let markup = self.params.json("reply_markup", "reply keyboard markup")?;
        keyboard::parse(markup.as_ref(), &mut self.ignored)
    }

    /// Checks an object parameter's fields against those it may have.
    fn object(&mut self, name: &str, what: &str, known: &[&str]) -> Result<Option<Value>, Refusal> {
        let Some(value) = self.params.json(name, what)? else { return Ok(None) };
        let Some(object) = value.as_object() else {
            return Err(Refusal::bad(format!("object expected as {what}")));
        };
        for field in object.keys().filter(|field| !known.contains(&field.as_str())) {
            self.ignored.push(format!("{name} has no field {field:?}"));
        }
        Ok(Some(value))
    }
}
