//! A folder for evidence: nobody else reads it, and no link leads out of it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};
use sha2::{Digest, Sha256};

use crate::faults::{self, Point};

/// The folder, and the digests of what is in it.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
    sums: String,
}

/// More of one second's bundles are never made.
const SAME_SECOND: u32 = 100;

impl Folder {
    /// Makes a new folder of that name in `evidence/` beneath the state.
    pub(super) fn make(state_dir: &Path, name: &str) -> io::Result<Self> {
        faults::write(Point::Bundle)?;
        let state = open_folder(rustix::fs::CWD, state_dir)?;
        match rustix::fs::mkdirat(&state, "evidence", Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let all = open_folder(&state, "evidence")?;
        rustix::fs::fchmod(&all, Mode::RWXU)?;
        for n in 1..SAME_SECOND {
            let name = if n == 1 { name.to_owned() } else { format!("{name}-{n}") };
            match rustix::fs::mkdirat(&all, &name, Mode::RWXU) {
                Ok(()) => {
                    let fd = open_folder(&all, &name)?;
                    let path = state_dir.join("evidence").join(name);
                    return Ok(Self { fd, path, sums: String::new() });
                }
                Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::other("there are too many of this second"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a file, whole or not at all.
    pub(super) fn add(&mut self, name: &str, content: impl Read) -> io::Result<()> {
        let digest = self.write(name, content).inspect_err(|_| {
            // Where nothing was made there is nothing to take away.
            rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()).ok();
        })?;
        self.sums.push_str(&format!("{digest}  {name}\n"));
        Ok(())
    }

    fn write(&self, name: &str, mut content: impl Read) -> io::Result<String> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file =
            File::from(rustix::fs::openat(&self.fd, name, flags | OFlags::CLOEXEC, mode)?);
        faults::write(Point::Bundle)?;
        let mut digest = Sha256::new();
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = content.read(&mut piece)?;
            let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
            digest.update(read);
            file.write_all(read)?;
        }
        file.sync_all()?;
        Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Adds the digests of all that was added, as sha256sum(1) checks them.
    pub(super) fn seal(mut self) -> io::Result<()> {
        let sums = std::mem::take(&mut self.sums);
        self.add("SHA256SUMS", sums.as_bytes())?;
        rustix::fs::fsync(&self.fd)?;
        Ok(())
    }
}

fn open_folder(at: impl std::os::fd::AsFd, name: impl AsRef<Path>) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(at, name.as_ref(), flags, Mode::empty())?)
}

/// Opens a file of the state: one that is a file, and no link to one.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}
