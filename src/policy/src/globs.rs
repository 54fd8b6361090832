//! Globs over real paths.

use std::path::Path;

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Globs with what each of them stands for.
#[derive(Debug, Clone)]
pub(crate) struct Globs {
    set: GlobSet,
    /// Of each glob of the set: the number it was added with.
    owners: Vec<usize>,
}

/// Globs being collected. What cannot be compiled was refused before.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    globs: Vec<Glob>,
    owners: Vec<usize>,
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
            for glob in
                folder.into_iter().chain([spelling.as_str()]).filter_map(|text| glob(text).ok())
            {
                self.globs.push(glob);
                self.owners.push(owner);
            }
        }
    }

    pub(crate) fn build(self) -> Result<Globs, globset::Error> {
        let mut builder = GlobSetBuilder::new();
        for glob in self.globs {
            builder.add(glob);
        }
        Ok(Globs { set: builder.build()?, owners: self.owners })
    }
}

impl Globs {
    pub(crate) fn matches(&self, path: &Path) -> bool {
        self.set.is_match(path)
    }

    /// The numbers of the globs that a path matches.
    pub(crate) fn owners(&self, path: &Path) -> impl Iterator<Item = usize> {
        let found = self.set.matches_candidate(&Candidate::new(path));
        found.into_iter().filter_map(|index| self.owners.get(index).copied())
    }
}

/// Compiles one glob: `*` and `?` stay within a folder, `**` does not.
pub(crate) fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build()
}

fn escape(text: &str) -> String {
    globset::escape(text)
}
