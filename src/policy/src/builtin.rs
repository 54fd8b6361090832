//! The denies that no policy lifts.

use std::path::{Path, PathBuf};

use crate::facts::{Facts, Found};
use crate::globs::{Collector, Globs};
use crate::secrets::{self, GUARDED, NOT_SECRETS, OWN, SECRETS};
use crate::shell::Doubt;

/// The rule that is named where a secret is touched.
pub const SECRETS_RULE: &str = "pager:secrets";
/// The rule that is named where pager's own files are touched.
pub const OWN_RULE: &str = "pager:own-state";
/// The rule that is named where the agent would answer in the person's place.
pub const ANSWERS_RULE: &str = "pager:own-answers";

#[derive(Debug, Clone)]
pub(crate) struct Builtin {
    secrets: Globs,
    not_secrets: Globs,
    own: Globs,
    guarded: Globs,
    /// Where the person has put pager's files.
    places: Vec<PathBuf>,
}

/// What is refused, and by which of the built-in rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) rule: &'static str,
    pub(crate) reason: String,
}

impl Builtin {
    pub(crate) fn new(
        homes: &[&str],
        except: &[String],
        places: Vec<PathBuf>,
    ) -> Result<Self, globset::Error> {
        let build = |patterns: &[&str]| {
            let mut collector = Collector::default();
            patterns.iter().for_each(|pattern| collector.add(pattern, homes, 0));
            collector.build()
        };
        let except = except.iter().map(String::as_str);
        Ok(Self {
            secrets: build(SECRETS)?,
            not_secrets: build(&NOT_SECRETS.iter().copied().chain(except).collect::<Vec<_>>())?,
            own: build(OWN)?,
            guarded: build(GUARDED)?,
            places,
        })
    }

    /// What of a call is refused whatever the rules say.
    pub(crate) fn refusal(&self, facts: &Facts<'_>) -> Option<Refused> {
        if let Some(simple) = facts.commands().iter().find(|simple| {
            let arguments: Vec<_> = simple.words.iter().skip(1).map(|word| &*word.text).collect();
            secrets::answers(simple.name(), &arguments)
        }) {
            let reason = format!("{} is for the person, not for the agent", simple.name());
            return Some(Refused { rule: ANSWERS_RULE, reason });
        }
        let touched = |is: &dyn Fn(&Path) -> bool| {
            let certain = facts.paths.iter().filter(|found| found.certain);
            certain.filter_map(|found| found.either(is)).next()
        };
        if let Some(path) = touched(&|path| self.is_own(path)) {
            let reason = format!("{} belongs to pager", path.display());
            return Some(Refused { rule: OWN_RULE, reason });
        }
        let path = touched(&|path| self.is_secret(path))?;
        let reason = format!("{} holds secrets", path.display());
        Some(Refused { rule: SECRETS_RULE, reason })
    }

    /// What puts a call in doubt though it is understood.
    pub(crate) fn doubt(&self, facts: &Facts<'_>) -> Option<Doubt> {
        let guarded = |found: &Found| found.either(&|path| self.guarded.matches(path)).is_some();
        (!facts.reads_only && facts.paths.iter().any(guarded)).then_some(Doubt::Guarded)
    }

    fn is_own(&self, path: &Path) -> bool {
        self.own.matches(path) || self.places.iter().any(|place| path.starts_with(place))
    }

    fn is_secret(&self, path: &Path) -> bool {
        self.secrets.matches(path) && !self.not_secrets.matches(path)
    }
}

impl Found {
    /// The path as it is written, or else what it leads to, if it is such a path.
    fn either(&self, is: &dyn Fn(&Path) -> bool) -> Option<&Path> {
        let written = Some(&*self.lexical).filter(|path| is(path));
        let real = self.real.as_deref().filter(|path| *path != self.lexical);
        written.or_else(|| real.filter(|path| is(path)))
    }
}
