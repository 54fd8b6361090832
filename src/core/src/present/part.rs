//! What a person is shown, in pieces: what pager says and what the agent says are never mixed.

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
