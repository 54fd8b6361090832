//! The evidence: what is known when a panic begins, without secrets, in a folder of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_config::{Loaded, Sources};
use pager_core::audit::first_in_rotated;
use pager_core::redact::Redactor;
use serde::Serialize;

use super::folder::{Folder, open_file};
use super::{Known, Place, Report, journal};
use crate::redaction;

const README: &str = "\
Evidence that pager kept when a panic began. Nothing reads it but people.

audit*.jsonl    the audit log as it was, byte for byte; \"pagerctl audit verify\" says how to check it
journal.json    what pager's units wrote to the journal in the last seven days
config.txt      every key of the configuration, with where its value is from
policy.toml     the policy
sessions.json   the sessions that were known
approvals.json  what they had asked lately, and how each question ended
panic.json      who shut everything and when, who was let in, what was stopped and what still ran
versions.txt    the versions of pager and of this system
missing.txt     what should be here and is not, if anything
SHA256SUMS      check with: sha256sum -c SHA256SUMS

Secrets were taken out of all of it but the audit log, out of which they were taken as it was written.
";

/// Writes it. What could not be had is named, and stands in the way of nothing else.
///
/// # Errors
/// Where there is no folder to write to.
pub(super) fn write(
    place: &Place,
    known: &Known,
    report: &Report,
) -> io::Result<(PathBuf, Vec<String>)> {
    let name = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let folder = Folder::make(&place.state_dir, &name)?;
    // Whoever is told of it may be in another folder.
    let path = std::path::absolute(folder.path())?;
    let (loaded, redactor) = configuration(&place.sources);
    let mut bundle = Bundle { folder, redactor, missing: Vec::new() };
    bundle.put("README.txt", Ok(README.to_owned()));
    let lock = known
        .lock
        .as_ref()
        .map(|lock| serde_json::json!({ "since": lock.at, "by": lock.by, "reason": lock.reason }));
    let panic = serde_json::json!({
        "panic": lock,
        "principals": known.principals,
        "stopped": report.stopped,
        "left": report.left,
    });
    bundle.put("panic.json", json(&panic));
    bundle.put("sessions.json", json(&known.sessions));
    bundle.put("approvals.json", json(&known.approvals));
    bundle.put("config.txt", loaded.map(|loaded| config(&loaded)).map_err(io::Error::other));
    if let Some(policy) = &place.policy {
        match open_file(policy).and_then(io::read_to_string) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            text => bundle.put("policy.toml", text),
        }
    }
    bundle.put("versions.txt", Ok(versions()));
    bundle.audit(&place.state_dir);
    bundle.put("journal.json", journal::read(&place.journalctl));
    let Bundle { mut folder, mut missing, .. } = bundle;
    if !missing.is_empty() {
        let text = missing.join("\n") + "\n";
        drop(folder.add("missing.txt", text.as_bytes()));
    }
    if let Err(error) = folder.seal() {
        missing.push(format!("SHA256SUMS: {error}"));
    }
    Ok((path, missing))
}

struct Bundle {
    folder: Folder,
    redactor: Redactor,
    missing: Vec<String>,
}

impl Bundle {
    /// Adds a text, without its secrets.
    fn put(&mut self, name: &str, text: io::Result<String>) {
        let redactor = &self.redactor;
        let folder = &mut self.folder;
        let added = text.and_then(|text| folder.add(name, redactor.clean(&text).text.as_bytes()));
        self.note(name, added);
    }

    /// Adds the files of the audit log, as they are.
    fn audit(&mut self, state_dir: &Path) {
        let listed = fs::read_dir(state_dir).and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.file_name().into_string()))
                .collect::<io::Result<Vec<_>>>()
        });
        let names = match listed {
            Ok(names) => names,
            Err(error) => return self.note("audit.jsonl", Err(error)),
        };
        let of_the_log =
            |name: &String| name == "audit.jsonl" || first_in_rotated("audit", name).is_some();
        let mut names: Vec<_> = names.into_iter().flatten().filter(of_the_log).collect();
        names.sort();
        for name in names {
            let added =
                open_file(&state_dir.join(&name)).and_then(|file| self.folder.add(&name, file));
            self.note(&name, added);
        }
    }

    fn note(&mut self, name: &str, added: io::Result<()>) {
        if let Err(error) = added {
            let why = error.to_string();
            self.missing.push(format!("{name}: {}", self.redactor.clean(&why).text));
        }
    }
}

/// The configuration, and what takes its secrets out of a text.
fn configuration(sources: &Sources) -> (Result<Loaded, String>, Redactor) {
    // It knows the tokens that were used before as well.
    let redactor = Redactor::clone(&redaction::redactor());
    match pager_config::load(sources) {
        Ok(loaded) => {
            let redactor = match pager_config::read_token(&loaded.config) {
                Ok(token) => redactor.with_secret(token.expose()),
                Err(_) => redactor,
            };
            (Ok(loaded), redactor)
        }
        Err(errors) => (Err(errors.to_string()), redactor),
    }
}

