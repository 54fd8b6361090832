//! What `--fix` does: nothing but what takes something away from others, or puts back what pager's
//! own setup had put there.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::commands::hooks::{self, Agent};
use crate::failure::Failure;
use crate::output::shown;
use crate::setup::service;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mend {
    /// Take from a file or folder of the person's all permissions beyond these.
    Close { path: PathBuf, mode: u32 },
    /// Have the user manager listen on the hook socket.
    Enable,
    /// Bring pager's entries in Claude Code's settings up to date.
    Rewire,
}

impl Mend {
    /// What a person would type to do it.
    pub(crate) fn command(&self) -> String {
        match self {
            Self::Close { path, mode } => format!("chmod {mode:o} {}", shown(path)),
            Self::Enable => "systemctl --user enable --now pager.socket".to_owned(),
            Self::Rewire => "pagerctl hooks install".to_owned(),
        }
    }

    /// What will be done.
    pub(crate) fn intent(&self) -> String {
        match self {
            Self::Close { path, mode } => {
                format!("take from {} all permissions beyond {mode:04o}", shown(path))
            }
            Self::Enable => "enable pager.socket and start it".to_owned(),
            Self::Rewire => "bring pager's entries in Claude Code's settings up to date".to_owned(),
        }
    }

    /// Does it, and says what was done.
    pub(crate) fn carry_out(&self) -> Result<String, Failure> {
        match self {
            Self::Close { path, mode } => close(path, *mode),
            Self::Enable => service::enable().map(|()| "pager.socket is enabled.".to_owned()),
            Self::Rewire => hooks::install(Agent::Claude).map(|change| hooks::installed(&change)),
        }
    }
}

/// By a descriptor, so that what is changed is what was looked at, and no link is followed. One that
/// opens nothing, for a socket cannot be opened.
fn close(path: &Path, mode: u32) -> Result<String, Failure> {
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot change the mode of {}: {why}", shown(path)))
    };
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| cannot(&error))?;
    let file = File::from(file);
    let stat = file.metadata().map_err(|error| cannot(&error))?;
    if stat.is_symlink() {
        return Err(cannot(&"it is a symbolic link"));
    }
    if stat.uid() != rustix::process::geteuid().as_raw() {
        return Err(cannot(&format!("it belongs to uid {}, not to you", stat.uid())));
    }
    let before = stat.mode() & 0o7777;
    let after = before & mode;
    let way = format!("/proc/self/fd/{}", file.as_raw_fd());
    std::fs::set_permissions(way, std::fs::Permissions::from_mode(after))
        .map_err(|error| cannot(&error))?;
    Ok(format!("The mode of {} was {before:04o} and is {after:04o}.", shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn permissions_are_only_taken_away_and_links_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("token");
        std::fs::write(&file, "").unwrap();
        for (before, after) in [(0o644, 0o600), (0o444, 0o400), (0o600, 0o600)] {
            std::fs::set_permissions(&file, PermissionsExt::from_mode(before)).unwrap();
            close(&file, 0o600).unwrap();
            assert_eq!(mode(&file), after);
        }
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(close(&link, 0o600).unwrap_err().what.contains("symbolic link"));
        assert_eq!(mode(&file), 0o644);
        let socket = root.path().join("socket");
        let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o777)).unwrap();
        close(&socket, 0o600).unwrap();
        assert_eq!(mode(&socket), 0o600);
        assert!(close(&root.path().join("nothing"), 0o600).is_err());
    }
}
