//! What the journal says of pager, by journalctl(1): within a bound of time and of size.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long reading may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// No more of it is kept.
const MOST: usize = 16 * 1024 * 1024;

const ARGUMENTS: [&str; 7] = [
    "--user",
    "--user-unit=pager*",
    "--since=-7d",
    "--lines=20000",
    "--output=json",
    "--no-pager",
    "--quiet",
];

/// A child that does not outlive its use.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It has ended of itself, as a rule.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The last of what pager's units have written, one JSON object a line.
pub(super) fn read(journalctl: &Path) -> io::Result<String> {
    let child = Command::new(journalctl)
        .args(ARGUMENTS)
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut child = Ended(child);
    let Some(mut out) = child.0.stdout.take() else { return Err(io::Error::other("no output")) };
    let until = Instant::now() + PATIENCE;
    let mut text = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        let ready = poll(&mut [PollFd::new(&out, PollFlags::IN)], Some(&timeout))?;
        if ready == 0 {
            return Err(io::Error::other("journalctl takes too long"));
        }
        let count = out.read(&mut piece)?;
        if count == 0 {
            break;
        }
        text.extend_from_slice(piece.get(..count).unwrap_or_default());
        if text.len() > MOST {
            return Err(io::Error::other("there is more of it than 16 MiB"));
        }
    }
    let status = child.0.wait()?;
    if status.success() {
        Ok(String::from_utf8_lossy(&text).into_owned())
    } else {
        Err(io::Error::other(format!("journalctl ended with {status}")))
    }
}
