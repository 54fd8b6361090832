//! The parameters of one call, whatever way they were sent.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A file that came in a multipart body.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) file_name: Option<String>,
    pub(crate) mime_type: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

/// Parameters by name. As on the real server a value is text or JSON, and JSON may arrive as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    values: BTreeMap<String, Value>,
    files: BTreeMap<String, Upload>,
}

impl Params {
    pub(crate) fn insert(&mut self, name: String, value: Value) {
        self.values.insert(name, value);
    }

    pub(crate) fn insert_file(&mut self, name: String, file: Upload) {
        self.files.insert(name, file);
    }

    pub(crate) fn file(&self, name: &str) -> Option<&Upload> {
        self.files.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().chain(self.files.keys()).map(String::as_str)
    }

    /// Is this a part of the body that a parameter points to with `attach://`?
    pub(crate) fn is_attachment(&self, name: &str) -> bool {
        let link = format!("attach://{name}");
        self.files.contains_key(name)
            && self.values.values().any(|value| value.to_string().contains(&link))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|v| v.as_str() != Some(""))
            || self.files.contains_key(name)
    }

    /// The parameters as one JSON object, for the log; files are told by name and size.
    pub(crate) fn to_json(&self) -> Value {
        let mut all: Map<String, Value> =
            self.values.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (name, file) in &self.files {
            let label = file.file_name.as_deref().unwrap_or("unnamed");
            all.insert(name.clone(), format!("<file {label}, {} bytes>", file.bytes.len()).into());
        }
        Value::Object(all)
    }

    /// The value as text, empty if it was not sent.
    pub(crate) fn text(&self, name: &str) -> String {
        match self.values.get(name) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::String(text)) => {
                matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "1")
            }
            _ => false,
        }
    }

    /// The value as JSON: sent as such, or as text that holds JSON.
    pub(crate) fn json(&self, name: &str, what: &str) -> Result<Option<Value>, Refusal> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| Refusal::bad(format!("can't parse {what} JSON object"))),
            Some(other) => Ok(Some(other.clone())),
        }
    }
}
