//! Which release of Claude Code would read the settings.
//!
//! Releases before 2.1.120 skip a settings file as a whole, permission rules and all, for one event
//! name they do not know. What is wired must therefore be known to the oldest one found. Nothing is
//! run for that: the daemon's sandbox could not, and the installers write the release into paths
//! and files.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

const PACKAGE: &str = "@anthropic-ai/claude-code";

/// A release by its three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release(pub(super) u32, pub(super) u32, pub(super) u32);

/// Where the traces of an installation are looked for.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    home: PathBuf,
    /// What the agent remembers between its starts.
    memory: PathBuf,
    path: Option<OsString>,
}

#[derive(Deserialize)]
struct Memory {
    #[serde(rename = "lastReleaseNotesSeen")]
    last_release: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

impl Release {
    fn parse(text: &str) -> Option<Self> {
        let plain = text.split(['-', '+']).next()?;
        let mut numbers = plain.split('.').map(|number| number.parse().ok());
        let release = Self(numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(release)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Installation {
    pub(super) fn new(home: &Path, config_dir: Option<&Path>) -> Self {
        let memory = config_dir.unwrap_or(home).join(".claude.json");
        Self { home: home.to_owned(), memory, path: None }
    }

    pub(super) fn searching(self, path: Option<OsString>) -> Self {
        Self { path, ..self }
    }

    /// The oldest release found among the programs, or the one that ran last where no program tells;
    /// none where nothing is found.
    pub(super) fn release(&self) -> Option<Release> {
        let found = self.programs().filter_map(|program| release_of(&program)).min();
        found.or_else(|| self.remembered())
    }

    fn programs(&self) -> impl Iterator<Item = PathBuf> {
        let own = [".local/bin", ".claude/local/node_modules/.bin"];
        let own = own.into_iter().map(|folder| self.home.join(folder));
        let path = self.path.iter().flat_map(std::env::split_paths);
        own.chain(path).filter(|folder| folder.is_absolute()).map(|folder| folder.join("claude"))
    }

    fn remembered(&self) -> Option<Release> {
        let memory: Memory = serde_json::from_slice(&fs::read(&self.memory).ok()?).ok()?;
        Release::parse(&memory.last_release)
    }
}

/// The release a program belongs to: its file is named for it, or its package says it.
fn release_of(program: &Path) -> Option<Release> {
    let file = program.canonicalize().ok()?;
    if let Some(release) = file.file_name()?.to_str().and_then(Release::parse) {
        return Some(release);
    }
    file.ancestors().skip(1).take(3).find_map(|folder| {
        let package = fs::read(folder.join("package.json")).ok()?;
        let package: Package = serde_json::from_slice(&package).ok()?;
        (package.name == PACKAGE).then(|| Release::parse(&package.version))?
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn releases_are_ordered_by_number() {
        assert!(Release::parse("2.1.54").unwrap() < Release::parse("2.1.120").unwrap());
        assert_eq!(Release::parse("2.1.197-beta.1"), Some(Release(2, 1, 197)));
        for bad in ["", "2.1", "2.1.x", "2.1.3.4", "claude", "cli.js"] {
            assert_eq!(Release::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_kind_of_installation_tells_its_release() {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        let write = |path: &str, text: &str| {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), text).unwrap();
        };
        let installation = Installation::new(home.path(), None);
        assert_eq!(installation.release(), None);

        write(".claude.json", r#"{"numStartups": 3, "lastReleaseNotesSeen": "2.1.100"}"#);
        assert_eq!(installation.release(), Some(Release(2, 1, 100)));

        write(".local/share/claude/versions/2.1.329", "");
        fs::create_dir_all(at(".local/bin")).unwrap();
        symlink(at(".local/share/claude/versions/2.1.329"), at(".local/bin/claude")).unwrap();
        assert_eq!(installation.release(), Some(Release(2, 1, 329)));

        let modules = "npm/lib/node_modules/@anthropic-ai/claude-code";
        let package = r#"{"name": "@anthropic-ai/claude-code", "version": "2.1.197"}"#;
        write(&format!("{modules}/package.json"), package);
        write(&format!("{modules}/bin/claude.exe"), "");
        fs::create_dir_all(at("npm/bin")).unwrap();
        symlink(at(&format!("{modules}/bin/claude.exe")), at("npm/bin/claude")).unwrap();
        let path = std::env::join_paths([at("nowhere"), at("npm/bin")]).unwrap();
        let installation = installation.searching(Some(path));
        assert_eq!(installation.release(), Some(Release(2, 1, 197)), "the oldest counts");
    }

    #[test]
    fn another_program_of_that_name_tells_nothing() {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::write(bin.join("claude"), "#!/bin/sh\n").unwrap();
        fs::write(bin.join("package.json"), r#"{"name": "other", "version": "9.9.9"}"#).unwrap();
        let installation = Installation::new(home.path(), None).searching(Some(bin.into()));
        assert_eq!(installation.release(), None);
    }
}
