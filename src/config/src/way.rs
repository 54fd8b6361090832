//! The folders on the way to a file: whoever can change one of them can put another file in its place.
//!
//! They are looked at before the file is opened. Where nobody else can change any of them, nobody else
//! can come in between.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

/// As many links as the kernel follows.
const LINKS_MAX: u32 = 40;

/// Why a path cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum WayError {
    /// A folder belongs to somebody else.
    #[error(
        "is reached through {}, which belongs to uid {owner}, who can put another file there; \
         `chown` that to you, or use a folder of your own",
        .folder.display()
    )]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// Its owner's numeric id.
        owner: u32,
    },
    /// Others can write a folder.
    #[error(
        "is reached through {}, where others can put another file (mode {mode:04o}); take that away \
         with `chmod go-w {}`",
        .folder.display(), .folder.display()
    )]
    Open {
        /// The folder.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A folder on the way cannot be looked at.
    #[error("cannot be reached: {0}")]
    Io(#[from] io::Error),
}

/// Who looks: a user and what their files are taken to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewer {
    pub(crate) user: u32,
    /// The user's own group, if it is nobody else's by the custom of giving both the same number.
    pub(crate) group: Option<u32>,
    /// As whose root's files appear where root has no number, in a user namespace.
    pub(crate) nobody: Option<u32>,
}

impl Viewer {
    pub(crate) fn this() -> Self {
        let user = rustix::process::geteuid().as_raw();
        let group = rustix::process::getegid().as_raw();
        let mapped = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let root_has_none =
            mapped.lines().all(|line| line.split_ascii_whitespace().next() != Some("0"));
        let overflow = || std::fs::read_to_string("/proc/sys/kernel/overflowuid").ok();
        let nobody = (root_has_none && !mapped.is_empty()).then(overflow).flatten();
        Self {
            user,
            group: (group == user).then_some(group),
            nobody: nobody.and_then(|uid| uid.trim().parse().ok()),
        }
    }

    fn trusts(self, owner: u32) -> bool {
        owner == 0 || owner == self.user || self.nobody == Some(owner)
    }

    /// Whether somebody else can write what has this group and these permissions.
    pub(crate) fn is_open(self, group: u32, mode: u32) -> bool {
        mode & 0o002 != 0 || (mode & 0o020 != 0 && group != 0 && self.group != Some(group))
    }

    /// Refuses a path on whose way somebody else could put another file, through links as well.
    pub(crate) fn check(self, path: &Path) -> Result<(), WayError> {
        for folder in way(path)? {
            let stat = std::fs::metadata(&folder)?;
            let (owner, mode) = (stat.uid(), stat.mode() & 0o7777);
            if !self.trusts(owner) {
                return Err(WayError::Foreign { folder, owner });
            }
            // Where the sticky bit is, everybody can add, and only the owner can replace.
            if mode & 0o1000 == 0 && self.is_open(stat.gid(), mode) {
                return Err(WayError::Open { folder, mode });
            }
        }
        Ok(())
    }
}

/// Refuses a path on whose way somebody else than this user and root could put another file.
pub fn check_way(path: &Path) -> Result<(), WayError> {
    Viewer::this().check(path)
}

/// Every folder in which a name is looked up on the way to what this path leads to. It ends where
/// there is nothing.
fn way(path: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut here = PathBuf::from("/");
    let mut folders = BTreeSet::from([here.clone()]);
    let mut rest = names(&std::path::absolute(path)?);
    let mut links = 0;
    while let Some(name) = rest.pop() {
        if name == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&name);
        let kind = match std::fs::symlink_metadata(&next) {
            Ok(stat) => stat.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        };
        if kind.is_dir() {
            folders.insert(next.clone());
            here = next;
        } else if kind.is_symlink() {
            links += 1;
            if links > LINKS_MAX {
                return Err(Errno::LOOP.into());
            }
            let target = std::fs::read_link(&next)?;
            if target.is_absolute() {
                here = PathBuf::from("/");
            }
            rest.extend(names(&target));
        } else {
            break;
        }
    }
    Ok(folders)
}

/// The names of a path, the last one first.
fn names(path: &Path) -> Vec<OsString> {
    let name = |component: Component<'_>| match component {
        Component::Normal(_) | Component::ParentDir => Some(component.as_os_str().to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_others_can_write_is_found_through_every_link() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        for name in ["mine", "open/deep", "links"] {
            fs::create_dir_all(dir.join(name)).unwrap();
        }
        fs::write(dir.join("open/deep/file"), "").unwrap();
        fs::write(dir.join("mine/file"), "").unwrap();
        symlink("../mine", dir.join("open/back")).unwrap();
        symlink("../open/back/file", dir.join("links/relative")).unwrap();
        symlink(dir.join("open/deep"), dir.join("links/folder")).unwrap();
        symlink("../mine/file", dir.join("links/good")).unwrap();
        symlink("loop", dir.join("links/loop")).unwrap();
        mode(&dir.join("open"), 0o777);
        let viewer = Viewer::this();
        let open = |name: &str| match viewer.check(&dir.join(name)) {
            Err(WayError::Open { folder, mode: 0o777 }) => folder == dir.join("open"),
            Ok(()) => false,
            Err(error) => panic!("{error}"),
        };
        for name in ["open/deep/file", "open/nothing", "links/relative", "links/folder/file"] {
            assert!(open(name), "{name}");
        }
        for name in ["mine/file", "mine/nothing", "mine/no/thing", "links/good"] {
            assert!(!open(name), "{name}");
        }
        assert!(matches!(viewer.check(&dir.join("links/loop")), Err(WayError::Io(_))));
        // As /tmp is: others can add there, and not replace.
        mode(&dir.join("open"), 0o1777);
        assert!(!open("open/deep/file"));
    }

    #[test]
    fn folders_of_others_are_not_trusted_and_roots_are() {
        let path = tempfile::tempdir().unwrap();
        let owner = fs::metadata(path.path()).unwrap().uid();
        let of = |user, nobody| Viewer { user, group: None, nobody };
        // What is not root's is somebody's: for root, everything is its own.
        let stranger = of(owner + 4242, None);
        assert_eq!(stranger.trusts(owner), owner == 0);
        assert!(of(owner, None).check(path.path()).is_ok());
        assert!(!stranger.trusts(65534));
        assert!(of(1, Some(65534)).trusts(65534));
    }

    #[test]
    fn a_group_is_others_unless_it_is_the_users_own() {
        let viewer = Viewer { user: 1000, group: Some(1000), nobody: None };
        for (group, mode, open) in [
            (1000, 0o775, false),
            (100, 0o775, true),
            (100, 0o755, false),
            (0, 0o775, false),
            (1000, 0o777, true),
            (1000, 0o702, true),
        ] {
            assert_eq!(viewer.is_open(group, mode), open, "{group} {mode:o}");
        }
        assert!(Viewer { group: None, ..viewer }.is_open(1000, 0o775));
    }
}
