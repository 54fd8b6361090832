//! Globs over real paths.

use std::collections::HashMap;
use std::path::Path;

use fixedbitset::FixedBitSet;
use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Globs with what each of them stands for.
#[derive(Debug, Clone)]
pub(crate) struct Globs {
    set: GlobSet,
    /// Of each glob of the set: the numbers it was added with.
    owners: Vec<Vec<usize>>,
    /// One more than the highest of these numbers.
    end: usize,
}

/// Globs being collected. What cannot be compiled was refused before.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    globs: Vec<Glob>,
    owners: Vec<Vec<usize>>,
    /// Of each glob: where it is in the other two. Many rules may have the same.
    known: HashMap<String, usize>,
}

impl Collector {
    /// Adds a glob under a number. `~` at its beginning is each of `homes`.
    pub(crate) fn add(&mut self, pattern: &str, homes: &[&str], owner: usize) {
        let spellings: Vec<String> = match pattern.strip_prefix("~/") {
            Some(rest) => homes.iter().map(|home| format!("{}/{rest}", escape(home))).collect(),
            None if pattern == "~" => homes.iter().map(|home| escape(home)).collect(),
            None => vec![pattern.to_owned()],
        };
        for spelling in spellings {
            // A folder is in itself, so to say: who may not have what is in it may not have it.
            let folder = spelling.strip_suffix("/**").filter(|folder| !folder.is_empty());
            folder.into_iter().chain([spelling.as_str()]).for_each(|text| self.one(text, owner));
        }
    }

    fn one(&mut self, text: &str, owner: usize) {
        if let Some(at) = self.known.get(text) {
            return self.owners[*at].push(owner);
        }
        let Ok(glob) = glob(text) else { return };
        self.known.insert(text.to_owned(), self.globs.len());
        self.globs.push(glob);
        self.owners.push(vec![owner]);
    }

    pub(crate) fn build(self) -> Result<Globs, globset::Error> {
        let mut builder = GlobSetBuilder::new();
        for glob in self.globs {
            builder.add(glob);
        }
        let end = self.owners.iter().flatten().max().map_or(0, |last| last + 1);
        Ok(Globs { set: builder.build()?, owners: self.owners, end })
    }
}

impl Globs {
    pub(crate) fn matches(&self, path: &Path) -> bool {
        self.set.is_match(path)
    }

    /// The numbers of the globs that a path matches.
    pub(crate) fn owners(&self, path: &Path) -> FixedBitSet {
        let mut owners = FixedBitSet::with_capacity(self.end);
        for index in self.set.matches_candidate(&Candidate::new(path)) {
            owners.extend(self.owners[index].iter().copied());
        }
        owners
    }
}

/// Compiles one glob: `*` and `?` stay within a folder, `**` does not.
pub(crate) fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build()
}

fn escape(text: &str) -> String {
    globset::escape(text)
}
