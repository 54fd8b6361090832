//! Reading one rule.

use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_core::{Require, Ruling};
use regex::{Regex, RegexBuilder};
use toml::de::{DeTable, DeValue};

use super::reader::{Kind, Reader, Value};
use crate::document::{Rule, ToolName};
use crate::facts::SHELLS;
use crate::globs;
use crate::pattern::Pattern;

const MAX_REGEX: usize = 2000;
/// What one compiled expression may take.
pub(crate) const REGEX_SIZE: usize = 1024 * 1024;

const KEYS: &[&str] = &[
    "name", "verdict", "tool", "command", "regex", "input", "path", "cwd", "label", "agent",
    "require", "reason", "expires",
];

impl Reader<'_> {
    pub(super) fn rule(&mut self, header: Range<usize>, table: &DeTable<'_>) -> Rule {
        let mut rule = Rule {
            name: String::new(),
            verdict: Ruling::Ask,
            tools: Vec::new(),
            commands: Vec::new(),
            regex: None,
            input: Vec::new(),
            paths: Vec::new(),
            cwd: Vec::new(),
            labels: Vec::new(),
            agents: Vec::new(),
            require: Require::default(),
            reason: String::new(),
            expires: None,
            span: header.clone(),
        };
        let before = self.faults.len();
        // The verdict first: it decides how the others are meant.
        match table.get("verdict") {
            Some(value) => self.verdict(value, &mut rule),
            None => {
                self.hinted(header.clone(), "verdict", "is missing", "expected allow, deny or ask");
            }
        }
        if table.get("name").is_none() {
            self.hinted(header, "name", "is missing", "the audit log names the rule that decided");
        }
        for (name, value) in table {
            match &**name.get_ref() {
                "verdict" => {}
                "name" => self.name(value, &mut rule),
                "tool" => rule.tools = self.tools(value),
                "command" => rule.commands = self.commands(value),
                "regex" => rule.regex = self.regex("regex", value, rule.verdict),
                "input" => rule.input = self.fields(value, rule.verdict),
                "path" => rule.paths = self.globs("path", value),
                "cwd" => rule.cwd = self.globs("cwd", value),
                "label" => rule.labels = self.words("label", value),
                "agent" => rule.agents = self.words("agent", value),
                "require" => self.require(value, &mut rule),
                "reason" => {
                    rule.reason = self.string("reason", value).unwrap_or_default().to_owned();
                }
                "expires" => rule.expires = self.time(value),
                other => self.unknown(name.span(), other, KEYS),
            }
        }
        if self.faults.len() == before {
            self.whole(&mut rule);
        }
        rule
    }

    /// What is wrong with a rule though each of its keys is right.
    fn whole(&mut self, rule: &mut Rule) {
        let span = rule.span.clone();
        let name = rule.name.clone();
        if !rule.commands.is_empty() && rule.tools.is_empty() {
            rule.tools = SHELLS.iter().map(|tool| ToolName((*tool).to_owned())).collect();
        }
        if rule.verdict != Ruling::Allow {
            return;
        }
        if self.kind == Kind::Local {
            let hint = "write it in your own policy.toml, if you mean it";
            self.hinted(span, &name, "a repository cannot allow, only deny or ask", hint);
        } else if rule.tools.is_empty() {
            self.hinted(span, &name, "would allow every tool", "name the tools: tool = [\"…\"]");
        } else if rule.commands.is_empty() && SHELLS.iter().any(|shell| rule.is_for(shell)) {
            let hint = "name the commands: command = [[\"cargo\", \"test\", \"**\"]]";
            self.hinted(span, &name, "would allow every command line", hint);
        }
    }

    fn verdict(&mut self, value: &Value<'_>, rule: &mut Rule) {
        match value.get_ref().as_str() {
            Some("allow") => rule.verdict = Ruling::Allow,
            Some("deny") => rule.verdict = Ruling::Deny,
            Some("ask") => rule.verdict = Ruling::Ask,
            _ => self.hinted(
                value.span(),
                "verdict",
                "not known here",
                "expected \"allow\", \"deny\" or \"ask\"",
            ),
        }
    }

    fn name(&mut self, value: &Value<'_>, rule: &mut Rule) {
        let Some(name) = self.string("name", value) else { return };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            let hint = "up to 64 letters, digits, `-`, `_` and `.`";
            return self.hinted(value.span(), "name", "not a name", hint);
        }
        rule.name = name.to_owned();
        rule.span = value.span();
    }

    fn require(&mut self, value: &Value<'_>, rule: &mut Rule) {
        if rule.verdict != Ruling::Ask {
            let hint = "a door is required of a person's yes: verdict = \"ask\"";
            return self.hinted(
                value.span(),
                "require",
                "means nothing where nobody is asked",
                hint,
            );
        }
        for (word, span) in self.strings("require", value) {
            match word {
                "remote" => rule.require.remote = true,
                "polkit" => rule.require.polkit = true,
                _ => self.hinted(
                    span,
                    "require",
                    "not known here",
                    "expected \"remote\" or \"polkit\"",
                ),
            }
        }
    }

    fn tools(&mut self, value: &Value<'_>) -> Vec<ToolName> {
        let mut tools = Vec::new();
        for (name, span) in self.strings("tool", value) {
            let plain = |c: char| c.is_alphanumeric() || "_-.:*".contains(c);
            if name.is_empty() || !name.chars().all(plain) || name.matches('*').count() > 1 {
                self.hinted(
                    span,
                    "tool",
                    "not a tool's name",
                    "such as \"Bash\" or \"mcp__github__*\"",
                );
            } else {
                tools.push(ToolName(name.to_owned()));
            }
        }
        tools
    }

    fn commands(&mut self, value: &Value<'_>) -> Vec<Pattern> {
        let hint = "such as [[\"git\", \"status\"], [\"cargo\", \"test\", \"**\"]]";
        let DeValue::Array(entries) = value.get_ref() else {
            self.hinted(value.span(), "command", "not an array of patterns", hint);
            return Vec::new();
        };
        if entries.is_empty() {
            self.hinted(value.span(), "command", "is empty, and matches nothing", hint);
        }
        let mut patterns = Vec::new();
        for entry in entries {
            let words: Vec<&str> = match entry.get_ref() {
                DeValue::String(line) => line.split_whitespace().collect(),
                DeValue::Array(words) if words.is_empty() => Vec::new(),
                DeValue::Array(_) => {
                    self.strings("command", entry).into_iter().map(|(word, _)| word).collect()
                }
                _ => {
                    self.hinted(entry.span(), "command", "not a pattern", hint);
                    continue;
                }
            };
            match Pattern::new(words) {
                Ok(pattern) => patterns.push(pattern),
                Err(why) => self.hinted(entry.span(), "command", why, hint),
            }
        }
        patterns
    }

    fn regex(&mut self, key: &str, value: &Value<'_>, verdict: Ruling) -> Option<Regex> {
        let text = self.string(key, value)?;
        // An allow rule must describe all there is; for the others, it is enough to find something.
        let whole =
            if verdict == Ruling::Allow { format!("^(?:{text})$") } else { text.to_owned() };
        let compiled = compile(text).and_then(|_| compile(&whole));
        match compiled {
            Ok(regex) if text.len() <= MAX_REGEX => Some(regex),
            Ok(_) => {
                self.fault(value.span(), key, format!("longer than {MAX_REGEX} characters"));
                None
            }
            Err(error) => {
                let message = error.to_string();
                let reason =
                    message.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.fault(value.span(), key, format!("not a regular expression: {reason}"));
                None
            }
        }
    }

    fn fields(&mut self, value: &Value<'_>, verdict: Ruling) -> Vec<(String, Regex)> {
        let DeValue::Table(table) = value.get_ref() else {
            let hint = "such as input = { url = \"https://docs\\\\.rs/.*\" }";
            self.hinted(value.span(), "input", "not a table of regular expressions", hint);
            return Vec::new();
        };
        let mut fields = Vec::new();
        for (name, value) in table {
            let regex = self.regex(&format!("input.{}", name.get_ref()), value, verdict);
            fields.extend(regex.map(|regex| (name.get_ref().to_string(), regex)));
        }
        fields
    }

    pub(super) fn globs(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        let mut patterns = Vec::new();
        for (pattern, span) in self.strings(key, value) {
            let rooted = ["/", "~/", "**/"].iter().any(|start| pattern.starts_with(start));
            let local = self.kind == Kind::Local && !pattern.starts_with('~');
            if pattern.split('/').any(|name| matches!(name, "." | "..")) {
                self.hinted(
                    span,
                    key,
                    "has `.` or `..` in it",
                    "globs are matched with real paths, which have none",
                );
            } else if let Err(error) = globs::glob(pattern) {
                self.fault(span, key, format!("not a glob: {}", error.kind()));
            } else if rooted || pattern == "~" {
                patterns.push(pattern.to_owned());
            } else if local && !pattern.is_empty() {
                let root = self.path.parent().and_then(Path::parent).map(PathBuf::from);
                let root = root.unwrap_or_default();
                patterns.push(format!("{}/{pattern}", globset::escape(&root.to_string_lossy())));
            } else {
                self.hinted(span, key, "does not say where", "begin with `/`, `~/` or `**/`");
            }
        }
        patterns
    }

    fn time(&mut self, value: &Value<'_>) -> Option<Timestamp> {
        let hint = "such as 2026-12-31T00:00:00Z, without quotes";
        let DeValue::Datetime(time) = value.get_ref() else {
            self.hinted(value.span(), "expires", "not a date and time", hint);
            return None;
        };
        let parsed: Result<Timestamp, _> = time.to_string().parse();
        if parsed.is_err() {
            self.hinted(value.span(), "expires", "no time of one place: it needs an offset", hint);
        }
        parsed.ok()
    }
}

/// Compiles an expression that runs in linear time and has a limited size.
fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(REGEX_SIZE).nest_limit(64).build()
}

#[cfg(test)]
mod tests {
    use super::KEYS;

    #[test]
    fn the_manual_describes_every_key() {
        let manual = include_str!("../../../../man/pager-policy.5");
        let told: Vec<_> = manual.lines().filter_map(|line| line.strip_prefix(".It Cm ")).collect();
        for key in KEYS {
            assert!(told.contains(key), "{key} is not in pager-policy(5)");
        }
    }
}