fn config(loaded: &Loaded) -> String {
    let line = |entry: pager_config::Entry| match &entry.value {
        Some(value) => format!("{} = {value}  # {}\n", entry.key, entry.origin),
        None => format!("# {} is not set\n", entry.key),
    };
    loaded.entries().map(line).collect()
}

fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn versions() -> String {
    let own = format!("pagerd {}\n", env!("CARGO_PKG_VERSION"));
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    own + &read("/proc/version") + &read("/etc/os-release")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use pager_core::Sha256Hex;

    use super::*;

    const TOKEN: &str = "123456789:AAEabcdefghijklmnopqrstuvwxyz012345";

    struct World {
        home: tempfile::TempDir,
        place: Place,
    }

    impl World {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let state_dir = home.path().join("state");
            fs::create_dir(&state_dir).unwrap();
            fs::write(state_dir.join("audit.jsonl"), "{\"seq\":2}\n").unwrap();
            fs::write(state_dir.join("audit-000000000001.jsonl"), "{\"seq\":1}\n").unwrap();
            fs::write(state_dir.join("pager.db"), "no evidence").unwrap();
            let token = home.path().join("token");
            fs::write(&token, TOKEN).unwrap();
            let config = home.path().join("pager.toml");
            let text = format!("[telegram]\ntoken_file = \"{}\"\n", token.display());
            fs::write(&config, text).unwrap();
            for private in [&token, &config] {
                fs::set_permissions(private, fs::Permissions::from_mode(0o600)).unwrap();
            }
            let policy = home.path().join("policy.toml");
            fs::write(&policy, format!("# {TOKEN}\n")).unwrap();
            let journalctl = home.path().join("journalctl");
            let said =
                format!("#!/bin/sh\necho '{{\"MESSAGE\":\"/bot{TOKEN}/getMe\"}}'\necho $HOME$*\n");
            fs::write(&journalctl, said).unwrap();
            fs::set_permissions(&journalctl, fs::Permissions::from_mode(0o700)).unwrap();
            let place = Place {
                state_dir,
                sources: Sources::single(&config),
                policy: Some(policy),
                bus: None,
                journalctl,
            };
            Self { home, place }
        }

        fn write(&self) -> io::Result<(PathBuf, Vec<String>)> {
            let known = Known {
                lock: None,
                sessions: Vec::new(),
                approvals: Vec::new(),
                principals: Vec::new(),
            };
            write(&self.place, &known, &Report::default())
        }
    }

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn it_is_all_there_for_nobody_else_and_without_secrets() {
        let world = World::new();
        let (path, missing) = world.write().unwrap();
        assert_eq!(missing, [""; 0]);
        assert!(path.starts_with(world.place.state_dir.join("evidence")));
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
        let expected = [
            "README.txt",
            "SHA256SUMS",
            "approvals.json",
            "audit-000000000001.jsonl",
            "audit.jsonl",
            "config.txt",
            "journal.json",
            "panic.json",
            "policy.toml",
            "sessions.json",
            "versions.txt",
        ];
        assert_eq!(names(&path), expected);
        let sums = fs::read_to_string(path.join("SHA256SUMS")).unwrap();
        for name in expected {
            let text = fs::read_to_string(path.join(name)).unwrap();
            assert_eq!(mode(&path.join(name)), 0o600, "{name}");
            assert!(!text.contains("AAEabc"), "{name}: {text}");
            if name != "SHA256SUMS" {
                let sum = Sha256Hex::of(text.as_bytes());
                assert!(sums.contains(&format!("{sum}  {name}\n")), "{name}");
            }
        }
        let read = |name| fs::read_to_string(path.join(name)).unwrap();
        assert_eq!(read("audit.jsonl"), "{\"seq\":2}\n");
        assert_eq!(read("policy.toml"), "# [redacted]\n");
        let journal = read("journal.json");
        assert!(journal.contains("/bot[redacted]/getMe"), "{journal}");
        assert!(journal.contains("\n--user --user-unit=pager*"), "no environment: {journal}");
        let (again, _) = world.write().unwrap();
        assert_ne!(again, path);
    }

    #[test]
    fn what_cannot_be_had_is_named_and_no_link_is_followed() {
        let world = World::new();
        let state = &world.place.state_dir;
        fs::remove_file(state.join("audit.jsonl")).unwrap();
        symlink(world.home.path().join("token"), state.join("audit.jsonl")).unwrap();
        fs::write(&world.place.journalctl, "#!/bin/sh\nexit 1\n").unwrap();
        let (path, missing) = world.write().unwrap();
        assert!(missing.iter().any(|one| one.starts_with("audit.jsonl: ")), "{missing:?}");
        assert!(missing.iter().any(|one| one.starts_with("journal.json: ")), "{missing:?}");
        assert!(!path.join("audit.jsonl").exists());
        let text = fs::read_to_string(path.join("missing.txt")).unwrap();
        assert_eq!(text.lines().count(), missing.len());

        let elsewhere = world.home.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::rename(state.join("evidence"), state.join("moved")).unwrap();
        symlink(&elsewhere, state.join("evidence")).unwrap();
        assert!(world.write().is_err());
        assert_eq!(names(&elsewhere), [""; 0]);
    }
}
