//! Where a state is not kept: where somebody else could change it.

use std::os::unix::fs::{chown, symlink};

use super::*;

fn refusal(dir: &Path) -> String {
    Store::open(dir).unwrap_err().to_string()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_others_could_replace_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (open, state) = (dir.path().join("open"), dir.path().join("open/pager"));
    fs::create_dir(&open).unwrap();
    mode(&open, 0o777);
    let advice = format!("take that away with `chmod go-w {}`", open.display());
    assert!(refusal(&state).contains(&advice), "{}", refusal(&state));
    mode(&open, 0o700);
    drop(Store::open(&state).unwrap());
}

#[test]
fn files_that_lead_elsewhere_are_refused() {
    for name in [DATABASE, LOCK] {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, "").unwrap();
        symlink(&elsewhere, dir.path().join(name)).unwrap();
        assert!(refusal(dir.path()).contains(name), "{}", refusal(dir.path()));
        assert_eq!(fs::read(&elsewhere).unwrap(), b"");
    }
}

#[test]
fn what_somebody_else_made_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file away.
        return;
    }
    for name in ["", DATABASE, LOCK, AUDIT_LOG] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        if !name.is_empty() {
            fs::write(&path, "").unwrap();
        }
        chown(&path, Some(12345), None).unwrap();
        let refusal = refusal(dir.path());
        assert!(refusal.contains("belongs to uid 12345, not to you"), "{name}: {refusal}");
    }
}
