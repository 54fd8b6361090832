//! Following what a program prints, so that a test waits for what happens instead of asking again.

use std::collections::VecDeque;
use std::io::Read;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};

use super::LIMIT;
use super::run::shown;

/// The output of a running program, piece by piece as it comes.
pub(super) struct Chunks {
    child: Child,
    chunks: Receiver<Vec<u8>>,
    shown: String,
}

impl Chunks {
    pub(super) fn of(mut command: Command) -> Result<Self> {
        let shown = shown(&command);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("running {shown}"))?;
        let stdout = child.stdout.take().context("standard output was not piped")?;
        let (sender, chunks) = channel();
        std::thread::Builder::new()
            .name("follow".into())
            .spawn(move || pass_on(stdout, &sender))?;
        Ok(Self { child, chunks, shown })
    }

    /// The next piece.
    pub(super) fn next(&self) -> Result<Vec<u8>> {
        self.chunks
            .recv_timeout(LIMIT)
            .map_err(|error| anyhow!("nothing more from {}: {error}", self.shown))
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        // The way in must outlive the program inside and collect it: an orphan would be no child
        // of the booted system's first process, which then waits ten seconds at its shutdown.
        let inside = children(self.child.id());
        let killed = inside.iter().filter(|pid| kill_process(**pid, Signal::KILL).is_ok()).count();
        let ended = if killed == 0 { self.child.kill() } else { Ok(()) };
        if ended.and_then(|()| self.child.wait().map(drop)).is_err() {
            eprintln!("{} could not be ended", self.shown);
        }
    }
}

fn children(parent: u32) -> Vec<Pid> {
    let list = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let list = list.unwrap_or_default();
    list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

fn pass_on(mut stdout: ChildStdout, sender: &Sender<Vec<u8>>) {
    let mut buffer = [0; 16384];
    while let Ok(length @ 1..) = stdout.read(&mut buffer) {
        if sender.send(buffer[..length].to_vec()).is_err() {
            return;
        }
    }
}

/// The output of a running program, line by line as it comes.
pub struct Lines {
    chunks: Chunks,
    unfinished: Vec<u8>,
    lines: VecDeque<String>,
}

impl Lines {
    /// Starts following.
    ///
    /// # Errors
    /// Where the program cannot be run.
    pub fn of(command: Command) -> Result<Self> {
        Ok(Self { chunks: Chunks::of(command)?, unfinished: Vec::new(), lines: VecDeque::new() })
    }

    /// The next line.
    ///
    /// # Errors
    /// Where the program ends, or says nothing for [`LIMIT`].
    pub fn line(&mut self) -> Result<String> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(line);
            }
            self.unfinished.extend(self.chunks.next()?);
            while let Some(end) = self.unfinished.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unfinished.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line[..end]).into_owned();
                self.lines.push_back(line);
            }
        }
    }

    /// Reads on until `found` finds what it looks for in a line, and returns that.
    ///
    /// # Errors
    /// Where it never comes, naming the lines that did.
    pub fn wait<T>(&mut self, what: &str, mut found: impl FnMut(&str) -> Option<T>) -> Result<T> {
        let mut passed = Vec::new();
        loop {
            let line = self.line().with_context(|| {
                let passed: Vec<String> = std::mem::take(&mut passed);
                format!("waiting for {what}, after:\n{}", passed.join("\n"))
            })?;
            if let Some(it) = found(&line) {
                return Ok(it);
            }
            passed.push(line);
        }
    }
}
