//! Why a settings file was left as it was.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a settings file was left as it was; each says what to do about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WiringError {
    /// The settings folder is not an absolute path.
    #[error(
        "{} is not an absolute path: set HOME, or the agent's own variable (CLAUDE_CONFIG_DIR, \
         CODEX_HOME), to one", .file.display()
    )]
    Relative {
        /// The settings file meant.
        file: PathBuf,
    },
    /// The hook program to be wired is not usable.
    #[error("cannot wire {}: it {reason}; install pager, or name its pager-hook", .program.display())]
    Program {
        /// The program named.
        program: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The settings file is a symbolic link.
    #[error(
        "{} is a symbolic link to {}: left alone, since writing would replace the link; \
         put the hooks into the file it points to by hand, or make it a regular file",
        .file.display(), .target.display()
    )]
    Symlink {
        /// The settings file.
        file: PathBuf,
        /// What it points to.
        target: PathBuf,
    },
    /// The settings file is a folder, a pipe, a device, a socket.
    #[error("{} is not a regular file: left alone; move it away and try again", .file.display())]
    NotRegular {
        /// The settings file.
        file: PathBuf,
    },
    /// The settings file is not JSON.
    #[error(
        "{}:{line}:{column}: not valid JSON ({reason}): left alone; correct it there and try again",
        .file.display()
    )]
    Invalid {
        /// The settings file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// The settings file is JSON in which hooks cannot be where the agent looks for them.
    #[error(
        "{}: {at} is not {expected}: left alone; correct it there and try again",
        .file.display()
    )]
    Shape {
        /// The settings file.
        file: PathBuf,
        /// The place in the file, such as `hooks.Stop[0]`.
        at: String,
        /// What should be there.
        expected: &'static str,
    },
    /// Something else wrote the settings file at the same time, twice.
    #[error("{} changes while it is being edited: left alone; try again", .file.display())]
    Busy {
        /// The settings file.
        file: PathBuf,
    },
    /// The edited text would have changed more than pager's entries.
    #[error(
        "{}: editing it would change other settings: left alone; please report this file's layout",
        .file.display()
    )]
    Unproven {
        /// The settings file.
        file: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl WiringError {
    /// For `map_err`: what was tried, and on what.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
