//! What is wrong in a file, said so that a person can mend it at once.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pager_core::sanitize;
use serde::{Serialize, Serializer};

use crate::mask;

/// How much of a long line is shown on either side of what is marked.
const MARGIN: usize = 60;

/// One fault, or one warning, in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file it is in.
    #[serde(serialize_with = "lossy")]
    pub file: PathBuf,
    /// The line, from 1; none if it is about the file as a whole.
    pub line: Option<usize>,
    /// The column in characters, from 1; none if it is about the file as a whole.
    pub column: Option<usize>,
    /// The key it is about, such as `approvals.window`.
    pub key: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

/// The offending line and which part of it is marked, both ready to print.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    line: String,
    before: usize,
    width: usize,
}

impl Diagnostic {
    /// A fault of a file as a whole.
    pub fn of_file(path: &Path, message: impl Into<String>) -> Self {
        Self {
            file: path.to_owned(),
            line: None,
            column: None,
            key: None,
            message: message.into(),
            hint: None,
            excerpt: None,
        }
    }

    /// A fault of the part `span` of a file's text.
    pub fn at(path: &Path, text: &str, span: Range<usize>, message: String) -> Self {
        let start = boundary(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or_default();
        // The start can lie in the line break itself, which `lines` leaves out.
        let from = (start - line_start).min(line.len());
        let to = boundary(line, (span.end.max(start) - line_start).min(line.len())).max(from);
        Self {
            line: Some(text[..start].matches('\n').count() + 1),
            column: Some(text[line_start..start].chars().count() + 1),
            excerpt: Some(Excerpt::new(line, from..to)),
            ..Self::of_file(path, message)
        }
    }

    /// The same, about this key.
    #[must_use]
    pub fn about(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same, with what would be right.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl Excerpt {
    fn new(line: &str, span: Range<usize>) -> Self {
        let marked = line[span.clone()].chars().count();
        let from = line[..span.start].chars().count();
        // Masking keeps the number of characters, so the counts above still hold after it.
        let line: Vec<char> = mask_secrets(line).chars().collect();
        let shown =
            |chars: &[char]| sanitize::visible(&String::from_iter(chars)).replace('\t', " ");

        let cut_before = from.saturating_sub(MARGIN);
        let marked_end = from + marked.min(2 * MARGIN);
        let end = line.len().min(marked_end + MARGIN);
        let before =
            format!("{}{}", if cut_before > 0 { "…" } else { "" }, shown(&line[cut_before..from]));
        let marked = shown(&line[from..marked_end]);
        let after =
            format!("{}{}", shown(&line[marked_end..end]), if end < line.len() { "…" } else { "" });
        Self {
            before: before.chars().count(),
            width: marked.chars().count().max(1),
            line: before + &marked + &after,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", sanitize::visible(&self.file.to_string_lossy()))?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.message)?;
        if let (Some(number), Some(excerpt)) = (self.line, &self.excerpt) {
            let number = number.to_string();
            let gutter = " ".repeat(number.len());
            let indent = " ".repeat(excerpt.before);
            let marks = "^".repeat(excerpt.width);
            write!(f, "\n  {number} | {}\n  {gutter} | {indent}{marks}", excerpt.line)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  {hint}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong in the files of one load: at least one fault.
///
/// Its text is for a person, in several lines, each fault beginning with `file:line:column:`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigErrors(Vec<Diagnostic>);

impl ConfigErrors {
    /// The errors, unless there is none.
    pub(crate) fn some(faults: Vec<Diagnostic>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }

    /// The faults in the order of the layers, and of the lines in each file.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// The nearest place at or before `at` where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The line with what is, or may be, a token replaced by as many `*`.
///
/// A line is quoted because something is wrong with it, so it cannot be left to the parser to know
/// which part is the secret.
fn mask_secrets(line: &str) -> String {
    let mut masked = line.to_owned();
    for (at, _) in line.match_indices("token") {
        let before = line[..at].chars().next_back();
        let rest = &line[at + "token".len()..];
        let value = rest.trim_start_matches([' ', '\t', '"', '\'']);
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if !before.is_some_and(is_word) && value.starts_with('=') {
            let from = line.len() - value.len() + 1;
            let stars = line[from..].chars().map(|c| if c.is_whitespace() { c } else { '*' });
            masked = line[..from].chars().chain(stars).collect();
            break;
        }
    }
    mask::mask(&masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_masked_however_the_line_is_wrong() {
        for (line, masked) in [
            ("token = \"abc\"", "token = *****"),
            ("telegram.token='a b' # x", "telegram.token=** ** * *"),
            ("t = { \"token\" = 5 }", "t = { \"token\" = * *"),
            ("token_file = \"a\"", "token_file = \"a\""),
            ("mytoken = \"a\"", "mytoken = \"a\""),
            ("token: 123456:AAAAAAAAAAAA", "token: *******************"),
            ("é = \"123456:AAAAAAAAAAAA\" é", "é = \"*******************\" é"),
        ] {
            assert_eq!(mask_secrets(line), masked);
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let line = format!("{}XYZ{}", "a".repeat(200), "b".repeat(200));
        let shown = Diagnostic::at(Path::new("f"), &line, 200..203, "bad".into()).to_string();
        let (a, b) = ("a".repeat(60), "b".repeat(60));
        let gap = " ".repeat(61);
        assert_eq!(shown, format!("f:1:201: bad\n  1 | …{a}XYZ{b}…\n    | {gap}^^^"));
    }

    #[test]
    fn a_place_at_the_end_or_in_a_line_break_is_still_a_place() {
        let at = |text, span| Diagnostic::at(Path::new("f"), text, span, "bad".into()).to_string();
        assert_eq!(at("", 0..0), "f:1:1: bad\n  1 | \n    | ^");
        assert_eq!(at("a =\r\nb", 3..4), "f:1:4: bad\n  1 | a =\n    |    ^");
        assert_eq!(at("a\n", 2..2), "f:2:1: bad\n  2 | \n    | ^");
        assert_eq!(
            at("ä = \u{1b}[2K", 4..99),
            "f:1:4: bad\n  1 | ä = ⟨U+001B⟩[2K\n    |    ^^^^^^^^^^^^"
        );
    }
}
