//! Files of pager's in a wrong place, or open to others.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::doctor::fix::Mend;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;

pub(super) static CHECK: Check = Check {
    id: "misplaced-files",
    title: "Files in the wrong place",
    group: Group::Configuration,
    look: Look::Here(look),
};

/// More than this is no file that somebody has written for pager.
const SIZE_MAX: u64 = 1 << 20;

/// A file of the configuration's, or beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    path: PathBuf,
    mode: u32,
    /// Whether it is the administrator's, for everybody.
    system: bool,
    has_token: bool,
}

fn look(scene: &Scene) -> Found {
    let mut seen = Vec::new();
    let system = ["/etc/pager", "/etc/pager/pager.toml.d", "/usr/lib/pager"];
    for folder in system {
        seen.extend(files(Path::new(folder), true));
    }
    if let Ok(own) = scene.paths.config_dir() {
        seen.extend(files(&own, false));
        seen.extend(files(&own.join("pager.toml.d"), false));
    }
    let mut old = Vec::new();
    if let Some(home) = scene.paths.home() {
        let own = [".config/pager/state", ".pager", ".local/share/pager/state"];
        // Where systemd before 254 made the state folder of a user unit.
        let databases = [".config/pager/pager.db", ".local/share/pager/pager.db"];
        let places = own.iter().chain(&databases).map(|place| home.join(place));
        old.extend(places.filter(|place| place.exists()));
    }
    Ok(judge(&seen, &old))
}

/// The regular files of a folder; those that cannot be read are somebody else's.
fn files(folder: &Path, system: bool) -> Vec<Seen> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let seen = entries.filter_map(|entry| {
        let stat = entry.metadata().ok()?;
        let readable = stat.is_file() && stat.len() <= SIZE_MAX;
        let text = readable.then(|| std::fs::read(entry.path()).ok()).flatten()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let has_token = holds_token(&text);
        Some(Seen { path: entry.path(), mode: stat.mode() & 0o7777, system, has_token })
    });
    seen.collect()
}

/// Whether one of the words in it is a bot's token.
fn holds_token(text: &str) -> bool {
    let apart = |c: char| !c.is_ascii_alphanumeric() && !":_-".contains(c);
    text.split(apart).any(pager_config::looks_like_token)
}

fn judge(files: &[Seen], old: &[PathBuf]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.has_token) {
        let path = shown(&file.path);
        let new = "Get a new token from @BotFather, and give it by `pagerctl rotate-token`.";
        if file.system {
            found.push(
                Finding::fail(format!("{path} holds a bot's token"))
                    .means(format!("It is there for every user of this machine. {new}"))
                    .fix(format!(
                        "take it out of {path}; pagerctl setup puts one where it belongs"
                    )),
            );
        } else if file.mode & 0o077 != 0 {
            found.push(
                Finding::fail(format!(
                    "{path} holds a bot's token and has the mode {:04o}",
                    file.mode
                ))
                .means(format!("Others on this machine may have read it. {new}"))
                .mend(Mend::Close { path: file.path.clone(), mode: 0o600 }),
            );
        }
    }
    for place in old {
        found.push(
            Finding::warn(format!("{} is left from elsewhere", shown(place)))
                .means("pager keeps its state in $XDG_STATE_HOME/pager and looks at nothing else.")
                .fix("move it away once you know that nothing uses it"),
        );
    }
    if found.is_empty() {
        found.push(Finding::ok("none is"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_";

    #[test]
    fn a_token_is_seen_in_whatever_stands_around_it() {
        for text in [TOKEN, &format!("token = \"{TOKEN}\"\n"), &format!("TOKEN={TOKEN}\n")] {
            assert!(holds_token(text), "{text}");
        }
        for text in ["", "allowed_users = [110201543]", "8080:abcdefghijkl", "token_file = \"t\""] {
            assert!(!holds_token(text), "{text}");
        }
    }

    #[test]
    fn a_token_belongs_into_a_closed_file_of_ones_own() {
        let file = |mode, system, has_token| Seen {
            path: "/home/me/.config/pager/token".into(),
            mode,
            system,
            has_token,
        };
        let status = |seen: Seen| judge(&[seen], &[])[0].status;
        assert_eq!(status(file(0o600, false, true)), Status::Ok);
        assert_eq!(status(file(0o644, false, false)), Status::Ok);
        assert_eq!(status(file(0o600, true, true)), Status::Fail);
        let open = judge(&[file(0o640, false, true)], &[]).remove(0);
        assert_eq!(open.status, Status::Fail);
        assert!(open.mend.is_some());
        let old = judge(&[], &["/home/me/.config/pager/state".into()]).remove(0);
        assert_eq!(old.status, Status::Warn);
    }
}
