//! What is being read, and what any value of it may be: a string, or several.

use std::ops::Range;
use std::path::Path;

use pager_config::{Diagnostic, nearest};
use toml::Spanned;
use toml::de::DeValue;

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Own,
    Local,
}

/// A policy file being read, and what was wrong so far.
pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    text: &'a str,
    pub(super) kind: Kind,
    pub(super) faults: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str, kind: Kind) -> Self {
        Self { path, text, kind, faults: Vec::new() }
    }

    /// All that is wrong, in the order of the text.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut faults = self.faults;
        faults.sort_by_key(|fault| (fault.line, fault.column));
        faults
    }

    pub(super) fn fault(
        &mut self,
        span: Range<usize>,
        key: &str,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let fault = Diagnostic::at(self.path, self.text, span, message.into());
        self.faults.push(if key.is_empty() { fault } else { fault.about(key) });
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }

    pub(super) fn hinted(
        &mut self,
        span: Range<usize>,
        key: &str,
        message: impl Into<String>,
        hint: &str,
    ) {
        self.fault(span, key, message).hint = Some(hint.to_owned());
    }

    pub(super) fn unknown(&mut self, span: Range<usize>, name: &str, known: &[&str]) {
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.hinted(span, "", "unknown key", &hint);
    }

    pub(super) fn words(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        self.strings(key, value).into_iter().map(|(word, _)| word.to_owned()).collect()
    }

    pub(super) fn string<'v>(&mut self, key: &str, value: &'v Value<'_>) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.hinted(value.span(), key, "not a string", "write it in quotes");
        }
        text
    }

    /// A string, or an array of strings with at least one.
    pub(super) fn strings<'v>(
        &mut self,
        key: &str,
        value: &'v Value<'_>,
    ) -> Vec<(&'v str, Range<usize>)> {
        let DeValue::Array(values) = value.get_ref() else {
            return self.string(key, value).map(|text| (text, value.span())).into_iter().collect();
        };
        if values.is_empty() {
            self.hinted(
                value.span(),
                key,
                "is empty, and matches nothing",
                "leave the key out to match everything",
            );
        }
        values.iter().filter_map(|value| Some((self.string(key, value)?, value.span()))).collect()
    }
}
