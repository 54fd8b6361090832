//! A piece of a file, with the lines that begin in it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use pager_core::audit::{Block, Broken, Fault, check_block};

use super::log::LINE_MAX;

/// How much is read at once, by each of the threads.
pub(super) const PIECE: u64 = 4 << 20;

/// What was found in a piece.
#[derive(Debug)]
pub(super) struct Found {
    /// Where its first line begins.
    pub(super) start: u64,
    pub(super) block: Block,
}

/// Why a line is not part of the chain before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is broken, or follows another record.
    Line(Fault),
    /// It is the file's last and has no end.
    Torn,
}

/// A place to read pieces into, one after the other.
#[derive(Debug, Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
}

impl Reader {
    /// Checks the lines that begin within `range` of a file; none may begin there. `whole` is where
    /// the file ends.
    pub(super) fn check(
        &mut self,
        file: &File,
        range: Range<u64>,
        whole: u64,
        wanted: &[u64],
    ) -> io::Result<Option<(Found, Option<Flaw>)>> {
        let at = range.start.saturating_sub(1);
        self.bytes.clear();
        self.read(file, at, range.end - at)?;
        // A line begins after the line break before it, which may be the byte before the piece.
        let skipped = if range.start == 0 {
            0
        } else {
            match memchr::memchr(b'\n', &self.bytes) {
                Some(at) => at + 1,
                None => return Ok(None),
            }
        };
        let mut torn = false;
        if self.bytes.len() > skipped && !self.bytes.ends_with(b"\n") {
            let end = at + self.bytes.len() as u64;
            let found = self.finish_line(file, end)?;
            torn = !found && at + self.bytes.len() as u64 >= whole;
        }
        let mut piece = &self.bytes[skipped..];
        if torn {
            piece = &piece[..memchr::memrchr(b'\n', piece).map_or(0, |at| at + 1)];
        }
        if piece.is_empty() && !torn {
            return Ok(None);
        }
        let block = check_block(piece, wanted, digest);
        let flaw = match &block.fault {
            Some(fault) => Some(Flaw::Line(shorten(fault, &piece[block.bytes..]))),
            None => torn.then_some(Flaw::Torn),
        };
        Ok(Some((Found { start: at + skipped as u64, block }, flaw)))
    }

    /// Reads on to the end of the last line, or as far as a line may reach. A daemon may just be
    /// writing, so this may be more than the file had.
    fn finish_line(&mut self, file: &File, end: u64) -> io::Result<bool> {
        let before = self.bytes.len();
        self.read(file, end, LINE_MAX as u64)?;
        match memchr::memchr(b'\n', &self.bytes[before..]) {
            Some(at) => {
                self.bytes.truncate(before + at + 1);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Appends so many bytes from this place, or all there are.
    fn read(&mut self, file: &File, at: u64, length: u64) -> io::Result<()> {
        let before = self.bytes.len();
        self.bytes.resize(before + usize::try_from(length).map_err(io::Error::other)?, 0);
        let mut filled = before;
        while filled < self.bytes.len() {
            match file.read_at(&mut self.bytes[filled..], at + (filled - before) as u64) {
                Ok(0) => break,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(filled);
        Ok(())
    }
}

/// Twice as fast as the one of pager-core on processors without instructions for it.
fn digest(content: &[u8], end: &[u8]) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(content);
    context.update(end);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// Of a line that is too long to be a record this is what is to be said.
fn shorten(fault: &Fault, rest: &[u8]) -> Fault {
    let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    if line < LINE_MAX {
        return fault.clone();
    }
    Fault::Broken(Broken::NotARecord("it is longer than any record".to_owned()))
}
