//! The process's own limits.

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// As many descriptors as hooks may wait at once, with room for everything else.
const DESCRIPTORS: u64 = 8192;

/// Takes as many descriptors as are needed, where the hard limit lets us, and sees to it that files
/// are the person's alone and that no core dump can hold a secret, nor any other program of the same
/// person read this one's memory. What the unit has set already is
/// left as it is: there the system call is not even allowed.
pub fn set() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let files = getrlimit(Resource::Nofile);
    let wanted = files.maximum.map_or(DESCRIPTORS, |hard| hard.min(DESCRIPTORS));
    if files.current.is_some_and(|current| current < wanted)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..files })
    {
        tracing::warn!("the limit of open files stays at {:?}: {error}", files.current);
    }
    forbid_dumps();
}

/// Sees to it that no core dump holds a secret, and that no other program reads this one's memory.
fn forbid_dumps() {
    let core = getrlimit(Resource::Core);
    if core.maximum != Some(0)
        && let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
    {
        tracing::warn!("core dumps could not be turned off: {error}");
    }
    // The limit does not bind a dump that is piped to a program, as systemd-coredump's is.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!("this process's memory stays open to others of the same user: {error}");
    }
}
