//! The rules of one file, indexed, and what each of them says of a call.

use std::collections::HashMap;

use regex::{RegexSet, RegexSetBuilder};

use crate::document::{Document, Rule};
use crate::facts::Facts;
use crate::globs::{Collector, Globs};
use crate::parse::REGEX_SIZE;
use crate::pattern::Pattern;
use crate::risk;
use crate::shell::{Simple, transparent};

use pager_core::Ruling;

/// The rules of a file, ready to be asked.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) document: Document,
    /// Of each command that rules name: those rules. They are in none of the other two.
    by_command: HashMap<String, Vec<usize>>,
    /// Of each tool that rules name: those rules.
    by_tool: HashMap<String, Vec<usize>>,
    /// Rules for every tool, or with a `*` in a tool's name.
    for_others: Vec<usize>,
    paths: Globs,
    cwds: Globs,
    regexes: RegexSet,
    /// Of each expression: its rule.
    regex_owners: Vec<usize>,
}

impl Compiled {
    /// Indexes the rules. Everything in them was compiled once already, so that only their sum can
    /// be too much.
    pub(crate) fn new(document: Document, homes: &[&str]) -> Result<Self, String> {
        let (mut by_tool, mut for_others) = (HashMap::<_, Vec<_>>::new(), Vec::new());
        let mut by_command = HashMap::<_, Vec<_>>::new();
        let (mut paths, mut cwds) = (Collector::default(), Collector::default());
        let (mut expressions, mut regex_owners) = (Vec::new(), Vec::new());
        for (index, rule) in document.rules.iter().enumerate() {
            rule.paths.iter().for_each(|pattern| paths.add(pattern, homes, index));
            rule.cwd.iter().for_each(|pattern| cwds.add(pattern, homes, index));
            if let Some(regex) = &rule.regex {
                expressions.push(regex.as_str().to_owned());
                regex_owners.push(index);
            }
            let exact: Option<Vec<&str>> = rule.tools.iter().map(|tool| tool.exact()).collect();
            let names: Option<Vec<_>> = rule.commands.iter().map(Pattern::names).collect();
            let names = names.map(|names| names.concat()).filter(|names| !names.is_empty());
            let (into, keys) = match (names, exact.filter(|tools| !tools.is_empty())) {
                (Some(names), _) => (&mut by_command, names),
                (None, Some(tools)) => (&mut by_tool, tools),
                (None, None) => {
                    for_others.push(index);
                    continue;
                }
            };
            keys.into_iter().for_each(|key| into.entry(key.to_owned()).or_default().push(index));
        }
        let limit = REGEX_SIZE.saturating_mul(expressions.len().clamp(10, 64));
        let regexes = RegexSetBuilder::new(expressions).size_limit(limit).build();
        Ok(Self {
            paths: paths.build().map_err(|error| error.to_string())?,
            cwds: cwds.build().map_err(|error| error.to_string())?,
            regexes: regexes.map_err(|error| error.to_string())?,
            document,
            by_command,
            by_tool,
            for_others,
            regex_owners,
        })
    }

    /// The rules that may have something to say of a call, by their place in the file.
    fn candidates(&self, facts: &Facts<'_>) -> Vec<usize> {
        let names = facts.commands().iter();
        let by_command = names.filter_map(|simple| self.by_command.get(simple.name()));
        let by_tool = self.by_tool.get(facts.call.tool);
        let lists = by_command.chain(by_tool).chain([&self.for_others]);
        let mut indices: Vec<_> = lists.flatten().copied().collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// What must be looked up once for a call.
    pub(crate) fn view<'v>(&'v self, facts: &'v Facts<'v>) -> View<'v> {
        self.look(facts, false)
    }

    /// The same, for a look at every rule, whatever it is about.
    pub(crate) fn whole_view<'v>(&'v self, facts: &'v Facts<'v>) -> View<'v> {
        self.look(facts, true)
    }

    fn look<'v>(&'v self, facts: &'v Facts<'v>, all: bool) -> View<'v> {
        // What is found inside of others is never allowed by itself.
        let named = facts.commands().iter().map(|simple| match simple.inner {
            true => Vec::new(),
            false => risk::must_be_named(&simple.words),
        });
        let paths = facts.paths.iter().map(|found| {
            let real: Vec<_> = found.real.iter().flat_map(|path| self.paths.owners(path)).collect();
            let mut either = real.clone();
            if found.real.as_deref() != Some(&*found.lexical) {
                either.extend(self.paths.owners(&found.lexical));
            }
            (real, either)
        });
        // Most calls concern few rules, and most rules have no use for what is costly.
        let rules = || self.candidates(facts).into_iter().map(|at| &self.document.rules[at]);
        let any_path = all || rules().any(|rule| !rule.paths.is_empty());
        let any_cwd = all || rules().any(|rule| !rule.cwd.is_empty());
        let find = |text: &str| -> Vec<usize> {
            if self.regex_owners.is_empty() {
                return Vec::new();
            }
            self.regexes.matches(text).iter().map(|index| self.regex_owners[index]).collect()
        };
        let inside = facts.texts().iter().flat_map(|(_, text)| find(text)).collect();
        View {
            facts,
            named: named.collect(),
            paths: if any_path { paths.collect() } else { Vec::new() },
            cwds: if any_cwd { self.cwds.owners(&facts.cwd).collect() } else { Vec::new() },
            regexes: find(&facts.text),
            regexes_inside: inside,
            compiled: self,
        }
    }
}

