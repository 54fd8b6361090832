//! What the fuzz targets share: the daemon's own way with panics, and a policy asked without a disk.

#![expect(clippy::expect_used, reason = "a broken target is to be seen at once")]

use std::io;
use std::panic::{set_hook, take_hook};
use std::path::{Path, PathBuf};

use pager_core::Judgement;
use pager_policy::{Call, Files, Place, Policy, parse};

// The file itself, as the daemon around it would take minutes to build.
#[path = "../../../src/daemon/src/panics.rs"]
mod panics;

/// Ends the program at every panic, and says which it was. The shell parser's are excepted, as in
/// the daemon, where they are [`contained`]; one of our own would be hidden by that.
pub fn end_at_panics() {
    panics::end_the_daemon();
    let daemons = take_hook();
    set_hook(Box::new(move |panic| {
        eprintln!("{panic}");
        if !panic.location().is_some_and(|at| at.file().contains("/brush-parser-")) {
            std::process::abort();
        }
        daemons(panic);
    }));
}

/// Does work as the daemon does it; nothing where the shell parser panicked.
pub fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    panics::contained(work)
}

/// The policy of a text in which nothing is wrong.
pub fn policy(text: &str) -> Policy {
    match parse(text) {
        Ok(document) => Policy::new(&place(), Some(document), &Nothing).expect("few rules"),
        Err(faults) => panic!("{faults:?}"),
    }
}

/// Where the person's files would be.
pub fn place() -> Place {
    Place { home: "/home/u".into(), own: Vec::new() }
}

/// What a policy says of a call.
pub fn judge(policy: &Policy, tool: &str, input: &str) -> Judgement {
    policy.judge(call(tool, input), &Nothing, jiff::Timestamp::UNIX_EPOCH)
}

/// A call of an agent's.
pub fn call<'a>(tool: &'a str, input: &'a str) -> Call<'a> {
    Call { agent: "claude", tool, input, cwd: Path::new("/home/u/src"), label: "src" }
}

/// No file and no link anywhere.
pub struct Nothing;

impl Files for Nothing {
    fn link(&self, _: &Path) -> io::Result<Option<PathBuf>> {
        Ok(None)
    }

    fn exists(&self, _: &Path) -> bool {
        false
    }
}
