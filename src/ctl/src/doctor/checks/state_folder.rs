//! The folder of the state and what is in it: nobody else's to read.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::doctor::fix::Mend;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;
use crate::output::shown;

pub(super) static CHECK: Check = Check {
    id: "state-folder",
    title: "State folder",
    group: Group::State,
    look: Look::Here(look),
};

/// A file or folder, its mode and its owner.
type Seen = (PathBuf, u32, u32);

fn look(scene: &Scene) -> Found {
    let folder = scene.state_dir()?;
    let seen =
        see(&folder).map_err(|error| Failure::failed(format!("{}: {error}", shown(&folder))))?;
    Ok(judge(&folder, seen.as_deref(), rustix::process::geteuid().as_raw()))
}

/// The folder first, then what is in it; none where there is no folder.
fn see(folder: &Path) -> std::io::Result<Option<Vec<Seen>>> {
    let one = |path: PathBuf, stat: &std::fs::Metadata| (path, stat.mode() & 0o7777, stat.uid());
    let stat = match std::fs::metadata(folder) {
        Ok(stat) => stat,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut seen = vec![one(folder.to_owned(), &stat)];
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let stat = entry.metadata()?;
        if stat.is_file() || stat.is_dir() {
            seen.push(one(entry.path(), &stat));
        }
    }
    seen.sort();
    Ok(Some(seen))
}

fn judge(folder: &Path, seen: Option<&[Seen]>, me: u32) -> Vec<Finding> {
    let Some(seen) = seen else {
        return vec![Finding::ok(format!(
            "{} is not there: nothing was ever written",
            shown(folder)
        ))];
    };
    let mut found = Vec::new();
    for (path, mode, owner) in seen {
        let name = shown(path);
        if *owner != me {
            found.push(
                Finding::fail(format!("{name} belongs to uid {owner}, not to you"))
                    .means(
                        "Whoever that is can change what was decided; the daemon does not start.",
                    )
                    .fix(format!("find out why, then: sudo chown {me} {name}")),
            );
        } else if mode & 0o077 != 0 {
            let closed = mode & 0o700;
            found.push(
                Finding::fail(format!("{name} has the mode {mode:04o}"))
                    .means("Others on this machine can read what your agents asked.")
                    .mend(Mend::Close { path: path.clone(), mode: closed }),
            );
        }
    }
    if found.is_empty() {
        found.push(Finding::ok(format!("{}: nobody else can read it", shown(folder))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn whatever_is_open_to_others_can_be_closed() {
        let folder = Path::new("/s");
        let one = |mode, owner| vec![(folder.to_owned(), mode, owner)];
        assert_eq!(judge(folder, None, 7)[0].status, Status::Ok);
        assert_eq!(judge(folder, Some(&one(0o700, 7)), 7)[0].status, Status::Ok);
        let open = judge(folder, Some(&one(0o755, 7)), 7).remove(0);
        assert_eq!(open.status, Status::Fail);
        assert_eq!(open.mend, Some(Mend::Close { path: folder.to_owned(), mode: 0o700 }));
        let theirs = judge(folder, Some(&one(0o700, 8)), 7).remove(0);
        assert_eq!((theirs.status, theirs.mend), (Status::Fail, None));
    }

    #[test]
    fn what_is_in_the_folder_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pager.db"), "").unwrap();
        assert_eq!(see(folder.path()).unwrap().unwrap().len(), 2);
        assert_eq!(see(&folder.path().join("nothing")).unwrap(), None);
    }
}