/// One call, seen by the rules of one file.
pub(crate) struct View<'v> {
    pub(crate) facts: &'v Facts<'v>,
    compiled: &'v Compiled,
    /// Of each simple command: which words no wildcard may stand for.
    named: Vec<Vec<bool>>,
    /// Of each path: the rules that have its real form, and those that have one of its forms.
    paths: Vec<(Vec<usize>, Vec<usize>)>,
    cwds: Vec<usize>,
    /// The rules whose expression matches the whole text, and any of the strings in it.
    regexes: Vec<usize>,
    regexes_inside: Vec<usize>,
}

/// A criterion: none if the rule does not have it.
type Criterion = fn(&View<'_>, usize, &Rule) -> Option<bool>;

/// All criteria, the cheap ones first.
pub(crate) const CRITERIA: &[(&str, Criterion)] = &[
    ("tool", |view, _, rule| given(&rule.tools)?.then(|| rule.is_for(view.facts.call.tool))),
    ("agent", |view, _, rule| {
        given(&rule.agents)?.then(|| has(&rule.agents, view.facts.call.agent))
    }),
    ("label", |view, _, rule| {
        given(&rule.labels)?.then(|| has(&rule.labels, view.facts.call.label))
    }),
    ("cwd", |view, index, rule| given(&rule.cwd)?.then(|| view.cwds.contains(&index))),
    ("command", |view, index, rule| {
        given(&rule.commands)?.then(|| view.commands(index, rule).next().is_some())
    }),
    ("path", |view, index, rule| given(&rule.paths)?.then(|| view.has_path(index, rule))),
    ("regex", |view, index, rule| {
        Some(view.has_regex(index, rule)).filter(|_| rule.regex.is_some())
    }),
    ("input", |view, _, rule| given(&rule.input)?.then(|| view.has_input(rule))),
];

impl<'v> View<'v> {
    /// The rules of one verdict all of whose criteria hold, by their place in the file.
    pub(crate) fn rules(&self, verdict: Ruling) -> Vec<(usize, &'v Rule)> {
        let document = &self.compiled.document;
        let indices = self.compiled.candidates(self.facts);
        let rules = indices.into_iter().map(|index| (index, &document.rules[index]));
        rules.filter(|(index, rule)| rule.verdict == verdict && self.holds(*index, rule)).collect()
    }

    /// Whether all criteria of a rule hold.
    pub(crate) fn holds(&self, index: usize, rule: &Rule) -> bool {
        CRITERIA.iter().all(|(_, test)| test(self, index, rule) != Some(false))
    }

    /// The simple commands that a rule's patterns are about, and whose paths are the rule's: for an
    /// allow rule, those of the line itself that it wholly describes.
    pub(crate) fn commands(&self, index: usize, rule: &Rule) -> impl Iterator<Item = usize> {
        let all = self.facts.commands().iter().enumerate();
        all.filter(move |(at, simple)| {
            if rule.verdict == Ruling::Allow {
                !simple.inner
                    && self.describes(rule, *at, simple)
                    && self.may_touch(index, rule, *at)
            } else {
                let named = rule.commands.iter().any(|pattern| pattern.is_in(simple));
                named && (rule.paths.is_empty() || self.touches(index, Some(*at)))
            }
        })
        .map(|(at, _)| at)
    }

    fn describes(&self, rule: &Rule, at: usize, simple: &Simple) -> bool {
        let named = self.named.get(at).map_or(&[][..], Vec::as_slice);
        let covers = |pattern: &Pattern| {
            pattern.covers(&simple.words, named)
                || transparent(simple)
                    .is_some_and(|inner| pattern.covers(inner, &risk::must_be_named(inner)))
        };
        rule.commands.iter().any(covers)
    }

    /// Whether all that a command touches is the rule's; without paths in the rule, whether the
    /// shell opens nothing for it.
    fn may_touch(&self, index: usize, rule: &Rule, at: usize) -> bool {
        let found = self.facts.paths.iter().enumerate();
        found.filter(|(_, found)| found.command == Some(at)).all(|(path, found)| {
            if rule.paths.is_empty() { !found.redirect } else { self.is_inside(index, path) }
        })
    }

    /// Whether anything that a command touches is the rule's; with no command, anything at all.
    fn touches(&self, index: usize, at: Option<usize>) -> bool {
        self.facts.paths.iter().zip(&self.paths).any(|(found, (_, either))| {
            found.certain && (at.is_none() || found.command == at) && either.contains(&index)
        })
    }

    fn is_inside(&self, index: usize, path: usize) -> bool {
        self.paths.get(path).is_some_and(|(real, _)| real.contains(&index))
    }

    fn has_path(&self, index: usize, rule: &Rule) -> bool {
        match rule.verdict {
            // Each command was looked at with its own paths.
            _ if !rule.commands.is_empty() && self.facts.is_shell() => true,
            Ruling::Allow => {
                let count = self.facts.paths.len();
                count > 0 && (0..count).all(|path| self.is_inside(index, path))
            }
            Ruling::Deny | Ruling::Ask => self.touches(index, None),
        }
    }

    fn has_regex(&self, index: usize, rule: &Rule) -> bool {
        self.regexes.contains(&index)
            || (rule.verdict != Ruling::Allow && self.regexes_inside.contains(&index))
    }

    fn has_input(&self, rule: &Rule) -> bool {
        let texts = self.facts.texts();
        rule.input.iter().all(|(field, regex)| {
            let mut values = texts.iter().filter(|(key, _)| key == field).peekable();
            if rule.verdict == Ruling::Allow {
                values.peek().is_some() && values.all(|(_, text)| regex.is_match(text))
            } else {
                values.any(|(_, text)| regex.is_match(text))
            }
        })
    }
}

/// Nothing if a rule does not have a criterion.
fn given<T>(values: &[T]) -> Option<bool> {
    (!values.is_empty()).then_some(true)
}

fn has(values: &[String], value: &str) -> bool {
    values.iter().any(|known| known == value)
}
