//! Reading the layers into one configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{ConfigErrors, Diagnostic};
use crate::file::{self, Facts, FileError, Links};
use crate::input::{self, Input};
use crate::schema::{self, Config, Key};
use crate::slip::nearest;
use crate::sources::{Candidate, Sources, Trust};
use crate::way::Viewer;

/// A configuration in which nothing is wrong, and how it came to be.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values in force.
    pub config: Config,
    /// What is allowed but likely a mistake.
    pub warnings: Vec<Diagnostic>,
    /// The files that were read, in the order they were applied.
    pub files: Vec<PathBuf>,
    origins: BTreeMap<&'static str, Origin>,
}

/// Where a value came from. As text it is `default` or `file:line`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// No file says anything about the key.
    Default,
    /// The last file that does.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// One key with its value in force, for `config show` and `config get`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The full name, such as `approvals.window`.
    pub key: &'static str,
    /// The value as it would be written in a file, a secret as `[redacted]`; none if it is unset.
    pub value: Option<toml::Value>,
    /// Where the value came from.
    pub origin: Origin,
}

/// Reads all layers. All that is wrong in any of them is reported together, and then nothing is
/// loaded.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    let mut loader = Loader::new(sources);
    let (candidates, faults) = sources.candidates();
    loader.faults = faults;
    for candidate in candidates {
        loader.add(candidate);
    }
    loader.finish()
}

/// Reads a file that decides for the user, as a configuration file does: it must belong to them or to
/// root, and nobody else may write it. None if there is no such file.
pub fn read_owned(path: &Path) -> Result<Option<String>, Box<Diagnostic>> {
    let viewer = Viewer::this();
    let candidate = Candidate { path: path.to_owned(), trust: Trust::Owner, required: false };
    check_way(&candidate, viewer)?;
    let (bytes, facts) = match file::read(path, Links::Follow) {
        Ok(read) => read,
        Err(FileError::Missing) => return Ok(None),
        Err(error) => return Err(Diagnostic::of_file(path, error.to_string()).into()),
    };
    check_trust(&candidate, facts, viewer)?;
    decode(path, bytes).map(Some)
}

/// Reads a file that can take nothing from the user, whoever wrote it. None if there is no such file.
pub fn read_any(path: &Path) -> Result<Option<String>, Box<Diagnostic>> {
    match file::read(path, Links::Follow) {
        Ok((bytes, _)) => decode(path, bytes).map(Some),
        Err(FileError::Missing) => Ok(None),
        Err(error) => Err(Diagnostic::of_file(path, error.to_string()).into()),
    }
}

impl Loaded {
    /// All keys in the order of the man page.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        schema::all_keys().map(|key| self.entry(key))
    }

    /// One key by its full name; none if there is no such key. [`crate::nearest_key`] may know
    /// which one was meant.
    pub fn get(&self, key: &str) -> Option<Entry> {
        schema::key(key).map(|key| self.entry(key))
    }

    fn entry(&self, key: &Key) -> Entry {
        let origin = self.origins.get(key.path).cloned().unwrap_or(Origin::Default);
        Entry { key: key.path, value: (key.show)(&self.config), origin }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A file that was read.
struct Source {
    path: PathBuf,
    text: String,
    facts: Facts,
}

impl Source {
    fn fault(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(&self.path, &self.text, span, message.into())
    }
}

struct Loader<'a> {
    home: Option<&'a Path>,
    viewer: Viewer,
    config: Config,
    faults: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    sources: Vec<Source>,
    /// Of each key that a file sets: the index of that file, and where in it the key stands.
    places: BTreeMap<&'static str, (usize, Range<usize>)>,
}

