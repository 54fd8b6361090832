//! Where the hook socket is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable that names another hook socket.
pub const SOCKET_ENV: &str = "PAGER_HOOK_SOCKET";

/// The environment does not tell where the socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no hook socket: XDG_RUNTIME_DIR is not set to an absolute path; log in through a session \
     manager or set {SOCKET_ENV}"
)]
pub struct NoSocketPath;

/// Finds the hook socket's path from the environment.
///
/// # Errors
/// [`NoSocketPath`].
pub fn socket_path() -> Result<PathBuf, NoSocketPath> {
    find(|name| std::env::var_os(name))
}

fn find(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, NoSocketPath> {
    if let Some(path) = variable(SOCKET_ENV).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    match variable("XDG_RUNTIME_DIR") {
        // The XDG base directory specification has relative paths ignored.
        Some(dir) if Path::new(&dir).is_absolute() => Ok(Path::new(&dir).join("pager/hook.sock")),
        _ => Err(NoSocketPath),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<PathBuf, NoSocketPath> {
        find(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_override_wins_and_the_runtime_directory_is_the_rule() {
        let run = ("XDG_RUNTIME_DIR", "/run/user/1000");
        assert_eq!(with(&[run]), Ok("/run/user/1000/pager/hook.sock".into()));
        assert_eq!(with(&[run, (SOCKET_ENV, "/tmp/s")]), Ok("/tmp/s".into()));
        assert_eq!(with(&[run, (SOCKET_ENV, "")]), Ok("/run/user/1000/pager/hook.sock".into()));
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(with(&[]), Err(NoSocketPath));
        assert_eq!(with(&[("XDG_RUNTIME_DIR", "run")]), Err(NoSocketPath));
        assert_eq!(with(&[("XDG_RUNTIME_DIR", "")]), Err(NoSocketPath));
    }
}
