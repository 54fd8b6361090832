//! The log's files: opened so that nothing else is written, and read from their ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_core::audit::{self, Entry, Head};
use rustix::fs::{FlockOperation, OFlags, flock};

/// How much of a file's end is looked at first; more where that is not enough.
const WINDOW: u64 = 256 << 10;

/// A record found at a file's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The head with it.
    pub(super) head: Head,
    /// What kind of record it is.
    pub(super) event: String,
}

/// Opens a file of the log for reading and appending, and takes it for this process alone.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).custom_flags(flags()).open(path)?;
    own(&file)?;
    Ok(file)
}

/// The same where there may be none.
pub(super) fn open_existing(path: &Path) -> io::Result<Option<File>> {
    match open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a new file with this text, on the disk when it returns.
pub(super) fn create(path: &Path, text: &[u8]) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create_new(true).mode(0o600).custom_flags(flags());
    let mut file = options.open(path)?;
    own(&file)?;
    file.write_all(text)?;
    file.sync_all()?;
    Ok(file)
}

/// No link is followed, and a pipe of that name is not waited at.
fn flags() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed()
}

fn own(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        let why = format!("it belongs to uid {}, not to you", metadata.uid());
        return Err(io::Error::other(why));
    }
    if metadata.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => io::Error::other("another program has locked it"),
        error => error.into(),
    })
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Makes what was linked, renamed and created in the folder of `path` outlive a power cut.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// A name beside the log, not taken yet.
pub(super) fn aside(path: &Path, why: &str) -> PathBuf {
    let stamp = Timestamp::now().as_millisecond();
    path.with_extension(format!("{why}-{stamp}.jsonl"))
}

/// Where the next file of the log is made, before it takes the place of the full one.
pub(super) fn next(path: &Path) -> PathBuf {
    path.with_extension("jsonl.new")
}

/// Where the full file that begins with this record goes.
pub(super) fn full(path: &Path, first: u64) -> PathBuf {
    path.with_file_name(audit::rotated_name(&stem(path), first))
}

/// The latest of the full files; `current` is not one of them, though it may have a full one's name
/// already.
pub(super) fn latest_full(path: &Path, current: Option<&File>) -> io::Result<Option<PathBuf>> {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let current = current.map(File::metadata).transpose()?.map(identity);
    let mut latest = None;
    for entry in fs::read_dir(path.parent().unwrap_or(Path::new(".")))? {
        let entry = entry?;
        let name = entry.file_name();
        let first = name.to_str().and_then(|name| audit::first_in_rotated(&stem(path), name));
        let Some(first) = first else { continue };
        let metadata = entry.metadata()?;
        if metadata.is_file() && Some(identity(metadata)) != current {
            latest = latest.max(Some((first, entry.path())));
        }
    }
    Ok(latest.map(|(_, path)| path))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Moves what follows the last line break, left by a power cut, to a file of its own.
pub(super) fn set_torn_line_aside(path: &Path, file: &File) -> io::Result<Option<PathBuf>> {
    let length = file.metadata()?.len();
    let (start, bytes) = tail(file, |bytes| bytes.contains(&b'\n'))?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole == bytes.len() {
        return Ok(None);
    }
    let to = aside(path, "torn");
    create(&to, &bytes[whole..])?;
    sync_folder(path)?;
    file.set_len(start + whole as u64)?;
    file.sync_all()?;
    debug_assert_eq!(start + bytes.len() as u64, length);
    Ok(Some(to))
}

/// The records at a file's end, back to `expected` if it is there; some before it as well.
pub(super) fn last_records(file: &File, expected: &Head) -> io::Result<Vec<Found>> {
    let (start, bytes) = tail(file, |bytes| {
        let mut lines = bytes.split(|byte| *byte == b'\n').skip(1);
        lines.find_map(found).is_some_and(|found| found.head.seq <= expected.seq)
    })?;
    // Elsewhere the piece begins within a line.
    let skipped = usize::from(start > 0);
    Ok(bytes.split(|byte| *byte == b'\n').skip(skipped).filter_map(found).collect())
}

/// The first record of a file.
pub(super) fn first_record(file: &File) -> io::Result<Option<Found>> {
    let mut bytes = vec![0; usize::try_from(WINDOW).unwrap_or(usize::MAX)];
    let length = file.read_at(&mut bytes, 0)?;
    Ok(bytes[..length].split(|byte| *byte == b'\n').next().and_then(found))
}

fn found(line: &[u8]) -> Option<Found> {
    let entry = Entry::read(line).ok()?;
    Some(Found { head: entry.head(), event: entry.event.into_owned() })
}

/// So much of a file's end that it is enough, with the place where that begins.
fn tail(file: &File, enough: impl Fn(&[u8]) -> bool) -> io::Result<(u64, Vec<u8>)> {
    let length = file.metadata()?.len();
    let mut window = WINDOW;
    loop {
        let start = length.saturating_sub(window);
        let mut bytes = vec![0; usize::try_from(length - start).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, start)?;
        if start == 0 || enough(&bytes) {
            return Ok((start, bytes));
        }
        window *= 4;
    }
}
