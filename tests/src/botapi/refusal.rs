//! What the Bot API answers when it will not do a thing.

use serde_json::{Value, json};

/// An error reply: status code, description, and the parameters some errors carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// HTTP status, repeated in the body as `error_code`.
    pub code: u16,
    /// The sentence in `description`.
    pub description: String,
    /// `retry_after` or `migrate_to_chat_id`, where the error has them.
    pub parameters: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    /// A 400 whose description starts with "Bad Request: ", the first letter in lower case as the server does it.
    pub(crate) fn bad(what: impl AsRef<str>) -> Self {
        let what = what.as_ref();
        let mut letters = what.chars();
        let first = letters.next();
        // Codes such as BUTTON_DATA_INVALID are passed on as they are.
        let is_code = what.chars().nth(1).is_some_and(|c| c == '_' || c.is_ascii_uppercase());
        let text = match first {
            Some(c) if !is_code => format!("{}{}", c.to_ascii_lowercase(), letters.as_str()),
            _ => what.to_owned(),
        };
        Self::new(400, format!("Bad Request: {text}"))
    }

    pub(crate) fn retry_after(seconds: u64) -> Self {
        Self {
            code: 429,
            description: format!("Too Many Requests: retry after {seconds}"),
            parameters: Some(json!({ "retry_after": seconds })),
        }
    }

    pub(crate) fn migrated(to: i64) -> Self {
        Self {
            code: 400,
            description: "Bad Request: group chat was upgraded to a supergroup chat".into(),
            parameters: Some(json!({ "migrate_to_chat_id": to })),
        }
    }

    pub(crate) fn body(&self) -> Value {
        let mut body =
            json!({ "ok": false, "error_code": self.code, "description": self.description });
        if let Some(parameters) = &self.parameters {
            body["parameters"] = parameters.clone();
        }
        body
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.description)
    }
}
