//! Files beneath a folder, and no others: no link is followed, no other file system entered, nothing
//! opened that is not a plain file.
//!
//! A path is resolved once, by the kernel, and what was found is worked on from then on by its
//! descriptor: whoever swaps a folder for a link in the meantime has swapped it for nobody.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

/// Beneath the folder, by no link of any kind, and in the file system the folder is in: beyond it are
/// `/proc`, devices, and servers that may hang.
const RESOLVE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// How often the kernel is asked again that had to give up as something was just being renamed.
const ATTEMPTS: usize = 64;

/// Why something is not read or written.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The kernel cannot be told to stay beneath a folder.
    #[error("this kernel cannot open files safely: it lacks openat2, of Linux 5.6")]
    Kernel,
    /// The folder itself cannot be opened.
    #[error("the session's folder cannot be opened: {0}")]
    Folder(io::Error),
    /// There is no such file.
    #[error("it does not exist")]
    Missing,
    /// The folder it is to be put into is none.
    #[error("the folder it would be in does not exist; make it first")]
    NoParent,
    /// It is a link, or its path has one.
    #[error("it is a symbolic link, or reached through one")]
    Link,
    /// It is in another file system.
    #[error("it is on another file system than the session's folder")]
    Elsewhere,
    /// It is a folder.
    #[error("it is a folder")]
    IsFolder,
    /// It is a device, a pipe or a socket.
    #[error("it is not a regular file")]
    Special,
    /// It has another name, which may be anywhere.
    #[error("it is a hard link: the same file has another name somewhere")]
    Linked,
    /// It is larger than it may be.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    /// Something is there already.
    #[error("there is a file of that name already")]
    Exists,
    /// The disk is full, or the person's share of it.
    #[error("there is no room for it on the disk")]
    Full,
    /// Anything else.
    #[error("{0}")]
    Io(io::Error),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOSYS => Self::Kernel,
            Errno::NOENT | Errno::NOTDIR => Self::Missing,
            Errno::LOOP => Self::Link,
            Errno::XDEV => Self::Elsewhere,
            Errno::ISDIR => Self::IsFolder,
            Errno::EXIST => Self::Exists,
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Self::Full,
            errno => Self::Io(errno.into()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Errno::from_io_error(&error).map_or(Self::Io(error), Self::from)
    }
}

/// A folder that was opened.
#[derive(Debug)]
pub struct Folder {
    place: OwnedFd,
}

impl Folder {
    /// Opens a folder. Its own path may have links: it is where an agent works.
    ///
    /// # Errors
    /// [`Failure::Folder`], [`Failure::Kernel`].
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if !path.is_absolute() {
            // It would be one of the daemon's own.
            return Err(Failure::Folder(io::ErrorKind::NotFound.into()));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match open(rustix::fs::CWD, path, flags, ResolveFlags::NO_MAGICLINKS) {
            Ok(place) => Ok(Self { place }),
            Err(Errno::NOSYS) => Err(Failure::Kernel),
            Err(errno) => Err(Failure::Folder(errno.into())),
        }
    }

    /// Where the folder really is.
    ///
    /// # Errors
    /// [`Failure::Io`].
    pub fn real(&self) -> Result<PathBuf, Failure> {
        real(&self.place)
    }

    /// Finds a file, without opening it yet: to open a device or a pipe may do something.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn find(&self, path: &Path) -> Result<Found, Failure> {
        let place = open(&self.place, path, OFlags::PATH | OFlags::CLOEXEC, RESOLVE)?;
        let stat = rustix::fs::fstat(&place)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return Err(Failure::IsFolder),
            _ => return Err(Failure::Special),
        }
        if stat.st_nlink != 1 {
            return Err(Failure::Linked);
        }
        Ok(Found { place, size: u64::try_from(stat.st_size).unwrap_or(0) })
    }

    /// Begins a file that is to get this name. Nobody sees it under that name, or at all where the
    /// file system can keep it nameless, before [`Draft::keep`].
    ///
    /// # Errors
    /// [`Failure`].
    pub fn draft(&self, path: &Path) -> Result<Draft, Failure> {
        let Some(name) = path.file_name() else { return Err(Failure::Missing) };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => open(&self.place, parent, flags, RESOLVE),
            None => open(&self.place, Path::new("."), flags, RESOLVE),
        };
        let folder = folder.map_err(|errno| match Failure::from(errno) {
            Failure::Missing => Failure::NoParent,
            failure => failure,
        })?;
        let (file, temporary) = begin(&folder)?;
        Ok(Draft { folder, name: name.into(), file, temporary })
    }
}

/// A regular file that has no other name.
#[derive(Debug)]
pub struct Found {
    place: OwnedFd,
    size: u64,
}

