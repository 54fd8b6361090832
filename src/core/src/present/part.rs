//! What a person is shown, in pieces: what pager says and what the agent says are never mixed.

use std::borrow::Cow;

use crate::redact::Redactor;

/// What a warning begins with, where it is a line among others.
pub const WARNING: &str = "⚠ ";

/// A piece of what is shown. Every text in it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Something to be careful about, in pager's words.
    Warning(String),
    /// Something to know, in pager's words.
    Note(String),
    /// A short value under a name of pager's: `File: /home/ada/webshop/a.rs`.
    Line {
        /// The name.
        name: &'static str,
        /// The value, on one line.
        value: String,
    },
    /// A text of the agent's, whole.
    Block {
        /// Pager's name for it; empty where the headline says what it is.
        name: &'static str,
        /// What it is written in.
        format: Format,
        /// The text.
        text: String,
    },
}

/// What a block is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text.
    Text,
    /// Shell commands.
    Command,
    /// A unified diff.
    Diff,
    /// JSON.
    Json,
    /// Markdown.
    Markdown,
}

impl Format {
    /// What a text of this format is called where others stand beside it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Command => "Command",
            Self::Diff => "Change",
            Self::Json => "Input",
            Self::Markdown => "Plan",
        }
    }

    /// The ending of a file of this format, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Command => "sh",
            Self::Diff => "diff",
            Self::Json => "json",
            Self::Markdown => "md",
        }
    }
}

/// What of the pieces is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    /// How many secrets.
    pub count: usize,
    /// Whether none of them can be anything else; see [`Redacted::inert`].
    ///
    /// [`Redacted::inert`]: crate::redact::Redacted::inert
    pub inert: bool,
}

impl Hidden {
    /// "2 secrets are hidden".
    pub fn words(self) -> String {
        match self.count {
            1 => "1 secret is hidden".to_owned(),
            count => format!("{count} secrets are hidden"),
        }
    }

    /// What whoever is to decide must know of it; nothing where nothing is hidden.
    pub fn remark(self, id: &str) -> Option<Part> {
        let words = self.words();
        match self {
            Self { count: 0, .. } => None,
            Self { inert: true, .. } => {
                Some(Part::Note(format!("{words}. All of it, on the machine: pagerctl show {id}")))
            }
            Self { inert: false, .. } => Some(Part::Warning(format!(
                "{words}, with something that may be more than a secret. It can be allowed only \
                 where all of it is shown: pagerctl show {id}"
            ))),
        }
    }
}

/// The pieces without secrets, for where they leave the machine. What begins in one piece does not go
/// on in the next, so each is looked at by itself.
pub fn without_secrets(mut parts: Vec<Part>, redactor: &Redactor) -> (Vec<Part>, Hidden) {
    let mut hidden = Hidden { count: 0, inert: true };
    for part in &mut parts {
        let (Part::Warning(text)
        | Part::Note(text)
        | Part::Line { value: text, .. }
        | Part::Block { text, .. }) = part;
        let clean = redactor.clean(text);
        hidden.count += clean.hidden;
        hidden.inert &= clean.inert;
        if let Cow::Owned(clean) = clean.text {
            *text = clean;
        }
    }
    (parts, hidden)
}

/// The pieces as plain text. What the agent wrote is set in, so that none of it can be taken for what
/// pager says.
pub fn plain(parts: &[Part]) -> String {
    let mut lines = Vec::new();
    for part in parts {
        match part {
            Part::Warning(words) => lines.push(format!("{WARNING}{words}")),
            Part::Note(words) => lines.push(words.clone()),
            Part::Line { name, value } => lines.push(format!("{name}: {value}")),
            Part::Block { name, text, .. } => {
                if !name.is_empty() {
                    lines.push(format!("{name}:"));
                }
                lines.extend(text.split('\n').map(|line| format!("    {line}")));
            }
        }
    }
    lines.join("\n")
}
