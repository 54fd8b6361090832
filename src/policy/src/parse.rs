//! Reading a policy file, with a place for everything that is wrong in it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_config::{Diagnostic, nearest};
use pager_core::{Require, Ruling};
use regex::{Regex, RegexBuilder};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::{Document, Rule, ToolName};
use crate::facts::SHELLS;
use crate::globs;
use crate::pattern::Pattern;

const MAX_RULES: usize = 5000;
const MAX_REGEX: usize = 2000;
/// What one compiled expression may take.
pub(crate) const REGEX_SIZE: usize = 1024 * 1024;

const TOP: &[&str] = &["default", "rule", "secrets"];
const KEYS: &[&str] = &[
    "name", "verdict", "tool", "command", "regex", "input", "path", "cwd", "label", "agent",
    "require", "reason", "expires",
];

type Value<'a> = Spanned<DeValue<'a>>;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own,
    Local,
}

fn read(path: &Path, text: &str, kind: Kind) -> Result<Document, Vec<Diagnostic>> {
    let mut reader = Reader { path, text, kind, faults: Vec::new() };
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
    let mut faults = reader.faults;
    faults.sort_by_key(|fault| (fault.line, fault.column));
    if faults.is_empty() { Ok(document) } else { Err(faults) }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    kind: Kind,
    faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn fault(
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

    fn hinted(&mut self, span: Range<usize>, key: &str, message: impl Into<String>, hint: &str) {
        self.fault(span, key, message).hint = Some(hint.to_owned());
    }

    fn unknown(&mut self, span: Range<usize>, name: &str, known: &[&str]) {
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.hinted(span, "", "unknown key", &hint);
    }

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

    fn rule(&mut self, header: Range<usize>, table: &DeTable<'_>) -> Rule {
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

    fn globs(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
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

    fn words(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        self.strings(key, value).into_iter().map(|(word, _)| word.to_owned()).collect()
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

    fn string<'v>(&mut self, key: &str, value: &'v Value<'_>) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.hinted(value.span(), key, "not a string", "write it in quotes");
        }
        text
    }

    /// A string, or an array of strings with at least one.
    fn strings<'v>(&mut self, key: &str, value: &'v Value<'_>) -> Vec<(&'v str, Range<usize>)> {
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

/// Compiles an expression that runs in linear time and has a limited size.
fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(REGEX_SIZE).nest_limit(64).build()
}
