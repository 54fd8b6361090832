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

/// The longest name a file is given that came without a path, in bytes.
const NAME_MAX: usize = 120;

/// A name for a file that came under this one: nothing in it leads anywhere, hides or is read as an
/// option.
pub fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = crate::sanitize::in_line(last);
    // What would have to be made visible is no part of a name.
    let mut name: String = match plain {
        std::borrow::Cow::Borrowed(name) => name.to_owned(),
        std::borrow::Cow::Owned(_) => {
            let fits = |c: &char| {
                crate::sanitize::in_line(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8()
            };
            last.chars().filter(fits).collect()
        }
    };
    name = name.trim_matches(|c: char| c.is_whitespace() || c == '~').to_owned();
    name.truncate(name.trim_end_matches(['.', ' ']).len());
    if name.starts_with('-') {
        name.insert(0, '_');
    }
    if name.len() > NAME_MAX {
        // What kind of file it is, is told by the end of its name.
        let end = name.rfind('.').filter(|at| name.len() - at <= 16).unwrap_or(name.len());
        let end = name.split_off(end);
        let mut cut = NAME_MAX - end.len();
        while !name.is_char_boundary(cut) {
            cut -= 1;
        }
        name.truncate(cut);
        name.push_str(&end);
    }
    if name.is_empty() { "file".to_owned() } else { name }
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
    fn a_file_gets_a_name_that_is_only_a_name() {
        for (given, name) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\\\Users\\\\a\\\\b.txt", "b.txt"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
            (" ~ ", "file"),
            ("-rf", "_-rf"),
            ("gpj.\u{202e}exe", "gpj.exe"),
            ("a\nb\0c", "abc"),
            ("na\u{ef}ve \u{1f600}.txt", "na\u{ef}ve \u{1f600}.txt"),
            ("dots...", "dots"),
        ] {
            assert_eq!(file_name(given), name, "{given:?}");
        }
        let long = file_name(&format!("{}.tar.gz", "\u{e9}".repeat(200)));
        assert!(long.len() <= 120 && long.ends_with(".gz"), "{long}");
        assert_eq!(file_name(&"x".repeat(500)).len(), 120);
        // Whether such a file is taken is asked afterwards.
        assert_eq!(file_name("/home/ada/.env"), ".env");
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let error = Transfer::new(["a/[b"]).unwrap_err();
        assert_eq!(error.pattern, "a/[b");
    }
}
