//! Why a call is judged as it is: every rule, every criterion.

use std::borrow::Cow;

use jiff::Timestamp;
use pager_core::{Judgement, Ruling};
use serde::Serialize;

use crate::compiled::{CRITERIA, View};
use crate::document::Rule;
use crate::facts::{Call, Facts, Found};
use crate::paths::Files;
use crate::policy::Policy;
use crate::shell::{Simple, Word};

/// A judgement with all that led to it.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// What is to happen.
    pub judgement: Judgement,
    /// The commands that were found, those inside of others too.
    pub commands: Vec<SeenCommand>,
    /// The paths that were found, as they are written and as what they lead to.
    pub paths: Vec<SeenPath>,
    /// Why no rule may allow it; empty if one may.
    pub doubts: Vec<&'static str>,
    /// Every rule in the order in which verdicts count: deny, ask, allow.
    pub rules: Vec<RuleReport>,
}

/// A simple command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenCommand {
    /// Its words; `…` stands for what is only known when it runs.
    pub words: Vec<String>,
    /// Whether it was found inside of another command, or in a substitution.
    pub inner: bool,
    /// The first rule by name that allows it; a call needs one for each of its commands.
    pub allowed_by: Option<String>,
}

/// A path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenPath {
    /// The path without `.` and `..`.
    pub path: String,
    /// What it leads to; none if that cannot be told.
    pub real: Option<String>,
}

/// What one rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// Its name.
    pub name: String,
    /// The file it is in.
    pub file: String,
    /// What it would do.
    pub verdict: Ruling,
    /// Whether all its criteria hold, and it has not expired.
    pub matches: bool,
    /// Each criterion that it has.
    pub criteria: Vec<CriterionReport>,
}

/// What one criterion says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CriterionReport {
    /// The key in the file.
    pub key: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// What was looked at.
    pub saw: String,
}

impl Policy {
    /// Judges a call as [`Policy::judge`] does, and says why.
    pub fn explain(&self, call: Call<'_>, files: &dyn Files, now: Timestamp) -> Explanation {
        let facts = self.facts(call, files);
        let mut rules = Vec::new();
        let mut commands: Vec<_> = facts.commands().iter().map(SeenCommand::of).collect();
        for compiled in self.compiled() {
            let view = compiled.view(&facts);
            for (index, rule) in compiled.document.rules.iter().enumerate() {
                let criteria = criteria(&view, index, rule, now);
                let matches = criteria.iter().all(|criterion| criterion.holds);
                if matches && rule.verdict == Ruling::Allow {
                    for at in view.commands(index, rule) {
                        let by = &mut commands[at].allowed_by;
                        *by = by.take().into_iter().chain([rule.name.clone()]).min();
                    }
                }
                rules.push(RuleReport {
                    name: rule.name.clone(),
                    file: compiled.document.path.display().to_string(),
                    verdict: rule.verdict,
                    matches,
                    criteria,
                });
            }
        }
        rules.sort_by(|a, b| (weight(a.verdict), &a.name).cmp(&(weight(b.verdict), &b.name)));
        Explanation {
            judgement: self.decide(&facts, now),
            commands,
            paths: facts.paths.iter().filter(|found| found.certain).map(SeenPath::of).collect(),
            doubts: facts.doubts.iter().map(|doubt| doubt.words()).collect(),
            rules,
        }
    }
}

/// What counts first comes first.
fn weight(verdict: Ruling) -> u8 {
    match verdict {
        Ruling::Deny => 0,
        Ruling::Ask => 1,
        Ruling::Allow => 2,
    }
}

fn criteria(view: &View<'_>, index: usize, rule: &Rule, now: Timestamp) -> Vec<CriterionReport> {
    let mut reports: Vec<_> = CRITERIA
        .iter()
        .filter_map(|(key, test)| {
            let holds = test(view, index, rule)?;
            Some(CriterionReport { key, holds, saw: saw(key, view, index, rule) })
        })
        .collect();
    if let Some(end) = rule.expires {
        let holds = !rule.is_over(now);
        reports.push(CriterionReport { key: "expires", holds, saw: format!("until {end}") });
    }
    reports
}

/// What a criterion looked at.
fn saw(key: &str, view: &View<'_>, index: usize, rule: &Rule) -> String {
    let Facts { call, cwd, .. } = view.facts;
    match key {
        "tool" => call.tool.to_owned(),
        "agent" => call.agent.to_owned(),
        "label" => call.label.to_owned(),
        "cwd" => cwd.display().to_string(),
        "command" if view.facts.commands().is_empty() => "no command".to_owned(),
        "command" => {
            let of_rule: Vec<_> = view.commands(index, rule).collect();
            let allow = rule.verdict == Ruling::Allow;
            let all = view.facts.commands().iter().enumerate();
            // For an allow rule, what it leaves to others; else, what it found.
            let shown = all
                .filter(|(at, simple)| of_rule.contains(at) != allow && !(allow && simple.inner));
            let shown: Vec<_> = shown.map(|(_, simple)| SeenCommand::of(simple).line()).collect();
            match (allow, shown.is_empty()) {
                (true, true) => "describes every command".to_owned(),
                (true, false) if of_rule.is_empty() => {
                    format!("does not describe: {}", shown.join("; "))
                }
                (true, false) => format!("describes a part, but not: {}", shown.join("; ")),
                (false, true) => "found in no command".to_owned(),
                (false, false) => format!("found in: {}", shown.join("; ")),
            }
        }
        "path" => {
            let certain = view.facts.paths.iter().filter(|found| found.certain);
            let paths: Vec<_> = certain.map(|found| SeenPath::of(found).path).collect();
            if paths.is_empty() { "no path".to_owned() } else { paths.join(", ") }
        }
        "regex" if view.facts.is_shell() => "the command line".to_owned(),
        _ => "the input".to_owned(),
    }
}

impl SeenCommand {
    fn of(simple: &Simple) -> Self {
        let word = |word: &Word| word.text.replace(crate::shell::HOLE, "…");
        let words = simple.words.iter().map(word).collect();
        Self { words, inner: simple.inner, allowed_by: None }
    }

    /// The command as a person would write it.
    pub fn line(&self) -> String {
        self.words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// A word in quotes, if there is anything in it that means something to a shell.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~…".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

impl SeenPath {
    fn of(found: &Found) -> Self {
        let shown =
            |path: &std::path::Path| path.display().to_string().replace(crate::shell::HOLE, "…");
        Self { path: shown(&found.lexical), real: found.real.as_deref().map(shown) }
    }
}
