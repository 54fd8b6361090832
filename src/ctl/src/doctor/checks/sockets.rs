//! The sockets: there, and nobody else's to speak into.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::daemon::Target;
use crate::doctor::fix::Mend;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;
use crate::output::shown;

pub(super) static CHECK: Check =
    Check { id: "sockets", title: "Sockets", group: Group::Doors, look: Look::Here(look) };

/// What is at a path.
#[derive(Debug, Clone)]
struct Seen {
    path: PathBuf,
    /// Its mode, its owner and whether it is what it should be; none where there is nothing.
    stat: Option<(u32, u32, bool)>,
    /// What its mode should be.
    wanted: u32,
    what: &'static str,
}

fn look(scene: &Scene) -> Found {
    let hook = match &scene.target {
        Target::Socket(path) => path.clone(),
        Target::Usual => pager_proto::socket_path().map_err(Failure::failed)?,
    };
    let folder = hook.parent().unwrap_or(Path::new("/"));
    let socket = |path: &Path, what| seen(path, what, 0o600, |stat| stat.file_type().is_socket());
    let mut all = vec![
        seen(folder, "folder", 0o700, std::fs::Metadata::is_dir),
        socket(&hook, "hook socket"),
    ];
    let bus = folder.join("bus.sock");
    if bus.exists() {
        all.push(socket(&bus, "private bus"));
    }
    Ok(judge(&all, rustix::process::geteuid().as_raw()))
}

fn seen(
    path: &Path,
    what: &'static str,
    wanted: u32,
    is_it: impl Fn(&std::fs::Metadata) -> bool,
) -> Seen {
    let stat = std::fs::symlink_metadata(path).ok();
    let stat = stat.map(|stat| (stat.mode() & 0o7777, stat.uid(), is_it(&stat)));
    Seen { path: path.to_owned(), stat, wanted, what }
}

fn judge(all: &[Seen], me: u32) -> Vec<Finding> {
    let mut found = Vec::new();
    for Seen { path, stat, wanted, what } in all {
        let shown = shown(path);
        let finding = match stat {
            None => Finding::fail(format!("there is no {what} at {shown}"))
                .means("No agent reaches pager.")
                .fix("systemctl --user restart pager.socket"),
            Some((_, _, false)) => Finding::fail(format!("{shown} is no {what}"))
                .means("Something else is in its place.")
                .fix(format!("move {shown} away, then: systemctl --user restart pager.socket")),
            Some((_, owner, _)) if *owner != me => Finding::fail(format!(
                "{shown} belongs to uid {owner}, not to you"
            ))
            .means("Whoever that is may answer in pager's place; the hook does not speak to it.")
            .fix("systemctl --user restart pager.socket"),
            Some((mode, ..)) if mode & 0o077 & !wanted != 0 => {
                Finding::fail(format!("{shown} has the mode {mode:04o}"))
                    .means("Others can reach it; the daemon turns them away, and need not have to.")
                    .mend(Mend::Close { path: path.clone(), mode: *wanted })
            }
            Some(_) => continue,
        };
        found.push(finding);
        if stat.is_none() {
            // Nothing can be in a folder that is not there.
            break;
        }
    }
    if found.is_empty() {
        let paths: Vec<_> = all.iter().skip(1).map(|seen| shown(&seen.path)).collect();
        found.push(Finding::ok(format!("yours alone: {}", paths.join(", "))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    fn all(folder: u32, socket: Option<(u32, u32, bool)>) -> Vec<Seen> {
        vec![
            Seen {
                path: "/run/p".into(),
                stat: Some((folder, 7, true)),
                wanted: 0o700,
                what: "folder",
            },
            Seen {
                path: "/run/p/hook.sock".into(),
                stat: socket,
                wanted: 0o600,
                what: "hook socket",
            },
        ]
    }

    #[test]
    fn what_is_open_to_others_fails_and_can_be_closed() {
        assert_eq!(judge(&all(0o700, Some((0o600, 7, true))), 7)[0].status, Status::Ok);
        for (all, path, mode) in [
            (all(0o755, Some((0o600, 7, true))), "/run/p", 0o700),
            (all(0o700, Some((0o666, 7, true))), "/run/p/hook.sock", 0o600),
        ] {
            let found = judge(&all, 7).remove(0);
            assert_eq!(found.status, Status::Fail);
            assert_eq!(found.mend, Some(Mend::Close { path: path.into(), mode }));
        }
        for socket in [None, Some((0o600, 8, true)), Some((0o600, 7, false))] {
            let found = judge(&all(0o700, socket), 7);
            assert_eq!((found[0].status, found[0].mend.clone()), (Status::Fail, None));
        }
    }
}
