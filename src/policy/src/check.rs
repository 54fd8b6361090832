//! What is allowed in a policy file but likely a mistake.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_config::Diagnostic;
use pager_core::Ruling;

use crate::document::{Document, Rule};
use crate::facts::SHELLS;
use crate::paths::{self, Files};
use crate::policy::Place;

/// As many pairs of rules as are told of: who has more knows it.
const MAX_OVERLAPS: usize = 20;

impl Document {
    /// Rules that have expired, can never matter, or contradict each other, and globs that no real
    /// path can match.
    pub fn warnings(&self, place: &Place, files: &dyn Files, now: Timestamp) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        let mut overlaps = 0;
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.is_over(now) {
                let message = "has expired, and says nothing any more".to_owned();
                warnings.push(self.remark(rule, message).hint("take it out"));
                continue;
            }
            if is_for_nothing(rule) {
                let message = "can never match: its tools have no command line".to_owned();
                warnings
                    .push(self.remark(rule, message).hint("tool = \"Bash\", or leave tool out"));
                continue;
            }
            if let Some(path) = self.leads_elsewhere(rule, place, files) {
                let message = format!("a glob begins with a link to {}", path.display());
                let hint = "globs are matched with real paths: write where the link leads";
                warnings.push(self.remark(rule, message).hint(hint));
            }
            let others = self.rules.iter().enumerate().filter(|(other, _)| *other != index);
            let live = others.map(|(_, other)| other).filter(|other| !other.is_over(now));
            let stricter = live.filter(|other| weight(other) > weight(rule));
            if let Some(over) = stricter.clone().find(|other| contains(other, rule)) {
                let message =
                    format!("can never matter: \"{}\" takes all that it matches", over.name);
                let hint =
                    format!("{} counts before {}", over.verdict.as_str(), rule.verdict.as_str());
                warnings.push(self.remark(rule, message).hint(hint));
                continue;
            }
            for other in stricter {
                let Some(example) = overlap(rule, other) else { continue };
                overlaps += 1;
                if overlaps <= MAX_OVERLAPS {
                    let message = format!("overlaps with \"{}\"{example}", other.name);
                    let hint =
                        format!("then \"{}\" counts: {}", other.name, other.verdict.as_str());
                    warnings.push(self.remark(rule, message).hint(hint));
                }
            }
        }
        warnings.sort_by_key(|warning| (warning.line, warning.column));
        warnings
    }

    /// Where a link leads that a glob of a rule begins with.
    fn leads_elsewhere(&self, rule: &Rule, place: &Place, files: &dyn Files) -> Option<PathBuf> {
        rule.paths.iter().chain(&rule.cwd).find_map(|pattern| {
            let plain =
                pattern.split('/').take_while(|name| !name.contains(['*', '?', '[', '{', '\\']));
            let plain = plain.collect::<Vec<_>>().join("/");
            let written = match plain.strip_prefix('~') {
                Some(rest) => place.home.join(rest.trim_start_matches('/')),
                None if plain.starts_with('/') => PathBuf::from(plain),
                None => return None,
            };
            // The home folder itself is followed.
            let home = paths::real(files, Path::new("/"), &place.home).ok()?;
            let real = paths::real(files, Path::new("/"), &written).ok()?;
            let expected = match written.strip_prefix(&place.home) {
                Ok(rest) => home.join(rest),
                Err(_) => written,
            };
            (real.components().ne(expected.components())).then_some(real)
        })
    }
}

fn weight(rule: &Rule) -> u8 {
    match rule.verdict {
        Ruling::Allow => 0,
        Ruling::Ask => 1,
        Ruling::Deny => 2,
    }
}

fn is_for_nothing(rule: &Rule) -> bool {
    !rule.commands.is_empty() && !SHELLS.iter().any(|shell| rule.is_for(shell))
}

/// Whether `over` matches whatever `under` matches. Says no where it cannot tell.
fn contains(over: &Rule, under: &Rule) -> bool {
    let tools = over.tools.is_empty()
        || (!under.tools.is_empty()
            && under.tools.iter().all(|tool| {
                over.tools.contains(tool) || tool.exact().is_some_and(|tool| over.is_for(tool))
            }));
    let commands = over.commands.is_empty()
        || (!under.commands.is_empty()
            && under
                .commands
                .iter()
                .all(|pattern| over.commands.iter().any(|wide| wide.finds_all_of(pattern))));
    let regex = match (&over.regex, &under.regex) {
        (None, _) => true,
        (Some(_), _) => false,
    };
    tools
        && commands
        && regex
        && over.input.is_empty()
        && over.expires.is_none()
        && globs(&over.paths, &under.paths)
        && globs(&over.cwd, &under.cwd)
        && words(&over.labels, &under.labels)
        && words(&over.agents, &under.agents)
}

fn globs(over: &[String], under: &[String]) -> bool {
    let inside = |narrow: &String| {
        over.iter().any(|wide| {
            let folder = wide.strip_suffix("**").filter(|folder| folder.ends_with('/'));
            wide == narrow || folder.is_some_and(|folder| narrow.starts_with(folder))
        })
    };
    over.is_empty() || (!under.is_empty() && under.iter().all(inside))
}

fn words(over: &[String], under: &[String]) -> bool {
    over.is_empty() || (!under.is_empty() && under.iter().all(|word| over.contains(word)))
}

/// What two rules of different verdicts both match, to follow "overlaps with …".
fn overlap(rule: &Rule, other: &Rule) -> Option<String> {
    let meet = |a: &[String], b: &[String]| {
        a.is_empty() || b.is_empty() || a.iter().any(|word| b.contains(word))
    };
    if !meet(&rule.labels, &other.labels) || !meet(&rule.agents, &other.agents) {
        return None;
    }
    // A command that both describe is a proof; of all else, none is sought.
    let pairs = rule.commands.iter().flat_map(|a| other.commands.iter().map(move |b| (a, b)));
    let mut examples = pairs.filter_map(|(a, b)| a.example_with(b));
    examples.next().map(|example| format!(": both match `{example}`"))
}
