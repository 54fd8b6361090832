//! The policy in force, and its word on a call.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use pager_core::{Judgement, Require, Ruling, Sha256Hex};

use crate::builtin::{Builtin, Refused};
use crate::compiled::{Compiled, View};
use crate::document::{Document, Rule};
use crate::facts::{Call, Facts};
use crate::paths::{self, Files};
use crate::secrets;

/// Where the person's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The home folder, for `~`.
    pub home: PathBuf,
    /// Folders and files of pager's besides the usual ones: its state, its sockets, its
    /// configuration.
    pub own: Vec<PathBuf>,
}

/// What of a policy is too much for it to be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rules together cannot be used: {0}")]
pub struct TooMuch(String);

/// A policy, ready to judge. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The home folder, real; and as it is written, if that is another path.
    homes: Vec<String>,
    builtin: Arc<Builtin>,
    own: Arc<Compiled>,
    locals: Vec<Arc<Local>>,
    hash: Sha256Hex,
}

/// A rule that says something of a call.
struct Match<'r> {
    /// In which of the views, which is the file it is of.
    view: usize,
    /// Its place in the file.
    index: usize,
    rule: &'r Rule,
}

/// What a repository adds.
#[derive(Debug)]
enum Local {
    Rules(Box<Compiled>),
    /// Nothing can be read there, so that everything is asked.
    Wrong(String),
}

impl Policy {
    /// The policy of a document; with none, everything is asked but what is denied in any case.
    pub fn new(
        place: &Place,
        document: Option<Document>,
        files: &dyn Files,
    ) -> Result<Self, TooMuch> {
        let document = document.unwrap_or_else(Document::empty);
        let real = |path: &Path| paths::real(files, Path::new("/"), path);
        let home = real(&place.home).unwrap_or_else(|_| place.home.clone());
        let (home, written) = (home.to_string_lossy(), place.home.to_string_lossy());
        let mut homes = vec![&*home];
        if home != written {
            homes.push(&*written);
        }
        let places = place.own.iter().flat_map(|own| [Some(own.clone()), real(own).ok()]).flatten();
        let builtin = Builtin::new(&homes, &document.except, places.collect());
        let hash = digest(&[&document.text]);
        let own = Compiled::new(document, &homes).map_err(TooMuch)?;
        Ok(Self {
            builtin: Arc::new(builtin.map_err(|error| TooMuch(error.to_string()))?),
            own: Arc::new(own),
            locals: Vec::new(),
            hash,
            homes: homes.into_iter().map(str::to_owned).collect(),
        })
    }

    /// The same, made stricter by what a repository's own file says.
    pub fn with_local(&self, document: Document) -> Self {
        let hash = digest(&[self.hash.as_str(), &document.text]);
        let local = match Compiled::new(
            document,
            &self.homes.iter().map(String::as_str).collect::<Vec<_>>(),
        ) {
            Ok(compiled) => Local::Rules(Box::new(compiled)),
            Err(error) => Local::Wrong(error),
        };
        self.with(local, hash)
    }

    /// The same, asking of everything: a repository's own file is wrong, and says this.
    pub fn with_wrong_local(&self, why: impl Into<String>) -> Self {
        let why = why.into();
        let hash = digest(&[self.hash.as_str(), "wrong", &why]);
        self.with(Local::Wrong(why), hash)
    }

    fn with(&self, local: Local, hash: Sha256Hex) -> Self {
        let mut policy = Self { hash, ..self.clone() };
        policy.locals.push(Arc::new(local));
        policy
    }

    /// The digest of all that decides: the built-in rules and the files.
    pub fn hash(&self) -> &Sha256Hex {
        &self.hash
    }

    /// How many rules there are.
    pub fn rules(&self) -> usize {
        self.compiled().map(|compiled| compiled.document.rules.len()).sum()
    }

    /// What is to happen with a call.
    pub fn judge(&self, call: Call<'_>, files: &dyn Files, now: Timestamp) -> Judgement {
        let facts = self.facts(call, files);
        self.decide(&facts, now)
    }

    fn home(&self) -> &str {
        self.homes.first().map_or("", String::as_str)
    }

