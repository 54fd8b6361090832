//! Where pager's files are, by the XDG Base Directory specification.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Why a folder of pager's is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// There is no way to the config folder.
    #[error(
        "no config folder: neither XDG_CONFIG_HOME nor HOME is set to an absolute path; \
         set one, or name a file with --config"
    )]
    Config,
    /// There is no way to the state folder.
    #[error(
        "no state folder: neither XDG_STATE_HOME nor HOME is set to an absolute path; \
         set one, or name a folder with --state-dir"
    )]
    State,
    /// There is no way to the runtime folder.
    #[error(
        "no runtime folder: XDG_RUNTIME_DIR is not set to an absolute path; \
         log in through a session that sets it, or name a folder with --runtime-dir"
    )]
    Runtime,
}

/// The environment's word on where a person's files are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    home: Option<PathBuf>,
    config: Option<PathBuf>,
    state: Option<PathBuf>,
    runtime: Option<PathBuf>,
}

impl Paths {
    /// Reads this process's environment.
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Reads the variables through `lookup`, which tells a variable's value by its name.
    ///
    /// A relative path is ignored, as the specification demands: it would mean another folder for
    /// every program that reads it.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let absolute = |name| lookup(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            home: absolute("HOME"),
            config: absolute("XDG_CONFIG_HOME"),
            state: absolute("XDG_STATE_HOME"),
            runtime: absolute("XDG_RUNTIME_DIR"),
        }
    }

    /// The person's home folder, if the environment names one.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Where `pager.toml`, `pager.toml.d` and `policy.toml` of the person are.
    pub fn config_dir(&self) -> Result<PathBuf, PathError> {
        self.base(self.config.as_deref(), ".config").ok_or(PathError::Config)
    }

    /// Where the database and the audit log are.
    pub fn state_dir(&self) -> Result<PathBuf, PathError> {
        self.base(self.state.as_deref(), ".local/state").ok_or(PathError::State)
    }

    /// Where the sockets are. There is no default: a folder that outlives the login would be wrong.
    pub fn runtime_dir(&self) -> Result<PathBuf, PathError> {
        self.runtime.as_ref().map(|base| base.join("pager")).ok_or(PathError::Runtime)
    }

    fn base(&self, base: Option<&Path>, default: &str) -> Option<PathBuf> {
        let base = base.map(Path::to_owned).or_else(|| Some(self.home.as_ref()?.join(default)))?;
        Some(base.join("pager"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)]) -> Paths {
        Paths::from_lookup(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn xdg_variables_win_over_home() {
        let paths = paths(&[
            ("HOME", "/home/a"),
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_STATE_HOME", "/s"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
        ]);
        assert_eq!(paths.config_dir(), Ok("/c/pager".into()));
        assert_eq!(paths.state_dir(), Ok("/s/pager".into()));
        assert_eq!(paths.runtime_dir(), Ok("/run/user/7/pager".into()));
    }

    #[test]
    fn home_gives_the_defaults() {
        let paths = paths(&[("HOME", "/home/a")]);
        assert_eq!(paths.config_dir(), Ok("/home/a/.config/pager".into()));
        assert_eq!(paths.state_dir(), Ok("/home/a/.local/state/pager".into()));
        assert_eq!(paths.runtime_dir(), Err(PathError::Runtime));
    }

    #[test]
    fn relative_and_empty_paths_are_ignored() {
        let relative = paths(&[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "conf")]);
        assert_eq!(relative.config_dir(), Ok("/home/a/.config/pager".into()));
        let nothing = paths(&[("HOME", ""), ("XDG_STATE_HOME", ""), ("XDG_RUNTIME_DIR", "run")]);
        assert_eq!(nothing.config_dir(), Err(PathError::Config));
        assert_eq!(nothing.state_dir(), Err(PathError::State));
        assert_eq!(nothing.runtime_dir(), Err(PathError::Runtime));
    }
}
