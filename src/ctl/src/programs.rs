//! Where the other programs of this installation are.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output::shown;

/// A program of pager's other than this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    name: &'static str,
    /// Seen from the folder that holds `pagerctl`.
    beside: &'static [&'static str],
    installed: &'static str,
}

/// The hook client, which agents run.
pub(crate) const HOOK: Program =
    Program { name: "pager-hook", beside: &["."], installed: "/usr/bin/pager-hook" };

/// The daemon.
pub(crate) const DAEMON: Program =
    Program { name: "pagerd", beside: &[".", "../libexec"], installed: "/usr/libexec/pagerd" };

impl Program {
    /// Finds it: first where this `pagerctl` comes from, then where packages install it.
    pub(crate) fn find(self) -> Result<PathBuf, Failure> {
        let own = std::env::current_exe().ok();
        let folder = own.as_deref().and_then(Path::parent);
        self.look_in(folder).ok_or_else(|| {
            let beside = folder.map(|folder| format!(" beside {}", shown(folder)));
            Failure::failed(format!(
                "{} is neither{} nor at {}",
                self.name,
                beside.unwrap_or_default(),
                self.installed
            ))
            .with_hint("install pager whole, or build all of it with `make build`")
        })
    }

    fn look_in(self, folder: Option<&Path>) -> Option<PathBuf> {
        let beside = folder.into_iter().flat_map(|folder| {
            // Without `..`: what is written into settings must be readable there.
            self.beside.iter().filter_map(|way| match *way {
                "." => Some(folder.join(self.name)),
                up => Some(folder.parent()?.join(up.strip_prefix("../")?).join(self.name)),
            })
        });
        beside.chain([PathBuf::from(self.installed)]).find(|path| is_executable(path))
    }
}

pub(crate) fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_of_the_same_installation_is_found() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["bin", "libexec"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let daemon = root.path().join("libexec/pagerd");
        let plain = root.path().join("bin/pagerd");
        std::fs::write(&daemon, "").unwrap();
        std::fs::set_permissions(&daemon, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(&plain, "not a program").unwrap();
        let found = DAEMON.look_in(Some(&root.path().join("bin")));
        assert_eq!(found, Some(daemon), "a file that cannot be run is passed over");
    }
}
