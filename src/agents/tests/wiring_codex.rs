//! Pager's hooks in Codex's own file of them.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pager_agents::wiring::{EventAction, EventState, Outcome, Wiring};
use serde_json::{Value, json};

struct Home {
    _folder: tempfile::TempDir,
    wiring: Wiring,
    hook: PathBuf,
}

impl Home {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wiring = Wiring::codex(folder.path(), None);
        let hook = folder.path().join("pager-hook");
        fs::write(&hook, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.path().join(".codex")).unwrap();
        fs::write(wiring.file(), text).unwrap();
        Self { _folder: folder, wiring, hook }
    }

    fn value(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.wiring.file()).unwrap()).unwrap()
    }
}

/// A file of somebody who has hooks of their own.
const THEIRS: &str = r#"{
  "description": "mine",
  "hooks": {
    "PermissionRequest": [
      { "matcher": "^Bash$", "hooks": [{ "type": "command", "command": "theirs", "timeout": 9 }] }
    ]
  }
}
"#;

#[test]
fn pagers_group_comes_last_and_says_whose_hook_it_is() {
    let home = Home::with(THEIRS);
    let change = home.wiring.install(&home.hook).unwrap();
    assert_eq!((change.agent, change.outcome), ("codex", Outcome::Changed));
    let command = format!("{} --agent codex", home.hook.display());
    let hooks = &home.value()["hooks"];
    let group = |timeout: u32| json!({"hooks": [{"type": "command", "command": command, "timeout": timeout}]});
    let theirs: Value = serde_json::from_str(THEIRS).unwrap();
    assert_eq!(hooks["PermissionRequest"][0], theirs["hooks"]["PermissionRequest"][0]);
    assert_eq!(hooks["PermissionRequest"][1], group(90_000));
    assert_eq!(hooks["Interrupt"], json!([group(3)]), "Codex gives it no more");
    assert_eq!(hooks["SessionEnd"], json!([group(3)]));
    assert!(home.wiring.is_own(&home.hook, &command));
    assert!(!home.wiring.is_own(&home.hook, "theirs"));

    let check = home.wiring.check(&home.hook).unwrap();
    assert!(check.is_installed());
    assert_eq!(check.other_permission_hooks, ["theirs"]);
    let again = home.wiring.install(&home.hook).unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged, "a changed word would have to be trusted anew");

    home.wiring.remove().unwrap();
    assert_eq!(fs::read_to_string(home.wiring.file()).unwrap(), THEIRS);
}

#[test]
fn an_entry_that_does_not_say_whose_hook_it_is_is_set_right() {
    let home = Home::with("{}");
    home.wiring.install(&home.hook).unwrap();
    let text = fs::read_to_string(home.wiring.file()).unwrap();
    fs::write(home.wiring.file(), text.replacen(" --agent codex", "", 1)).unwrap();
    let check = home.wiring.check(&home.hook).unwrap();
    assert!(matches!(&check.events[0].state, EventState::Elsewhere { .. }), "{check:?}");
    let change = home.wiring.install(&home.hook).unwrap();
    let updated = change.events.iter().filter(|event| event.action == EventAction::Updated);
    assert_eq!(updated.count(), 1);
    assert!(home.wiring.check(&home.hook).unwrap().is_installed());
}

#[test]
fn the_folder_is_the_one_codex_itself_would_use() {
    let home = std::path::Path::new("/home/ada");
    let file = |set: Option<&str>| Wiring::codex(home, set.map(OsStr::new)).file().to_owned();
    assert_eq!(file(None), PathBuf::from("/home/ada/.codex/hooks.json"));
    assert_eq!(file(Some("")), PathBuf::from("/home/ada/.codex/hooks.json"));
    assert_eq!(file(Some("/srv/codex")), PathBuf::from("/srv/codex/hooks.json"));
}
