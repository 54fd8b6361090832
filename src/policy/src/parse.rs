//! Reading a policy file, with a place for everything that is wrong in it.

mod reader;
mod rule;

use std::ops::Range;
use std::path::Path;

use pager_config::Diagnostic;
use pager_core::Ruling;
use toml::de::{DeTable, DeValue};

use crate::document::Document;
use reader::{Kind, Reader, Value};

pub(crate) use rule::REGEX_SIZE;

const MAX_RULES: usize = 5000;

const TOP: &[&str] = &["default", "rule", "secrets"];

/// Reads the text of a policy file.
pub fn parse(text: &str) -> Result<Document, Vec<Diagnostic>> {
    parse_file(Path::new("policy.toml"), text)
}

/// Reads the text of the policy file at `path`, which is only named.
pub fn parse_file(path: &Path, text: &str) -> Result<Document, Vec<Diagnostic>> {
    read(path, text, Kind::Own)
}

/// Reads the text of a repository's `.pager/policy.toml`, which may only be stricter.
pub fn parse_local(path: &Path, text: &str) -> Result<Document, Vec<Diagnostic>> {
    read(path, text, Kind::Local)
}

fn read(path: &Path, text: &str, kind: Kind) -> Result<Document, Vec<Diagnostic>> {
    let mut reader = Reader::new(path, text, kind);
    let mut document = Document {
        path: path.to_owned(),
        text: text.to_owned(),
        default: None,
        except: Vec::new(),
        rules: Vec::new(),
    };
    match DeTable::parse(text) {
        Ok(table) => reader.top(table.get_ref(), &mut document),
        Err(error) => {
            reader.fault(error.span().unwrap_or(0..0), "", error.message());
        }
    }
    let faults = reader.finish();
    if faults.is_empty() { Ok(document) } else { Err(faults) }
}

impl Reader<'_> {
    fn top(&mut self, table: &DeTable<'_>, document: &mut Document) {
        for (name, value) in table {
            match &**name.get_ref() {
                "default" => document.default = self.default(value),
                "secrets" => self.secrets(name.span(), value, document),
                "rule" => match value.get_ref() {
                    DeValue::Array(rules) => self.rules(rules, document),
                    _ => self.hinted(
                        name.span(),
                        "rule",
                        "a rule begins with [[rule]]",
                        "write the brackets twice",
                    ),
                },
                other => self.unknown(name.span(), other, TOP),
            }
        }
    }

    fn default(&mut self, value: &Value<'_>) -> Option<Ruling> {
        match value.get_ref().as_str() {
            Some("ask") => Some(Ruling::Ask),
            Some("deny") => Some(Ruling::Deny),
            Some("allow") => {
                let hint = "what no rule names is asked or denied: allow what you want by a rule";
                self.hinted(value.span(), "default", "nothing is allowed by default", hint);
                None
            }
            _ => {
                self.hinted(
                    value.span(),
                    "default",
                    "not known here",
                    "expected \"ask\" or \"deny\"",
                );
                None
            }
        }
    }

    fn secrets(&mut self, span: Range<usize>, value: &Value<'_>, document: &mut Document) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.hinted(span, "secrets", "not a table", "expected [secrets]");
        };
        if self.kind == Kind::Local {
            let hint = "write it in your own policy.toml, if you mean it";
            return self.hinted(span, "secrets", "a repository cannot say what is no secret", hint);
        }
        for (name, value) in table {
            match &**name.get_ref() {
                "except" => document.except = self.globs("secrets.except", value),
                other => self.unknown(name.span(), other, &["except"]),
            }
        }
    }

    fn rules(&mut self, rules: &[Value<'_>], document: &mut Document) {
        if let Some(value) = rules.get(MAX_RULES) {
            self.fault(value.span(), "rule", format!("more than {MAX_RULES} rules"));
            return;
        }
        for value in rules {
            let DeValue::Table(table) = value.get_ref() else {
                self.hinted(value.span(), "rule", "not a table", "expected [[rule]]");
                continue;
            };
            let before = self.faults.len();
            let rule = self.rule(value.span(), table);
            let twice = document.rules.iter().any(|other| other.name == rule.name);
            if twice && !rule.name.is_empty() {
                let hint = "the audit log names rules, so that each needs a name of its own";
                self.hinted(
                    rule.span.clone(),
                    &rule.name,
                    "there is another rule of this name",
                    hint,
                );
            }
            if self.faults.len() == before {
                document.rules.push(rule);
            }
        }
    }
}
