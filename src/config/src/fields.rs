//! Reading a table that one key is given whole: its fields one by one, and none that is not known.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::input::{self, Refusal, quoted};
use crate::slip::nearest;

/// The entries of a table whose names are the person's own.
pub(crate) fn entries<'a>(
    value: &'a Spanned<DeValue<'a>>,
) -> Result<Vec<(&'a str, &'a Spanned<DeValue<'a>>)>, Refusal> {
    Ok(table(value)?.iter().map(|(name, value)| (name.get_ref().as_ref(), value)).collect())
}

fn table<'a>(value: &'a Spanned<DeValue<'a>>) -> Result<&'a DeTable<'a>, Refusal> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => Err(input::wrong_type(value)),
    }
}

/// A table whose fields are known, being read.
pub(crate) struct Fields<'a> {
    table: &'a DeTable<'a>,
    known: BTreeSet<&'static str>,
    refusals: Vec<Refusal>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Spanned<DeValue<'a>>) -> Result<Self, Refusal> {
        Ok(Self { table: table(value)?, known: BTreeSet::new(), refusals: Vec::new() })
    }

    /// A field, if it is there and what it should be. `expected` says what would be right.
    pub(crate) fn take<T, E: Into<Vec<Refusal>>>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&'a Spanned<DeValue<'a>>) -> Result<T, E>,
    ) -> Option<T> {
        self.known.insert(name);
        let value = self.table.get(name)?;
        match read(value) {
            Ok(read) => Some(read),
            Err(refusals) => {
                // The key's own words would be about the whole table.
                self.refusals.extend(refusals.into().into_iter().map(|refusal| Refusal {
                    message: format!("{name}: {}", refusal.message),
                    hint: refusal.hint.or_else(|| Some(format!("expected {expected}"))),
                    ..refusal
                }));
                None
            }
        }
    }

    /// All that was wrong with it.
    pub(crate) fn finish(self) -> Vec<Refusal> {
        let unknown =
            self.table.iter().filter(|(name, _)| !self.known.contains(name.get_ref().as_ref()));
        let mut refusals = self.refusals;
        refusals.extend(unknown.map(|(name, value)| {
            let word = name.get_ref();
            let refusal = input::refuse(value, format!("there is no {}", quoted(word)));
            match nearest(word, self.known.iter().copied()) {
                Some(known) => refusal.hint(format!("did you mean {known}?")),
                None => {
                    let known: Vec<_> = self.known.iter().copied().collect();
                    refusal.hint(format!("there are {}", known.join(", ")))
                }
            }
        }));
        refusals
    }
}

/// An array of which every element is read; all that is wrong is reported together.
pub(crate) fn each<'a, T>(
    value: &'a Spanned<DeValue<'a>>,
    read: impl Fn(&'a Spanned<DeValue<'a>>) -> Result<T, Refusal>,
) -> Result<Vec<T>, Vec<Refusal>> {
    let DeValue::Array(array) = value.get_ref() else {
        return Err(input::wrong_type(value).into());
    };
    let mut elements = Vec::new();
    let mut refusals = Vec::new();
    for element in array.iter() {
        match read(element) {
            Ok(element) => elements.push(element),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() { Ok(elements) } else { Err(refusals) }
}

/// A string.
pub(crate) fn text<'a>(value: &'a Spanned<DeValue<'a>>) -> Result<&'a str, Refusal> {
    value.get_ref().as_str().ok_or_else(|| input::wrong_type(value))
}

/// True or false.
pub(crate) fn boolean(value: &Spanned<DeValue<'_>>) -> Result<bool, Refusal> {
    value.get_ref().as_bool().ok_or_else(|| input::wrong_type(value))
}
