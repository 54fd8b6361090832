//! The daemon with its fault points armed from the environment, to be tested in its place. It is
//! never installed.
//!
//! `PAGER_FAULT=<point>:<passage>:<what>`: at the point's passage of that number, from 1, the process
//! is killed (`kill`), or from then on so many passages meet a full disk (`full=<passages>`).

#![allow(clippy::unwrap_used, reason = "a wrong plan is to be seen at once")]

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pagerd::faults::{self, Point};
use rustix::process::Signal;
use signal_hook::consts::SIGXFSZ;

fn main() -> ExitCode {
    // A limit on the size of its files is to be met as a full disk is, by an error.
    signal_hook::flag::register(SIGXFSZ, Arc::default()).unwrap();
    if let Ok(plan) = std::env::var("PAGER_FAULT") {
        arm(&plan);
    }
    pagerd::program::run()
}

fn arm(plan: &str) {
    let mut parts = plan.split(':');
    let (name, first, what) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
    let wanted = Point::ALL.into_iter().find(|(_, known)| Some(*known) == name).unwrap().0;
    let first: u64 = first.parse().unwrap();
    let full: Option<u64> = what.strip_prefix("full=").map(|passages| passages.parse().unwrap());
    assert!(full.is_some() || what == "kill", "{what}: kill, or full=<passages>");
    let passed = AtomicU64::new(0);
    faults::arm(move |point| {
        if point != wanted {
            return Ok(());
        }
        let passage = passed.fetch_add(1, Ordering::Relaxed) + 1;
        match full {
            Some(passages) if (first..first + passages).contains(&passage) => {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            None if passage == first => die(),
            _ => Ok(()),
        }
    });
}

/// Dies as by SIGKILL from outside: nothing is flushed, closed or said.
fn die() -> ! {
    let killed = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
    unreachable!("alive after SIGKILL: {killed:?}")
}
