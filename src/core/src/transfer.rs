//! Which files may be exchanged with a session's folder, by their paths alone.
//!
//! This says what a path may be; that it is opened beneath the folder, and nothing else, is up to
//! whoever opens it.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// What is never exchanged, wherever in the folder it is and in whatever case its letters are.
pub const DENIED: &[&str] = &[
    ".git",
    ".git/**",
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.kdbx",
    "*.keyring",
    ".ssh/**",
    ".aws/**",
    ".azure/**",
    ".kube/**",
    ".gnupg/**",
    ".docker/config.json",
    ".password-store/**",
    "keyrings/**",
    "secrets/**",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".claude/settings*.json",
    ".codex/**",
];

/// The longest path taken, in bytes.
const PATH_MAX: usize = 1024;

/// A path in a session's folder, as somebody gave it: relative, and never out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(PathBuf);

/// Why a path is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing is named.
    #[error("name a file in the session's folder")]
    Empty,
    /// It begins at the root or at a home.
    #[error("{0}: give the path in the session's folder, without a slash or ~ in front")]
    Absolute(String),
    /// It goes up.
    #[error("{0}: \"..\" leads out of the session's folder")]
    Up(String),
    /// It has something in it that no path has.
    #[error("that is no path: it has control characters in it, or more than {PATH_MAX} bytes")]
    Garbled,
    /// It is one of those that are never exchanged.
    #[error("{path} is not exchanged: it falls under {rule:?}")]
    Denied {
        /// The path.
        path: String,
        /// The pattern it falls under.
        rule: String,
    },
}

impl Wanted {
    /// Reads a path.
    ///
    /// # Errors
    /// One that is no path in the folder.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        if text.chars().any(char::is_control) || text.len() > PATH_MAX {
            return Err(Refused::Garbled);
        }
        if text.starts_with(['/', '~']) {
            return Err(Refused::Absolute(text.to_owned()));
        }
        let mut path = PathBuf::new();
        for component in text.split('/') {
            match component {
                "" | "." => {}
                ".." => return Err(Refused::Up(text.to_owned())),
                name => path.push(name),
            }
        }
        if path.as_os_str().is_empty() { Err(Refused::Empty) } else { Ok(Self(path)) }
    }

    /// The path, without anything superfluous.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// A pattern is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is no pattern: {why}")]
pub struct InvalidPattern {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

/// The rule by which paths are judged.
#[derive(Debug, Clone)]
pub struct Transfer {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Transfer {
    /// A rule that denies [`DENIED`] and these.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn new<'a>(more: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPattern> {
        let mut patterns = Vec::new();
        let mut set = GlobSetBuilder::new();
        for pattern in DENIED.iter().copied().chain(more) {
            // At the root as well as anywhere below it, whichever of the two was written.
            let anywhere =
                format!("**/{}", pattern.trim_start_matches("**/").trim_start_matches('/'));
            let glob = GlobBuilder::new(&anywhere)
                .case_insensitive(true)
                .literal_separator(true)
                .backslash_escape(true)
                .build();
            set.add(glob.map_err(|error| InvalidPattern {
                pattern: pattern.to_owned(),
                why: error.kind().to_string(),
            })?);
            patterns.push(pattern.to_owned());
        }
        let set = set.build().map_err(|error| InvalidPattern {
            pattern: error.glob().unwrap_or_default().to_owned(),
            why: error.kind().to_string(),
        })?;
        Ok(Self { patterns, set })
    }

    /// Judges a path in the folder: as it was given, and again as it was found to be.
    ///
    /// # Errors
    /// The pattern it falls under.
    pub fn judge(&self, path: &Path) -> Result<(), Refused> {
        // What is in a folder that is denied is denied with it.
        let found = path
            .ancestors()
            .filter(|path| !path.as_os_str().is_empty())
            .find_map(|path| self.set.matches(path).first().copied());
        match found.and_then(|at| self.patterns.get(at)) {
            Some(rule) => {
                Err(Refused::Denied { path: path.display().to_string(), rule: rule.clone() })
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(path: &str) -> bool {
        let transfer = Transfer::new(["build/**", "*.log"]).unwrap();
        transfer.judge(Path::new(path)).is_err()
    }

    #[test]
    fn secrets_are_denied_at_the_root_and_below_in_any_case() {
        for path in [
            "key.pem",
            "a/b/key.pem",
            "SERVER.KEY",
            ".env",
            ".env.local",
            ".ENV",
            ".envrc",
            "a/.env",
            ".git",
            ".git/config",
            "sub/.git/hooks/pre-commit",
            ".Git/config",
            "id_rsa",
            "id_ed25519.pub",
            ".ssh/config",
            ".ssh/keys/x",
            "home/.ssh/keys/x",
            ".aws/credentials",
            "secrets/a/b",
            "deploy/Secrets/token",
            ".netrc",
            ".npmrc",
            ".pypirc",
            ".env/inner",
            "cert.pem/inner",
            "a.log",
            "build/out",
            "x/build/out",
            ".claude/settings.local.json",
        ] {
            assert!(denied(path), "{path}");
        }
    }

    #[test]
    fn what_is_no_secret_is_exchanged() {
        for path in [
            "README.md",
            "src/main.rs",
            "environment.yml",
            "keyboard.txt",
            "pem.txt",
            ".gitignore",
            ".github/workflows/ci.yml",
            "secretsanta.md",
            "builder/out",
            "a.logs",
            "..foo",
        ] {
            assert!(!denied(path), "{path}");
        }
    }

    #[test]
    fn a_path_stays_in_the_folder() {
        let read = |text| Wanted::read(text).map(|wanted| wanted.path().to_owned());
        assert_eq!(read(" ./a//b/./c.txt "), Ok(PathBuf::from("a/b/c.txt")));
        assert_eq!(read("..foo"), Ok(PathBuf::from("..foo")));
        assert_eq!(read("a..b/c"), Ok(PathBuf::from("a..b/c")));
        for (text, refused) in [
            ("", Refused::Empty),
            (" . ", Refused::Empty),
            ("./.", Refused::Empty),
            ("/etc/passwd", Refused::Absolute("/etc/passwd".to_owned())),
            ("~/x", Refused::Absolute("~/x".to_owned())),
            ("../x", Refused::Up("../x".to_owned())),
            ("a/../b", Refused::Up("a/../b".to_owned())),
            ("lnk/../../x", Refused::Up("lnk/../../x".to_owned())),
            ("a\nb", Refused::Garbled),
            ("a\0b", Refused::Garbled),
        ] {
            assert_eq!(read(text), Err(refused), "{text:?}");
        }
        assert_eq!(read(&"a".repeat(1025)), Err(Refused::Garbled));
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let error = Transfer::new(["a/[b"]).unwrap_err();
        assert_eq!(error.pattern, "a/[b");
    }
}
