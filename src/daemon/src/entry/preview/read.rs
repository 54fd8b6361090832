//! Reading a file that an agent names, without being held up by what it is.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

/// The largest file that is read.
const FILE_MAX: u64 = 4 << 20;

/// A file's text, and where the file really is.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) real: PathBuf,
}

/// Why a file's text cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unseen {
    #[error("it does not exist")]
    Missing {
        /// Where a link leads that stands in its place.
        link: Option<PathBuf>,
    },
    #[error("it is not a regular file")]
    Special,
    #[error("it is larger than {} MiB", FILE_MAX >> 20)]
    Large,
    #[error("it is not text")]
    Binary,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<Errno> for Unseen {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// Reads a text file.
pub(super) fn text(path: &Path) -> Result<Found, Unseen> {
    let place = match rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
        Ok(place) => place,
        Err(Errno::NOENT | Errno::NOTDIR) => {
            return Err(Unseen::Missing { link: std::fs::read_link(path).ok() });
        }
        Err(errno) => return Err(errno.into()),
    };
    // What it is, is known before it is opened: to open a device may do something.
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode);
    if kind != FileType::RegularFile {
        return Err(Unseen::Special);
    }
    let real = PathBuf::from(format!("/proc/self/fd/{}", place.as_raw_fd()));
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file: OwnedFd = rustix::fs::open(&real, flags, Mode::empty())?;
    let mut bytes = Vec::new();
    File::from(file).take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(Unseen::Large);
    }
    let text = String::from_utf8(bytes).map_err(|_| Unseen::Binary)?;
    if text.contains('\0') {
        return Err(Unseen::Binary);
    }
    Ok(Found { text, real: std::fs::read_link(&real)? })
}
