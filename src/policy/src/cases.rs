//! A person's own tests of a policy.

use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_config::{Diagnostic, nearest};
use pager_core::Ruling;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::facts::Call;
use crate::paths::Files;
use crate::policy::Policy;

/// The cases of one file.
#[derive(Debug, Clone)]
pub struct Cases {
    path: PathBuf,
    text: String,
    cases: Vec<Case>,
}

/// How one case went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Whether all was as it was wanted.
    pub passed: bool,
    /// What was wanted: `allow`, `deny` or `ask`.
    pub wanted: Ruling,
    /// What was found.
    pub found: Ruling,
    /// The rule that was wanted, if one was.
    pub wanted_rule: Option<String>,
    /// The rule that decided; none if the default did.
    pub found_rule: Option<String>,
    /// Where the case is, if it failed.
    pub failure: Option<Diagnostic>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Case>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Spanned<String>,
    tool: Option<String>,
    input: Option<Spanned<toml::Value>>,
    command: Option<Spanned<String>>,
    cwd: Option<String>,
    agent: Option<String>,
    label: Option<String>,
    expect: Spanned<String>,
    rule: Option<String>,
}

impl Cases {
    /// Reads the text of a file of cases; the file at `path` is only named.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let fault = |span: Range<usize>, message: String| Diagnostic::at(path, text, span, message);
        let file: File = toml::from_str(text).map_err(|error| {
            vec![fault(error.span().unwrap_or(0..0), error.message().to_owned())]
        })?;
        let mut faults = Vec::new();
        for case in &file.case {
            let span = case.expect.span();
            if ruling(case.expect.get_ref()).is_none() {
                let near = nearest(case.expect.get_ref(), ["allow", "deny", "ask"]);
                let hint = near
                    .map_or("expected \"allow\", \"deny\" or \"ask\"".to_owned(), |near| {
                        format!("did you mean \"{near}\"?")
                    });
                faults.push(fault(span, "not known here".to_owned()).about("expect").hint(hint));
            }
            let name = case.name.span();
            match (&case.command, &case.input) {
                (Some(_), Some(input)) => {
                    let message = "either command or input, not both".to_owned();
                    faults.push(fault(input.span(), message).about("input"));
                }
                (None, None) => {
                    let hint = "command = \"cargo test\", or tool and input = { … }";
                    faults.push(fault(name, "says nothing of a call".to_owned()).hint(hint));
                }
                (None, Some(_)) if case.tool.is_none() => {
                    faults.push(fault(name, "names no tool".to_owned()).hint("tool = \"Read\""));
                }
                _ => {}
            }
        }
        if file.case.is_empty() {
            let hint = "a case begins with [[case]]";
            faults.push(Diagnostic::of_file(path, "has no case in it").hint(hint));
        }
        match faults.is_empty() {
            true => Ok(Self { path: path.to_owned(), text: text.to_owned(), cases: file.case }),
            false => Err(faults),
        }
    }

    /// Judges each case. A case without a folder is seen from `cwd`.
    pub fn run(
        &self,
        policy: &Policy,
        home: &Path,
        cwd: &Path,
        files: &dyn Files,
        now: Timestamp,
    ) -> Vec<CaseResult> {
        self.cases.iter().map(|case| self.one(case, policy, home, cwd, files, now)).collect()
    }

    fn one(
        &self,
        case: &Case,
        policy: &Policy,
        home: &Path,
        cwd: &Path,
        files: &dyn Files,
        now: Timestamp,
    ) -> CaseResult {
        let input = match (&case.command, &case.input) {
            (Some(command), _) => serde_json::json!({ "command": command.get_ref() }).to_string(),
            (None, Some(input)) => match input.get_ref() {
                // JSON as it came, from a log.
                toml::Value::String(text) => text.clone(),
                value => serde_json::to_string(value).unwrap_or_default(),
            },
            (None, None) => String::new(),
        };
        let folder = match case.cwd.as_deref() {
            Some(folder) => match folder.strip_prefix("~") {
                Some(rest) => home.join(rest.trim_start_matches('/')),
                None => cwd.join(folder),
            },
            None => cwd.to_owned(),
        };
        let call = Call {
            agent: case.agent.as_deref().unwrap_or("claude"),
            tool: case.tool.as_deref().unwrap_or("Bash"),
            input: &input,
            cwd: &folder,
            label: case.label.as_deref().unwrap_or_default(),
        };
        let facts = policy.facts(call, files);
        let judgement = policy.decide(&facts, now);
        // It was read once already, so that it is one of the three.
        let wanted = ruling(case.expect.get_ref()).unwrap_or(Ruling::Deny);
        let rule_fits = case.rule.is_none() || case.rule == judgement.rule;
        let passed = judgement.ruling == wanted && rule_fits;
        let failure = (!passed).then(|| {
            let by = match (judgement.rule.as_deref(), facts.doubts.first()) {
                (Some(rule), _) => rule.to_owned(),
                (None, Some(doubt)) => format!("no rule, as {}", doubt.words()),
                (None, None) => "no rule".to_owned(),
            };
            let message = format!("{} by {by}", judgement.ruling.as_str());
            let of = case.rule.as_deref().map(|rule| format!(" by {rule}")).unwrap_or_default();
            Diagnostic::at(&self.path, &self.text, case.expect.span(), message)
                .about(case.name.get_ref())
                .hint(format!("expected {}{of}", wanted.as_str()))
        });
        CaseResult {
            name: case.name.get_ref().clone(),
            passed,
            wanted,
            found: judgement.ruling,
            wanted_rule: case.rule.clone(),
            found_rule: judgement.rule,
            failure,
        }
    }
}

fn ruling(word: &str) -> Option<Ruling> {
    [Ruling::Allow, Ruling::Deny, Ruling::Ask].into_iter().find(|ruling| ruling.as_str() == word)
}
