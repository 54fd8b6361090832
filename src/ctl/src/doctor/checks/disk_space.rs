//! Room for the state.

use std::path::Path;

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;

pub(super) static CHECK: Check =
    Check { id: "disk-space", title: "Disk space", group: Group::State, look: Look::Here(look) };

const MIB: u64 = 1 << 20;
/// Below this it is time to make room.
const LITTLE: u64 = 200 * MIB;
/// Below this a database of usual size cannot be written anew.
const NONE: u64 = 20 * MIB;

fn look(scene: &Scene) -> Found {
    let folder = scene.state_dir()?;
    // What is not there yet will be on the file system of what is.
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let stat = rustix::fs::statvfs(there)
        .map_err(|error| Failure::failed(format!("{}: {error}", there.display())))?;
    Ok(judge(stat.f_bavail.saturating_mul(stat.f_frsize), &there.display().to_string()))
}

fn judge(free: u64, folder: &str) -> Vec<Finding> {
    let text = format!("{} MiB are free at {folder}", free / MIB);
    let fix = format!("df -h {folder}");
    vec![if free < NONE {
        let means = "Without room nothing is decided: agents ask at their own terminals.";
        Finding::fail(text).means(means).fix(fix)
    } else if free < LITTLE {
        Finding::warn(text).means("Once it is full, nothing is decided any more.").fix(fix)
    } else {
        Finding::ok(text)
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn little_room_is_warned_of_and_none_fails() {
        for (mib, status) in [
            (0, Status::Fail),
            (19, Status::Fail),
            (20, Status::Warn),
            (199, Status::Warn),
            (200, Status::Ok),
        ] {
            assert_eq!(judge(mib * MIB, "/s")[0].status, status, "{mib}");
        }
    }
}
