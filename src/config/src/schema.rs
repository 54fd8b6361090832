//! What may be in pager.toml: one file a section, one [`Key`] a key.
//!
//! To add a section: a file with its struct and its [`Section`], a field in [`Config`], a line in
//! [`SECTIONS`], and its part of the man page and of the example, which tests ask for.

mod access;
mod approvals;
mod audit;
mod desktop;
mod files;
mod limits;
mod telegram;

use crate::input::{Input, Refusal};
use crate::slip::{last, nearest};

pub use access::Access;
pub use approvals::Approvals;
pub use audit::Audit;
pub use desktop::Desktop;
pub use files::Files;
pub use limits::Limits;
pub use telegram::{Observer, Telegram};

/// What pager.toml says, with the defaults for what it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// `[telegram]`: the bot and the people who may use it.
    pub telegram: Telegram,
    /// `[access]`: the roles people may have.
    pub access: Access,
    /// `[approvals]`: how an agent's question is asked.
    pub approvals: Approvals,
    /// `[desktop]`: notifications.
    pub desktop: Desktop,
    /// `[files]`: what is exchanged with sessions' folders.
    pub files: Files,
    /// `[limits]`: how much is too much.
    pub limits: Limits,
    /// `[audit]`: the audit log.
    pub audit: Audit,
}

impl Config {
    /// What is allowed but likely a mistake or dangerous: key, what it means, and what would be
    /// better, in a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let sentence = |Advice { key, message, hint }| format!("{key}: {message}; {hint}");
        advice(self).into_iter().map(sentence).collect()
    }
}

/// One section of the file.
pub(crate) struct Section {
    /// Its name, as in `[name]`.
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [Key],
    /// What is allowed but likely a mistake, seen over the whole configuration.
    pub(crate) advise: fn(&Config) -> Vec<Advice>,
}

/// One key of the file. A key whose value is a table is given the table whole.
pub(crate) struct Key {
    /// The full name, such as `approvals.window`.
    pub(crate) path: &'static str,
    /// What would be right, to follow "expected".
    pub(crate) expected: &'static str,
    /// Takes the value of one file over into the configuration.
    pub(crate) set: fn(&mut Config, &Input<'_>) -> Result<(), Vec<Refusal>>,
    /// The value in force; none where there is neither a value nor a default.
    pub(crate) show: fn(&Config) -> Option<toml::Value>,
}

/// A warning about the value of a key.
pub(crate) struct Advice {
    pub(crate) key: &'static str,
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

/// Every section there is.
const SECTIONS: &[Section] = &[
    telegram::SECTION,
    access::SECTION,
    approvals::SECTION,
    desktop::SECTION,
    files::SECTION,
    limits::SECTION,
    audit::SECTION,
];

pub(crate) fn all_keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

pub(crate) fn key(path: &str) -> Option<&'static Key> {
    all_keys().find(|key| key.path == path)
}

/// Whether `path` is a table that holds keys: a section, or a table in one.
pub(crate) fn is_table(path: &str) -> bool {
    all_keys().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// What the tables at `path` may hold: the names one level below it.
pub(crate) fn names_in(path: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = if path.is_empty() {
        SECTIONS.iter().map(|section| section.name).collect()
    } else {
        let below = |key: &'static Key| key.path.strip_prefix(path)?.strip_prefix('.');
        all_keys().filter_map(below).filter_map(|rest| rest.split('.').next()).collect()
    };
    names.dedup();
    names
}

pub(crate) fn advice(config: &Config) -> Vec<Advice> {
    SECTIONS.iter().flat_map(|section| (section.advise)(config)).collect()
}

pub(crate) fn no_advice(_: &Config) -> Vec<Advice> {
    Vec::new()
}

/// The full names of all keys, in the order of the man page.
pub fn keys() -> impl Iterator<Item = &'static str> {
    all_keys().map(|key| key.path)
}

/// The known key that somebody who wrote `unknown` most likely meant.
pub fn nearest_key(unknown: &str) -> Option<&'static str> {
    let same_name = keys().find(|known| last(known) == last(unknown));
    same_name.or_else(|| nearest(unknown, keys()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_the_section_it_is_listed_in() {
        for section in SECTIONS {
            assert!(!section.keys.is_empty(), "{}", section.name);
            for key in section.keys {
                assert!(key.path.starts_with(&format!("{}.", section.name)), "{}", key.path);
            }
        }
    }

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        for (unknown, known) in [
            ("approvals.windw", Some("approvals.window")),
            ("telegram.tokenfile", Some("telegram.token_file")),
            ("token", Some("telegram.token")),
            ("desktop.chat", Some("telegram.chat")),
            ("nothing.like.it", None),
        ] {
            assert_eq!(nearest_key(unknown), known, "{unknown}");
        }
    }
}