    pub(crate) fn facts<'a>(&self, call: Call<'a>, files: &dyn Files) -> Facts<'a> {
        let mut facts = Facts::of(call, self.home(), files);
        if let Some(doubt) = self.builtin.doubt(&facts) {
            facts.doubt(doubt);
        }
        facts
    }

    pub(crate) fn compiled(&self) -> impl Iterator<Item = &Compiled> {
        let locals = self.locals.iter().filter_map(|local| match &**local {
            Local::Rules(compiled) => Some(&**compiled),
            Local::Wrong(_) => None,
        });
        [&*self.own].into_iter().chain(locals)
    }

    pub(crate) fn refusal(&self, facts: &Facts<'_>) -> Option<Refused> {
        self.builtin.refusal(facts)
    }

    pub(crate) fn decide(&self, facts: &Facts<'_>, now: Timestamp) -> Judgement {
        if let Some(refused) = self.refusal(facts) {
            return Judgement {
                rule: Some(refused.rule.to_owned()),
                reason: refused.reason,
                ..self.judgement(Ruling::Deny)
            };
        }
        let views: Vec<_> = self.compiled().map(|compiled| compiled.view(facts)).collect();
        let each = views.iter().enumerate();
        let mut matching: Vec<Match<'_>> = each
            .flat_map(|(view, all)| {
                all.matching(now).map(move |(index, rule)| Match { view, index, rule })
            })
            .collect();
        // By name, so that it never matters where in a file a rule stands.
        matching.sort_by(|a, b| a.rule.name.cmp(&b.rule.name));
        let rules = |verdict| matching.iter().filter(move |found| found.rule.verdict == verdict);
        if let Some(found) = rules(Ruling::Deny).next() {
            return self.by(found.rule);
        }
        let default = self.default();
        let mut wrong = self.locals.iter().filter_map(|local| match &**local {
            Local::Wrong(why) => Some(why),
            Local::Rules(_) => None,
        });
        if let Some(why) = wrong.next() {
            return Judgement { reason: why.clone(), ..self.judgement(default) };
        }
        if let Some(first) = rules(Ruling::Ask).next() {
            let mut require = Require::default();
            for found in rules(Ruling::Ask) {
                require.remote |= found.rule.require.remote;
                require.polkit |= found.rule.require.polkit;
            }
            return Judgement { require, ..self.by(first.rule) };
        }
        if facts.doubts.is_empty()
            && let Some(first) = rules(Ruling::Allow).next()
            && are_described(facts, &views, rules(Ruling::Allow))
        {
            return self.by(first.rule);
        }
        self.judgement(default)
    }

    /// What happens where no rule says anything: the stricter of what the files say.
    fn default(&self) -> Ruling {
        let denies =
            self.compiled().any(|compiled| compiled.document.default == Some(Ruling::Deny));
        if denies { Ruling::Deny } else { Ruling::Ask }
    }

    fn judgement(&self, ruling: Ruling) -> Judgement {
        Judgement {
            policy: self.hash.clone(),
            ruling,
            rule: None,
            reason: String::new(),
            require: Require::default(),
        }
    }

    fn by(&self, rule: &Rule) -> Judgement {
        Judgement {
            rule: Some(rule.name.clone()),
            reason: rule.reason.clone(),
            require: rule.require,
            ..self.judgement(rule.verdict)
        }
    }
}

/// Whether rules together allow all of a call: of a command line, each command must have one.
fn are_described<'m>(
    facts: &Facts<'_>,
    views: &[View<'_>],
    rules: impl Iterator<Item = &'m Match<'m>>,
) -> bool {
    if !facts.is_shell() {
        return true;
    }
    let described: HashSet<usize> =
        rules.flat_map(|found| views[found.view].commands(found.index, found.rule)).collect();
    let own = facts.commands().iter().enumerate().filter(|(_, simple)| !simple.inner);
    let mut own = own.map(|(at, _)| at).peekable();
    // A line that runs nothing is one that was not understood.
    own.peek().is_some() && own.all(|at| described.contains(&at))
}

fn digest(parts: &[&str]) -> Sha256Hex {
    let mut all = format!("pager-policy {}\n", secrets::VERSION);
    let lists = [secrets::SECRETS, secrets::NOT_SECRETS, secrets::OWN, secrets::GUARDED];
    for part in lists.concat().iter().chain(parts) {
        // With its length, so that no two lists of texts look the same.
        all.push_str(&format!("{} {part}\n", part.len()));
    }
    Sha256Hex::of(all.as_bytes())
}
