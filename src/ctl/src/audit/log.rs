//! Which files the log has.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pager_config::paths::Paths;
use pager_core::audit::first_in_rotated;

use crate::failure::Failure;
use crate::output::shown;

/// The log's file in the state folder.
const NAME: &str = "audit.jsonl";
/// No line of a log is longer: a summary has 500 characters, and the other members are short.
pub(super) const LINE_MAX: usize = 1 << 20;

/// The files of a log, in the order of their records.
#[derive(Debug)]
pub(crate) struct Log {
    /// The path of the one that is written to.
    pub(crate) path: PathBuf,
    pub(crate) files: Vec<LogFile>,
    /// Whether the one that is written to is there; it is the last of the files then.
    pub(crate) current: bool,
}

/// One file, as it was when the log was opened.
#[derive(Debug)]
pub(crate) struct LogFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// Kept open where its name may soon be another file's.
    open: Option<Arc<File>>,
}

impl Log {
    /// The path of the log in this folder, or of this file, or of the user's own.
    pub(crate) fn path(place: Option<&Path>) -> Result<PathBuf, Failure> {
        Ok(match place {
            Some(place) if place.is_dir() => place.join(NAME),
            Some(place) => place.to_owned(),
            None => Paths::from_env().state_dir().map_err(Failure::failed)?.join(NAME),
        })
    }

    /// Finds the files of the log with this path.
    pub(crate) fn find(path: &Path) -> Result<Self, Failure> {
        Self::open(path)
            .map_err(|error| Failure::failed(format!("cannot read {}: {error}", shown(path))))
    }

    fn open(path: &Path) -> io::Result<Self> {
        // First: should a new file be begun right now, the full one is seen under either name.
        let current = match File::open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
        let own = current.as_ref().map(File::metadata).transpose()?;
        if own.as_ref().is_some_and(|own| !own.is_file()) {
            return Err(io::Error::other("it is not a regular file"));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut full = Vec::new();
        for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
            let entry = entry?;
            let name = entry.file_name();
            let first = name.to_str().and_then(|name| first_in_rotated(&stem, name));
            let Some(first) = first else { continue };
            let metadata = entry.metadata()?;
            if metadata.is_file() && own.as_ref().map(identity) != Some(identity(&metadata)) {
                let path = path.with_file_name(name);
                full.push((first, LogFile { path, bytes: metadata.len(), open: None }));
            }
        }
        full.sort_by_key(|(first, _)| *first);
        let mut files: Vec<_> = full.into_iter().map(|(_, file)| file).collect();
        if let Some((file, metadata)) = current.zip(own) {
            files.push(LogFile {
                path: path.to_owned(),
                bytes: metadata.len(),
                open: Some(Arc::new(file)),
            });
            return Ok(Self { path: path.to_owned(), files, current: true });
        }
        if files.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Self { path: path.to_owned(), files, current: false })
    }

    /// Reads every line of the log in turn, until `see` breaks off; one that is too long comes cut.
    pub(crate) fn each_line<B>(
        &self,
        mut see: impl FnMut(Place, &[u8]) -> ControlFlow<B>,
    ) -> io::Result<Option<B>> {
        for (file, log) in self.files.iter().enumerate() {
            let mut reader = log.read_from(0)?;
            let mut line = Vec::new();
            for number in 1.. {
                line.clear();
                (&mut reader).take(LINE_MAX as u64).read_until(b'\n', &mut line)?;
                if line.len() == LINE_MAX && !line.ends_with(b"\n") {
                    reader.skip_until(b'\n')?;
                }
                if line.is_empty() {
                    break;
                }
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                if let ControlFlow::Break(found) = see(Place { file, line: number }, text) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }
}

impl LogFile {
    /// The file, to be read at any place.
    pub(super) fn file(&self) -> io::Result<Arc<File>> {
        match &self.open {
            Some(file) => Ok(Arc::clone(file)),
            None => File::open(&self.path).map(Arc::new),
        }
    }

    /// The same, to be read in turn from a place on.
    pub(super) fn read_from(&self, at: u64) -> io::Result<BufReader<From>> {
        Ok(BufReader::with_capacity(256 << 10, From { file: self.file()?, at }))
    }
}

/// A file read from a place of our own: an open one is shared.
#[derive(Debug)]
pub(super) struct From {
    file: Arc<File>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

/// A line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Which file, from 0.
    pub(crate) file: usize,
    /// Which line of it, from 1.
    pub(crate) line: u64,
}
