//! Opening the files that configure pager, with what must be known to trust them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

/// Nobody writes a mebibyte of settings: more than that is another file by mistake.
const MAX_SIZE: u64 = 1024 * 1024;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is nothing at that path.
    #[error("does not exist")]
    Missing,
    /// It is a symbolic link whose target does not exist.
    #[error("is a symbolic link to nothing")]
    DanglingLink,
    /// It is a symbolic link where none is followed.
    #[error("is a symbolic link, which is not followed here")]
    Link,
    /// It is a folder.
    #[error("is a folder, not a file")]
    Folder,
    /// It is a pipe, a device or a socket.
    #[error("is not a regular file")]
    NotRegular,
    /// It is larger than any such file could sensibly be.
    #[error("is larger than 1 MiB")]
    TooLarge,
    /// The kernel refused.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl From<Errno> for FileError {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// What the kernel says of an open file, so that nothing can change between look and use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The owner's numeric id.
    pub(crate) owner: u32,
    /// The group's numeric id.
    pub(crate) group: u32,
    /// The permission bits.
    pub(crate) mode: u32,
    /// Whether the path named a symbolic link.
    pub(crate) linked: bool,
}

impl Facts {
    /// Whether the file belongs to the user `me` or to root, who could read it in any case.
    pub(crate) fn is_owned_by(&self, me: u32) -> bool {
        self.owner == me || self.owner == 0
    }

    /// Whether the file may hold a secret of the user `me`, or else why not, to follow "a file that".
    pub(crate) fn may_hold_secret(&self, me: u32) -> Result<(), String> {
        let Self { owner, mode, linked, group: _ } = self;
        if *linked {
            // What a link leads to is often in a folder that is copied to other machines.
            return Err("is a symbolic link".into());
        }
        if !self.is_owned_by(me) {
            return Err(format!("belongs to uid {owner}"));
        }
        if mode & 0o077 != 0 {
            return Err(format!("others can read or change (mode {mode:04o})"));
        }
        Ok(())
    }
}

/// Whether a symbolic link in the last place of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    Follow,
    Refuse,
}

/// Reads a regular file whole.
pub(crate) fn read(path: &Path, links: Links) -> Result<(Vec<u8>, Facts), FileError> {
    // Opening without following first is what tells a link from a file without a race.
    let (fd, linked) = match open(path, OFlags::NOFOLLOW) {
        Ok(fd) => (fd, false),
        Err(Errno::LOOP) if links == Links::Follow => match open(path, OFlags::empty()) {
            Ok(fd) => (fd, true),
            Err(Errno::NOENT) => return Err(FileError::DanglingLink),
            Err(errno) => return Err(errno.into()),
        },
        Err(Errno::LOOP) => return Err(FileError::Link),
        Err(Errno::NOENT) => return Err(FileError::Missing),
        Err(Errno::NXIO) => return Err(FileError::NotRegular),
        Err(errno) => return Err(errno.into()),
    };
    let stat = rustix::fs::fstat(&fd)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(FileError::Folder),
        _ => return Err(FileError::NotRegular),
    }
    let mut bytes = Vec::new();
    File::from(fd).take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(FileError::TooLarge);
    }
    Ok((
        bytes,
        Facts { owner: stat.st_uid, group: stat.st_gid, mode: stat.st_mode & 0o7777, linked },
    ))
}

fn open(path: &Path, flags: OFlags) -> rustix::io::Result<rustix::fd::OwnedFd> {
    // NONBLOCK: a pipe in the file's place must be an error, not a daemon that hangs at its start.
    let always = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    rustix::fs::open(path, always | flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_only_taken_from_a_file_that_is_the_users_alone() {
        let verdict = |owner, mode, linked| {
            Facts { owner, group: 1000, mode, linked }
                .may_hold_secret(1000)
                .err()
                .unwrap_or("yes".into())
        };
        assert_eq!(verdict(1000, 0o600, false), "yes");
        assert_eq!(verdict(1000, 0o400, false), "yes");
        assert_eq!(verdict(0, 0o600, false), "yes");
        assert_eq!(verdict(1000, 0o600, true), "is a symbolic link");
        assert_eq!(verdict(1001, 0o600, false), "belongs to uid 1001");
        for mode in [0o601, 0o602, 0o604, 0o610, 0o620, 0o640, 0o644, 0o666] {
            let why = format!("others can read or change (mode {mode:04o})");
            assert_eq!(verdict(1000, mode, false), why);
        }
    }
}