impl<'a> Loader<'a> {
    fn new(sources: &'a Sources) -> Self {
        Self {
            home: sources.home(),
            viewer: Viewer::this(),
            config: Config::default(),
            faults: Vec::new(),
            warnings: Vec::new(),
            sources: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    fn add(&mut self, candidate: Candidate) {
        if let Err(fault) = check_way(&candidate, self.viewer) {
            self.faults.push(*fault);
            return;
        }
        let (bytes, facts) = match file::read(&candidate.path, Links::Follow) {
            Ok(read) => read,
            Err(FileError::Missing) if !candidate.required => return,
            Err(error) => {
                self.faults.push(Diagnostic::of_file(&candidate.path, error.to_string()));
                return;
            }
        };
        if let Err(fault) = check_trust(&candidate, facts, self.viewer) {
            self.faults.push(*fault);
            return;
        }
        if facts.mode & 0o020 != 0 {
            let warning = Diagnostic::of_file(&candidate.path, "its group can change it");
            self.warnings.push(warning.hint("`chmod g-w` it unless the group is yours alone"));
        }
        match decode(&candidate.path, bytes) {
            Ok(text) => self.add_source(Source { path: candidate.path, text, facts }),
            Err(fault) => self.faults.push(*fault),
        }
    }

    fn add_source(&mut self, source: Source) {
        let before = self.faults.len();
        match DeTable::parse(&source.text) {
            Ok(table) => self.add_table(&source, "", table.get_ref()),
            // Only the first: what a parser makes of the text after it is a guess, and complaints
            // about a guess mislead.
            Err(error) => {
                let fault = source.fault(error.span().unwrap_or(0..0), error.message());
                self.faults.push(fault);
            }
        }
        self.faults[before..].sort_by_key(|fault| (fault.line, fault.column));
        self.sources.push(source);
    }

    fn add_table(&mut self, source: &Source, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let path =
                if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            // A quoted name with a dot in it is not the path that it looks like.
            let known = !name.get_ref().contains('.');
            if let Some(key) = schema::key(&path).filter(|_| known) {
                self.add_value(source, key, name.span(), value);
            } else if known && schema::is_table(&path) {
                if let DeValue::Table(table) = value.get_ref() {
                    self.add_table(source, &path, table);
                } else {
                    let refusal = input::wrong_type(value);
                    let fault = source.fault(refusal.span, refusal.message).about(&path);
                    self.faults.push(fault.hint(format!("expected a table: [{path}]")));
                }
            } else {
                self.faults.push(unknown(source, prefix, name));
            }
        }
    }

    fn add_value(
        &mut self,
        source: &Source,
        key: &'static Key,
        name: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let Source { path: file, facts, .. } = source;
        let input = Input { value, file, facts: *facts, user: self.viewer.user, home: self.home };
        match (key.set)(&mut self.config, &input) {
            Ok(()) => {
                self.places.insert(key.path, (self.sources.len(), name));
            }
            Err(refusals) => self.faults.extend(refusals.into_iter().map(|refusal| {
                let hint = refusal.hint.unwrap_or_else(|| format!("expected {}", key.expected));
                source.fault(refusal.span, refusal.message).about(key.path).hint(hint)
            })),
        }
    }

    fn finish(self) -> Result<Loaded, ConfigErrors> {
        ConfigErrors::some(self.faults)?;
        let place = |key| {
            let (index, span) = self.places.get(key)?;
            Some((&self.sources[*index], span.clone()))
        };
        let mut warnings = self.warnings;
        for advice in schema::advice(&self.config) {
            // Defaults are not warned about: nobody wrote them.
            if let Some((source, span)) = place(advice.key) {
                let warning = source.fault(span, advice.message).about(advice.key);
                warnings.push(warning.hint(advice.hint));
            }
        }
        let origins = self.places.keys().filter_map(|key| {
            let (source, span) = place(key)?;
            let line = source.text[..span.start].matches('\n').count() + 1;
            Some((*key, Origin::File { path: source.path.clone(), line }))
        });
        Ok(Loaded {
            origins: origins.collect(),
            warnings,
            files: self.sources.iter().map(|source| source.path.clone()).collect(),
            config: self.config,
        })
    }
}

/// Refuses a file of the user's in whose place somebody else could put another. The administrator's
/// are in folders that are root's by their names.
fn check_way(candidate: &Candidate, viewer: Viewer) -> Result<(), Box<Diagnostic>> {
    let Candidate { path, trust, .. } = candidate;
    match (trust, viewer.check(path)) {
        (Trust::Owner, Err(error)) => Err(Diagnostic::of_file(path, error.to_string()).into()),
        (Trust::Owner | Trust::Place, _) => Ok(()),
    }
}

/// Refuses a file that somebody else can write: the configuration decides who may answer for the
/// user, so whoever writes it is the user.
fn check_trust(candidate: &Candidate, facts: Facts, viewer: Viewer) -> Result<(), Box<Diagnostic>> {
    let refuse = |message: String| Diagnostic::of_file(&candidate.path, message);
    if facts.mode & 0o002 != 0 {
        let fault = refuse(format!("mode {:04o} lets everybody change it", facts.mode));
        return Err(fault.hint("take that away with `chmod o-w`").into());
    }
    if candidate.trust == Trust::Owner && viewer.is_open(facts.group, facts.mode) {
        let fault = refuse(format!("mode {:04o} lets gid {} change it", facts.mode, facts.group));
        return Err(fault.hint("take that away with `chmod g-w`").into());
    }
    match candidate.trust {
        Trust::Owner if !facts.is_owned_by(viewer.user) => {
            let fault = refuse(format!("belongs to uid {}, not to you", facts.owner));
            let hint = "it says who may answer for you, so it must be yours or root's: `chown` it";
            Err(fault.hint(hint).into())
        }
        Trust::Owner | Trust::Place => Ok(()),
    }
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    let mut text = String::from_utf8(bytes).map_err(|error| -> Box<Diagnostic> {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        Diagnostic::at(path, &text, at..at, "the text is not UTF-8".into())
            .hint("save the file in the encoding UTF-8")
            .into()
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

fn unknown(source: &Source, prefix: &str, name: &Spanned<toml::de::DeString<'_>>) -> Diagnostic {
    let names = schema::names_in(prefix);
    let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
    let hint = match nearest(name.get_ref(), names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => match schema::nearest_key(&path) {
            Some(elsewhere) => format!("did you mean `{elsewhere}`?"),
            None => format!("known here: {}", names.join(", ")),
        },
    };
    let what = if prefix.is_empty() { "unknown section or key" } else { "unknown key" };
    source.fault(name.span(), what).about(input::shown(&path)).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a file of this owner and mode to the user 1000.
    fn verdict(trust: Trust, owner: u32, mode: u32) -> Option<String> {
        let candidate = Candidate { path: "f".into(), trust, required: false };
        let facts = Facts { owner, group: 1000, mode, linked: false };
        let viewer = Viewer { user: 1000, group: Some(1000), nobody: None };
        check_trust(&candidate, facts, viewer).err().map(|fault| fault.message)
    }

    #[test]
    fn only_the_user_and_root_are_believed_in_the_users_place() {
        assert_eq!(verdict(Trust::Owner, 1000, 0o644), None);
        assert_eq!(verdict(Trust::Owner, 0, 0o644), None);
        let foreign = Some("belongs to uid 1001, not to you".to_owned());
        assert_eq!(verdict(Trust::Owner, 1001, 0o600), foreign);
        // In a user namespace, where root's files appear as nobody's.
        assert_eq!(verdict(Trust::Place, 65534, 0o644), None);
    }

    #[test]
    fn a_group_is_believed_only_where_it_is_the_users_own() {
        let verdict = |group, mode, trust| {
            let candidate = Candidate { path: "f".into(), trust, required: false };
            let facts = Facts { owner: 1000, group, mode, linked: false };
            let viewer = Viewer { user: 1000, group: Some(1000), nobody: None };
            check_trust(&candidate, facts, viewer).err().map(|fault| fault.message)
        };
        let open = Some("mode 0664 lets gid 100 change it".to_owned());
        assert_eq!(verdict(100, 0o664, Trust::Owner), open);
        assert_eq!(verdict(1000, 0o664, Trust::Owner), None);
        assert_eq!(verdict(100, 0o644, Trust::Owner), None);
        assert_eq!(verdict(100, 0o664, Trust::Place), None);
    }

    #[test]
    fn nobody_is_believed_where_everybody_can_write() {
        for trust in [Trust::Owner, Trust::Place] {
            let open = Some("mode 0646 lets everybody change it".to_owned());
            assert_eq!(verdict(trust, 1000, 0o646), open);
        }
    }
}
