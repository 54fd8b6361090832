//! Names by which a group may speak to the bot.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// The longest pattern, and the largest program one may become, in bytes.
const LONGEST: usize = 200;
const LARGEST: usize = 1 << 16;

/// A regular expression for a name: letters are as good as capitals, and what nobody sees between
/// them is passed over. Matching takes time in proportion to the text.
#[derive(Clone)]
pub struct Pattern(Regex);

/// A text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidMention(String);

impl Pattern {
    /// Reads one.
    ///
    /// # Errors
    /// One that is none, that fits everything, or that is too long.
    pub fn new(text: &str) -> Result<Self, InvalidMention> {
        if text.len() > LONGEST {
            return Err(InvalidMention(format!("it is longer than {LONGEST} bytes")));
        }
        let pattern = RegexBuilder::new(text)
            .case_insensitive(true)
            .size_limit(LARGEST)
            .build()
            .map_err(|error| InvalidMention(error.to_string()))?;
        // A name has letters: what fits the place between two of them fits everything.
        if ["", "a"].iter().any(|text| pattern.find(text).is_some_and(|found| found.is_empty())) {
            return Err(InvalidMention("it fits everything".to_owned()));
        }
        Ok(Self(pattern))
    }

    /// Whether it is in a text.
    pub fn is_in(&self, text: &str) -> bool {
        let seen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
        self.0.is_match(&seen)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Marks of width nought and of direction.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let pattern = Pattern::new(r"\bpager\b").unwrap();
        for text in ["pager, look", "hey Pager!", "PAGER", "pa\u{200b}ger", "\u{202e}pager"] {
            assert!(pattern.is_in(text), "{text:?}");
        }
        for text in ["", "pagers", "the page", "spager"] {
            assert!(!pattern.is_in(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", ".*", "a?", "(", "[a", r"\b", "(a{1000}){1000}", &"a".repeat(201)] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }
}
