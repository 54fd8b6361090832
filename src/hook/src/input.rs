//! Standard input, which the agent writes.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use pager_proto::MAX_BODY;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::stdio::stdin;

use crate::STEP;
use crate::watch::{Watch, Woken};

/// How long the agent may fall silent in the middle of an event.
const SILENCE: Duration = Duration::from_secs(5);

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// Why the event cannot be carried any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There is no daemon, or it takes nothing.
    NoDaemon,
    /// The event is larger than the protocol carries.
    TooLarge,
    /// The agent stopped writing, or standard input cannot be read.
    NoInput,
    /// A signal told the hook to end.
    Terminated,
}

/// Appends what the agent wrote next, at most `room` bytes, and tells how many; zero is the end.
pub(crate) fn read(buffer: &mut Vec<u8>, room: usize, watch: &Watch) -> Result<usize, Stop> {
    let stdin = stdin();
    match watch.wait(Some((stdin.as_fd(), PollFlags::IN)), Some(SILENCE)) {
        Woken::Ready(_) => {}
        Woken::TimedOut => return Err(Stop::NoInput),
        Woken::Ended(_) => return Err(Stop::Terminated),
    }
    let before = buffer.len();
    buffer.resize(before + room.min(PIECE), 0);
    let read = loop {
        match rustix::io::read(stdin, &mut buffer[before..]) {
            Ok(read) => break read,
            Err(Errno::INTR) => {}
            Err(_) => return Err(Stop::NoInput),
        }
    };
    buffer.truncate(before + read);
    Ok(read)
}

/// Reads what is left and throws it away, as long as that costs the agent next to no time.
///
/// Who leaves without reading gives the agent a broken pipe, which some report as a failed hook.
pub(crate) fn drain() {
    let watch = Watch::nothing();
    let mut sink = Vec::new();
    let (end, mut drained) = (Instant::now() + STEP, 0);
    while drained <= MAX_BODY {
        let left = end.saturating_duration_since(Instant::now());
        let stdin = stdin();
        let Woken::Ready(_) = watch.wait(Some((stdin.as_fd(), PollFlags::IN)), Some(left)) else {
            return;
        };
        sink.resize(PIECE, 0);
        match rustix::io::read(stdin, &mut sink[..]) {
            Ok(0) | Err(_) => return,
            Ok(read) => drained += read,
        }
    }
}
