//! Where the files of a policy are.

use std::path::{Path, PathBuf};

use pager_config::paths::Paths;
use pager_config::{Diagnostic, read_any, read_owned};

use crate::parse::{parse_file, parse_local};
use crate::paths::Disk;
use crate::policy::{Place, Policy};

impl Place {
    /// The person's folders as the environment names them.
    pub fn usual(paths: &Paths) -> Self {
        let own = [paths.config_dir().ok(), paths.state_dir().ok(), paths.runtime_dir().ok()];
        // Without a home, `~` is a folder that nobody has.
        let home = paths.home().map_or_else(|| PathBuf::from("/nonexistent"), Path::to_owned);
        Self { home, own: own.into_iter().flatten().collect() }
    }
}

/// Reads the person's policy file. Where there is none, everything is asked but what is denied in
/// any case.
///
/// # Errors
/// All that is wrong in the file. It must belong to the person or to root, and nobody else may be
/// able to write it.
pub fn load(path: &Path, place: &Place) -> Result<Policy, Vec<Diagnostic>> {
    let text = read_owned(path).map_err(|fault| vec![*fault])?;
    let document = text.map(|text| parse_file(path, &text)).transpose()?;
    Policy::new(place, document, &Disk)
        .map_err(|error| vec![Diagnostic::of_file(path, error.to_string())])
}

/// Adds what the repositories around `folder` say in their `.pager/policy.toml`. Where one of these
/// is wrong, everything is asked, and the judgements say why.
///
/// Every repository on the way up counts and not just the first, or an agent could leave one by
/// beginning another inside of it.
pub fn add_locals(policy: &Policy, folder: &Path) -> Policy {
    let mut policy = policy.clone();
    for root in repositories(folder) {
        let path = root.join(".pager/policy.toml");
        let read = read_any(&path).map_err(|fault| vec![*fault]);
        let parsed = read.and_then(|text| text.map(|text| parse_local(&path, &text)).transpose());
        policy = match parsed {
            Ok(None) => continue,
            Ok(Some(document)) => policy.with_local(document),
            Err(faults) => {
                let fault = faults.first().map(|fault| {
                    let line = fault.line.map(|line| format!(":{line}")).unwrap_or_default();
                    format!("{}{line}: {}", path.display(), fault.message)
                });
                policy.with_wrong_local(fault.unwrap_or_default())
            }
        };
    }
    policy
}

/// The folders above `folder`, or it itself, in which a repository begins.
fn repositories(folder: &Path) -> Vec<PathBuf> {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let roots = real.ancestors().filter(|dir| dir.join(".git").exists());
    roots.map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pager_core::Ruling;

    use super::*;
    use crate::facts::Call;

    #[test]
    fn every_repository_on_the_way_up_counts() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap().join("repo");
        let inner = root.join("inner");
        fs::create_dir_all(inner.join(".git")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        fs::create_dir_all(root.join(".pager")).unwrap();
        let place = Place { home: home.path().to_owned(), own: Vec::new() };
        let own = home.path().join("policy.toml");
        fs::write(&own, "[[rule]]\nname = \"a\"\nverdict = \"allow\"\ncommand = [\"ls\"]\n")
            .unwrap();
        let policy = load(&own, &place).unwrap();
        let judge = |policy: &Policy| {
            let input = r#"{"command":"ls"}"#;
            let call = Call { agent: "claude", tool: "Bash", input, cwd: &inner, label: "" };
            add_locals(policy, &inner).judge(call, &Disk, jiff::Timestamp::UNIX_EPOCH)
        };
        assert_eq!(judge(&policy).ruling, Ruling::Allow);
        let local = root.join(".pager/policy.toml");
        fs::write(&local, "[[rule]]\nname = \"b\"\nverdict = \"deny\"\ntool = \"Bash\"\n").unwrap();
        assert_eq!(judge(&policy).rule.as_deref(), Some("b"));
        fs::write(&local, "nonsense").unwrap();
        let asked = judge(&policy);
        assert_eq!(asked.ruling, Ruling::Ask);
        assert!(asked.reason.contains(".pager/policy.toml:1: "), "{}", asked.reason);
    }

    #[test]
    fn a_file_that_others_can_write_is_no_policy() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let place = Place { home: home.path().to_owned(), own: Vec::new() };
        let path = home.path().join("policy.toml");
        assert_eq!(load(&path, &place).unwrap().rules(), 0);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(load(&path, &place).is_err());
    }
}