impl Found {
    /// How many bytes it had when it was found.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where it really is.
    ///
    /// # Errors
    /// [`Failure::Io`].
    pub fn real(&self) -> Result<PathBuf, Failure> {
        real(&self.place)
    }

    /// Reads the whole of it, which may have grown since.
    ///
    /// # Errors
    /// [`Failure::TooLarge`] beyond `max` bytes; [`Failure::Io`].
    pub fn read(&self, max: u64) -> Result<Vec<u8>, Failure> {
        if self.size > max {
            return Err(Failure::TooLarge(max));
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        // The descriptor itself, whatever its path leads to by now.
        let file = File::from(rustix::fs::open(by_number(&self.place), flags, Mode::empty())?);
        let mut bytes = Vec::new();
        file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max {
            return Err(Failure::TooLarge(max));
        }
        Ok(bytes)
    }
}

/// A file in the making. Dropped before it is kept, it never was.
#[derive(Debug)]
pub struct Draft {
    folder: OwnedFd,
    name: PathBuf,
    file: File,
    /// Its name until it is kept, where it has one.
    temporary: Option<String>,
}

impl Draft {
    /// Where the file will be, really.
    ///
    /// # Errors
    /// [`Failure::Io`].
    pub fn real(&self) -> Result<PathBuf, Failure> {
        Ok(real(&self.folder)?.join(&self.name))
    }

    /// Whether something has the name already.
    pub fn is_taken(&self) -> bool {
        rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Gives the file its name, all of it at once and durably. With `overwrite` it takes the place of
    /// a regular file that has the name.
    ///
    /// # Errors
    /// [`Failure`]; nothing is there then that was not there before.
    pub fn keep(mut self, overwrite: bool) -> Result<(), Failure> {
        self.file.sync_all()?;
        if overwrite {
            match rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                    FileType::RegularFile => {}
                    FileType::Directory => return Err(Failure::IsFolder),
                    FileType::Symlink => return Err(Failure::Link),
                    _ => return Err(Failure::Special),
                },
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
            if self.temporary.is_none() {
                let name = temporary_name()?;
                self.link(&name)?;
                self.temporary = Some(name);
            }
        }
        match &self.temporary {
            None => self.link(&self.name)?,
            Some(temporary) if overwrite => {
                rustix::fs::renameat(&self.folder, temporary, &self.folder, &self.name)?;
            }
            Some(temporary) => rustix::fs::renameat_with(
                &self.folder,
                temporary,
                &self.folder,
                &self.name,
                RenameFlags::NOREPLACE,
            )?,
        }
        self.temporary = None;
        rustix::fs::fsync(&self.folder)?;
        Ok(())
    }

    /// Names the nameless file, if nothing has the name.
    fn link(&self, name: impl AsRef<Path>) -> Result<(), Errno> {
        let (nameless, flags) = (by_number(&self.file), AtFlags::SYMLINK_FOLLOW);
        rustix::fs::linkat(rustix::fs::CWD, &nameless, &self.folder, name.as_ref(), flags)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(name) = &self.temporary {
            // What is left otherwise says by its name what it is.
            let _gone = rustix::fs::unlinkat(&self.folder, name, AtFlags::empty());
        }
    }
}

/// A new file in the folder: nameless, or where the file system cannot do that under a name that
/// nothing else has.
fn begin(folder: &OwnedFd) -> Result<(File, Option<String>), Failure> {
    let mode = Mode::RUSR | Mode::WUSR;
    let nameless = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::openat(folder, ".", nameless, mode) {
        Ok(file) => return Ok((file.into(), None)),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {}
        Err(errno) => return Err(errno.into()),
    }
    let name = temporary_name()?;
    let new = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, &name, new, mode)?;
    Ok((file.into(), Some(name)))
}

fn temporary_name() -> Result<String, Failure> {
    let mut random = [0; 8];
    rustix::rand::getrandom(&mut random[..], rustix::rand::GetRandomFlags::empty())?;
    Ok(format!(".pager-{:016x}.part", u64::from_ne_bytes(random)))
}

/// The file of a descriptor, by its own place in `/proc`.
fn by_number(file: &impl AsRawFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn real(place: &OwnedFd) -> Result<PathBuf, Failure> {
    Ok(std::fs::read_link(by_number(place))?)
}

fn open<F: std::os::fd::AsFd>(
    folder: F,
    path: &Path,
    flags: OFlags,
    resolve: ResolveFlags,
) -> Result<OwnedFd, Errno> {
    let folder: BorrowedFd<'_> = folder.as_fd();
    let mut attempts = 0;
    loop {
        match rustix::fs::openat2(folder, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN) if attempts < ATTEMPTS => attempts += 1,
            opened => return opened,
        }
    }
}

#[cfg(test)]
mod tests;
