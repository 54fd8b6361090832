//! A person's terminal: a pseudo-terminal with a program in it, typed at and read.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Long enough for a loaded machine; only a test that has failed waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program and the terminal that controls it.
#[derive(Debug)]
pub struct Terminal {
    master: File,
    child: Child,
    seen: String,
    /// What `expect` has already gone past.
    past: usize,
}

impl Terminal {
    /// Starts `program`, with the terminal as its controlling one. `prepare` adds arguments and
    /// environment; neither is there by itself.
    ///
    /// # Errors
    /// There is no terminal to be had, or the program cannot be started.
    pub fn start(program: &Path, prepare: impl FnOnce(&mut Command)) -> anyhow::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?.into_string()?;
        let flags = OFlags::NOCTTY.bits().cast_signed();
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options.read(true).write(true), flags);
        let slave: OwnedFd = options.open(name)?.into();
        // A session of its own with this terminal, as a login shell has it. `setsid`
        // becomes the program, so that the child is the program itself.
        let mut command = Command::new("setsid");
        command.args(["--ctty"]).arg(program).env_clear().env("PATH", "/usr/bin:/bin");
        prepare(&mut command);
        let child = command
            .stdin(slave.try_clone()?)
            .stdout(slave.try_clone()?)
            .stderr(slave)
            .spawn()
            .context("setsid, of util-linux")?;
        Ok(Self { master: master.into(), child, seen: String::new(), past: 0 })
    }

    /// Reads until `text` is on the screen, behind what was expected before; gives what came with it
    /// and before it.
    ///
    /// # Errors
    /// It does not come.
    pub fn expect(&mut self, text: &str) -> anyhow::Result<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen[self.past..].find(text) {
                let from = self.past;
                self.past += at + text.len();
                return Ok(self.seen[from..self.past].to_owned());
            }
            if !self.read(end)? {
                bail!("{text:?} never came; on the screen:\n{}", self.seen);
            }
        }
    }

    /// Types.
    ///
    /// # Errors
    /// The terminal's.
    pub fn send(&mut self, keys: &str) -> anyhow::Result<()> {
        Ok(self.master.write_all(keys.as_bytes())?)
    }

    /// Waits for the program's end; gives its status, and all that was on the screen.
    ///
    /// # Errors
    /// It does not end.
    pub fn end(mut self) -> anyhow::Result<(ExitStatus, String)> {
        let end = Instant::now() + PATIENCE;
        while self.read(end)? {}
        let status = self.child.wait()?;
        Ok((status, std::mem::take(&mut self.seen)))
    }

    /// Reads what is there, or comes before `end`; `false` once nobody can write any more.
    fn read(&mut self, end: Instant) -> anyhow::Result<bool> {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left)?;
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        if poll(&mut fds, Some(&timeout))? == 0 {
            bail!("nothing more comes; on the screen:\n{}", self.seen);
        }
        let mut piece = [0; 4096];
        match self.master.read(&mut piece) {
            Ok(0) => Ok(false),
            Ok(length) => {
                self.seen.push_str(&String::from_utf8_lossy(&piece[..length]));
                Ok(true)
            }
            // What Linux says of a terminal that nobody has open any more.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Hanging up, which closing the terminal does, ends what still runs in it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
