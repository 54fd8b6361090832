//! The rules of one file, indexed, and what each of them says of a call.

use std::cell::OnceCell;

use fixedbitset::FixedBitSet;
use jiff::Timestamp;
use pager_core::Ruling;
use regex::{RegexSet, RegexSetBuilder};

use crate::document::{Document, Rule};
use crate::facts::Facts;
use crate::globs::{Collector, Globs};
use crate::index::Index;
use crate::parse::REGEX_SIZE;
use crate::pattern::Pattern;
use crate::risk;
use crate::shell::{Simple, transparent};
use crate::touched::Touched;

/// The rules of a file, ready to be asked.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) document: Document,
    index: Index,
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
        let mut index = Index::default();
        let (mut paths, mut cwds) = (Collector::default(), Collector::default());
        let (mut expressions, mut regex_owners) = (Vec::new(), Vec::new());
        for (at, rule) in document.rules.iter().enumerate() {
            index.add(at, rule);
            rule.paths.iter().for_each(|pattern| paths.add(pattern, homes, at));
            rule.cwd.iter().for_each(|pattern| cwds.add(pattern, homes, at));
            if let Some(regex) = &rule.regex {
                expressions.push(regex.as_str().to_owned());
                regex_owners.push(at);
            }
        }
        let limit = REGEX_SIZE.saturating_mul(expressions.len().clamp(10, 64));
        let regexes = RegexSetBuilder::new(expressions).size_limit(limit).build();
        Ok(Self {
            paths: paths.build().map_err(|error| error.to_string())?,
            cwds: cwds.build().map_err(|error| error.to_string())?,
            regexes: regexes.map_err(|error| error.to_string())?,
            document,
            index,
            regex_owners,
        })
    }

    /// The rules as they see one call.
    pub(crate) fn view<'v>(&'v self, facts: &'v Facts<'v>) -> View<'v> {
        View {
            facts,
            compiled: self,
            named: OnceCell::new(),
            touched: OnceCell::new(),
            cwds: OnceCell::new(),
            regexes: OnceCell::new(),
        }
    }

    /// The rules whose expression matches a text.
    fn found_in(&self, text: &str) -> impl Iterator<Item = usize> {
        self.regexes.matches(text).into_iter().map(|index| self.regex_owners[index])
    }
}

/// One call, seen by the rules of one file. What is the same for all rules is looked up once, and
/// not before one of them wants it: most calls concern few rules.
pub(crate) struct View<'v> {
    pub(crate) facts: &'v Facts<'v>,
    compiled: &'v Compiled,
    /// Of each simple command: which words no wildcard may stand for.
    named: OnceCell<Vec<Vec<bool>>>,
    touched: OnceCell<Touched>,
    /// The rules one of whose globs has the working folder.
    cwds: OnceCell<FixedBitSet>,
    regexes: OnceCell<Regexes>,
}

/// The rules whose expression matches.
struct Regexes {
    whole: FixedBitSet,
    /// The same of the other strings in the input.
    inside: FixedBitSet,
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
    ("cwd", |view, index, rule| given(&rule.cwd)?.then(|| view.cwds().contains(index))),
    ("command", |view, index, rule| {
        given(&rule.commands)?.then(|| view.commands(index, rule).next().is_some())
    }),
    ("path", |view, index, rule| given(&rule.paths)?.then(|| view.has_path(index, rule))),
    ("regex", |view, index, rule| {
        rule.regex.is_some().then(|| view.has_regex(index, rule.verdict))
    }),
    ("input", |view, _, rule| given(&rule.input)?.then(|| view.has_input(rule))),
];

impl<'v> View<'v> {
    /// The rules that say something of the call, each with its place in the file.
    pub(crate) fn matching(&self, now: Timestamp) -> impl Iterator<Item = (usize, &'v Rule)> {
        let candidates = self.compiled.index.candidates(self.facts).into_ones();
        let rules = candidates.map(|index| (index, &self.compiled.document.rules[index]));
        rules.filter(move |(index, rule)| !rule.is_over(now) && self.holds(*index, rule))
    }

    /// Whether all criteria of a rule hold.
    fn holds(&self, index: usize, rule: &Rule) -> bool {
        CRITERIA.iter().all(|(_, test)| test(self, index, rule) != Some(false))
    }

    /// The simple commands that a rule's patterns are about, and whose paths are the rule's: for an
    /// allow rule, those of the line itself that it wholly describes.
    pub(crate) fn commands(&self, index: usize, rule: &Rule) -> impl Iterator<Item = usize> {
        let all = self.facts.commands().iter().enumerate();
        // Paths first: every rule's globs have been matched by then, and words have not.
        all.filter(move |(at, simple)| {
            if rule.verdict == Ruling::Allow {
                !simple.inner
                    && self.may_touch(index, rule, *at)
                    && self.describes(rule, *at, simple)
            } else {
                (rule.paths.is_empty() || self.touched().by(*at).any_in(index))
                    && rule.commands.iter().any(|pattern| pattern.is_in(simple))
            }
        })
        .map(|(at, _)| at)
    }

    fn describes(&self, rule: &Rule, at: usize, simple: &Simple) -> bool {
        let named = self.named().get(at).map_or(&[][..], Vec::as_slice);
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
        let paths = self.touched().by(at);
        if rule.paths.is_empty() { !paths.redirect() } else { paths.all_in(index) }
    }

    fn has_path(&self, index: usize, rule: &Rule) -> bool {
        let whole = || self.touched().whole();
        match rule.verdict {
            // Each command was looked at with its own paths.
            _ if !rule.commands.is_empty() && self.facts.is_shell() => true,
            Ruling::Allow => whole().is_some() && whole().all_in(index),
            Ruling::Deny | Ruling::Ask => whole().any_in(index),
        }
    }

    fn has_regex(&self, index: usize, verdict: Ruling) -> bool {
        let Regexes { whole, inside } = self.regexes();
        whole.contains(index) || (verdict != Ruling::Allow && inside.contains(index))
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

    fn named(&self) -> &[Vec<bool>] {
        self.named.get_or_init(|| {
            // What is found inside of others is never allowed by itself.
            let named = |simple: &Simple| match simple.inner {
                true => Vec::new(),
                false => risk::must_be_named(&simple.words),
            };
            self.facts.commands().iter().map(named).collect()
        })
    }

    fn touched(&self) -> &Touched {
        self.touched.get_or_init(|| Touched::new(self.facts, &self.compiled.paths))
    }

    fn cwds(&self) -> &FixedBitSet {
        self.cwds.get_or_init(|| self.compiled.cwds.owners(&self.facts.cwd))
    }

    fn regexes(&self) -> &Regexes {
        self.regexes.get_or_init(|| {
            let (all, texts) = (&self.facts.text, self.facts.texts());
            let inside = texts.iter().filter(|(_, text)| text != all);
            Regexes {
                whole: self.compiled.found_in(all).collect(),
                inside: inside.flat_map(|(_, text)| self.compiled.found_in(text)).collect(),
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
