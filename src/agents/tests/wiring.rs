//! Pager's hooks in settings files of every shape: in, out, checked, or left alone with a reason.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use pager_agents::wiring::{EventAction, EventState, Outcome, Wiring, WiringError};
use serde_json::Value;

/// A home of its own with a `pager-hook` in it.
struct Home {
    folder: tempfile::TempDir,
    wiring: Wiring,
    hook: PathBuf,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wiring = Wiring::claude(folder.path(), None);
        let hook = folder.path().join("bin/pager-hook");
        let home = Self { folder, wiring, hook };
        home.program(&home.hook);
        home
    }

    fn with(text: &str) -> Self {
        let home = Self::new();
        fs::create_dir(home.folder.path().join(".claude")).unwrap();
        fs::write(home.wiring.file(), text).unwrap();
        home
    }

    fn program(&self, path: &PathBuf) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    fn text(&self) -> String {
        fs::read_to_string(self.wiring.file()).unwrap()
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.wiring.file().parent().unwrap()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Installs, and expects to be refused with the file as it was.
    fn refused(&self) -> String {
        let before = self.text();
        let install = self.wiring.install(&self.hook).unwrap_err().to_string();
        assert_eq!(self.text(), before);
        assert_eq!(self.names(), ["settings.json"]);
        install
    }
}

#[test]
fn a_missing_file_is_made_for_its_owner_alone() {
    let home = Home::new();
    let change = home.wiring.install(&home.hook).unwrap();
    assert_eq!(change.outcome, Outcome::Created);
    assert_eq!(change.backup, None);
    assert!(change.events.iter().all(|event| event.action == EventAction::Added));
    let file = home.wiring.file();
    assert_eq!(fs::metadata(file).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(home.names(), ["settings.json"]);

    let entry = &home.value()["hooks"]["PermissionRequest"];
    let expected = serde_json::json!([{"hooks": [
        {"type": "command", "command": home.hook.to_str().unwrap(), "timeout": 90000}
    ]}]);
    assert_eq!(entry, &expected);
    assert!(home.wiring.check(&home.hook).unwrap().is_installed());
}

#[test]
fn a_second_install_touches_nothing() {
    let home = Home::with("{}");
    let first = home.wiring.install(&home.hook).unwrap();
    assert_eq!(first.outcome, Outcome::Changed);
    let before = fs::metadata(home.wiring.file()).unwrap();
    let second = home.wiring.install(&home.hook).unwrap();
    assert_eq!(second.outcome, Outcome::Unchanged);
    assert!(second.events.iter().all(|event| event.action == EventAction::Kept));
    let after = fs::metadata(home.wiring.file()).unwrap();
    assert_eq!((after.ino(), after.mtime_nsec()), (before.ino(), before.mtime_nsec()));
}

#[test]
fn every_indentation_is_kept() {
    for indent in ["\t", "  ", "    "] {
        let text = format!("{{\n{indent}\"model\": \"opus\",\n{indent}\"n\": [1.0, 1e5]\n}}\n");
        let home = Home::with(&text);
        let change = home.wiring.install(&home.hook).unwrap();
        assert_eq!(change.outcome, Outcome::Changed);
        let after = home.text();
        assert!(after.starts_with(text.trim_end_matches("\n}\n")), "{after}");
        assert!(after.contains(&format!("\n{indent}\"hooks\": {{\n")), "{after}");
        assert!(after.contains(&format!("\n{indent}{indent}\"SessionStart\": [")), "{after}");
        assert!(after.ends_with("\n}\n"), "{after}");
        assert!(home.wiring.check(&home.hook).unwrap().is_installed());

        let change = home.wiring.remove().unwrap();
        assert_eq!(change.outcome, Outcome::Changed);
        assert_eq!(home.text(), text);
    }
}

#[test]
fn what_others_wrote_stays_byte_for_byte() {
    let theirs = r#"{
  "zeta": 1, "hooks": {
    "PreCompact": "whatever the agent makes of this",
    "PermissionRequest": [ {"matcher":"Bash","hooks":[ {"type":"command","command":"/opt/relay ask","timeout":30} ]} ],
    "Stop": [{"hooks": [{"type":"prompt","prompt":"Done?"}]}]
  },
  "alpha": {"b": 1, "a": "é\u00e9"}
}"#;
    let home = Home::with(theirs);
    let change = home.wiring.install(&home.hook).unwrap();
    assert_eq!(change.outcome, Outcome::Changed);
    let after = home.text();
    for part in [
        r#""PreCompact": "whatever the agent makes of this""#,
        r#"{"matcher":"Bash","hooks":[ {"type":"command","command":"/opt/relay ask","timeout":30} ]}"#,
        r#"{"hooks": [{"type":"prompt","prompt":"Done?"}]}"#,
        r#""alpha": {"b": 1, "a": "é\u00e9"}"#,
    ] {
        assert!(after.contains(part), "{part} is not in\n{after}");
    }
    let check = home.wiring.check(&home.hook).unwrap();
    assert!(check.is_installed());
    assert_eq!(check.other_permission_hooks, ["/opt/relay ask"]);

    let change = home.wiring.remove().unwrap();
    assert_eq!(change.outcome, Outcome::Changed);
    assert_eq!(home.value(), serde_json::from_str::<Value>(theirs).unwrap());
}

#[test]
fn a_moved_pager_hook_is_followed_in_place() {
    let home = Home::with(
        r#"{"hooks": {
  "Stop": [
    {"hooks": [
      {"type": "command", "command": "/opt/first"},
      {"type": "command", "command": "/usr/local/bin/pager-hook", "timeout": 1, "note": "x"}
    ]},
    {"matcher": "*", "hooks": [{"type": "command", "command": "/old/pager-hook"}]}
  ],
  "PreCompact": [{"hooks": [{"type": "command", "command": "/usr/local/bin/pager-hook"}]}]
}}"#,
    );
    let change = home.wiring.install(&home.hook).unwrap();
    let of = |name| change.events.iter().find(|event| event.event == name).unwrap().action;
    assert_eq!(of("Stop"), EventAction::Updated);
    assert_eq!(of("PreCompact"), EventAction::Updated);
    assert_eq!(of("SessionEnd"), EventAction::Added);
    let hook = home.hook.to_str().unwrap();
    let value = home.value();
    assert_eq!(
        value["hooks"]["Stop"],
        serde_json::json!([{"hooks": [
            {"type": "command", "command": "/opt/first"},
            {"type": "command", "command": hook, "timeout": 5, "note": "x"}
        ]}])
    );
    assert_eq!(value["hooks"]["PreCompact"][0]["hooks"][0]["command"], hook);
    assert_eq!(home.wiring.install(&home.hook).unwrap().outcome, Outcome::Unchanged);
}

#[test]
fn a_persons_own_matcher_arguments_and_variables_stay() {
    let home = Home::new();
    let hook = home.hook.to_str().unwrap();
    let mine = serde_json::json!([
        {"matcher": "Bash", "hooks": [{"type": "command", "command": format!("X=1 {hook} --agent claude"), "timeout": 90000}]},
        {"matcher": "Write", "hooks": [{"type": "command", "command": hook, "timeout": 90000}]}
    ]);
    fs::create_dir(home.folder.path().join(".claude")).unwrap();
    let text = serde_json::json!({"hooks": {"PermissionRequest": &mine}}).to_string();
    fs::write(home.wiring.file(), text).unwrap();
    assert_eq!(home.wiring.install(&home.hook).unwrap().outcome, Outcome::Changed);
    assert_eq!(home.value()["hooks"]["PermissionRequest"], mine);
    let check = home.wiring.check(&home.hook).unwrap();
    let event = check.events.iter().find(|event| event.event == "PermissionRequest").unwrap();
    assert_eq!(event.state, EventState::Installed);
    assert_eq!(event.limited_to.as_deref(), Some("Bash"));
}

#[test]
fn an_empty_file_is_an_empty_object() {
    for text in ["", " \n"] {
        let home = Home::with(text);
        let change = home.wiring.install(&home.hook).unwrap();
        assert_eq!(change.outcome, Outcome::Changed);
        assert!(home.wiring.check(&home.hook).unwrap().is_installed());
    }
}

#[test]
fn what_is_not_json_is_left_alone_and_the_place_named() {
    for (text, place) in [
        ("{\n  // a comment\n  \"a\": 1\n}", ":2:3: not valid JSON"),
        ("{\"a\": 1,}", ":1:9: not valid JSON"),
        ("{\"a\": 1", ":1:7: not valid JSON"),
        ("{'a': 1}", ":1:2: not valid JSON"),
        ("\u{feff}{}", ":1:1: not valid JSON"),
    ] {
        let home = Home::with(text);
        let said = home.refused();
        assert!(said.contains(place), "{text:?}: {said}");
        let said = home.wiring.remove().unwrap_err().to_string();
        assert!(said.contains(place), "{text:?}: {said}");
    }
    let home = Home::with("");
    fs::write(home.wiring.file(), b"{\n \"a\": \"\xff\"}").unwrap();
    let said = home.wiring.install(&home.hook).unwrap_err().to_string();
    assert!(said.contains(":2:8: not valid JSON (not UTF-8)"), "{said}");
}

#[test]
fn hooks_of_an_unknown_shape_are_left_alone_and_the_place_named() {
    for (text, place) in [
        ("[]", "the whole file is not an object"),
        ("7", "the whole file is not an object"),
        (r#"{"hooks": []}"#, "hooks is not an object"),
        (r#"{"hooks": null}"#, "hooks is not an object"),
        (r#"{"hooks": {"Stop": {}}}"#, "hooks.Stop is not a list"),
        (r#"{"hooks": {"Stop": ["x"]}}"#, "hooks.Stop[0] is not an object"),
        (r#"{"hooks": {"Stop": [{"hooks": {}}]}}"#, "hooks.Stop[0].hooks is not a list"),
        (r#"{"hooks": {"Stop": [{}]}}"#, "hooks.Stop[0].hooks is not a list"),
        (r#"{"hooks": {"Stop": [{"hooks": [1]}]}}"#, "hooks.Stop[0].hooks[0] is not an object"),
        (r#"{"hooks": {}, "hooks": {}}"#, "hooks is not there only once"),
        (r#"{"hooks": {"Stop": [], "Stop": []}}"#, "hooks.Stop is not there only once"),
    ] {
        let said = Home::with(text).refused();
        assert!(said.contains(place), "{text}: {said}");
    }
}

#[test]
fn a_link_a_folder_and_a_pipe_are_left_alone() {
    let home = Home::with("{}");
    let file = home.wiring.file();
    let real = home.folder.path().join("dotfiles.json");
    fs::rename(file, &real).unwrap();
    symlink(&real, file).unwrap();
    assert!(matches!(
        home.wiring.install(&home.hook),
        Err(WiringError::Symlink { target, .. }) if target == real
    ));
    assert_eq!(fs::read_to_string(&real).unwrap(), "{}");

    fs::remove_file(file).unwrap();
    symlink(home.folder.path().join("nowhere"), file).unwrap();
    assert!(matches!(home.wiring.install(&home.hook), Err(WiringError::Symlink { .. })));

    fs::remove_file(file).unwrap();
    fs::create_dir(file).unwrap();
    assert!(matches!(home.wiring.install(&home.hook), Err(WiringError::NotRegular { .. })));
    assert!(matches!(home.wiring.remove(), Err(WiringError::NotRegular { .. })));

    fs::remove_dir(file).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, file, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(matches!(home.wiring.install(&home.hook), Err(WiringError::NotRegular { .. })));
    assert!(matches!(home.wiring.check(&home.hook), Err(WiringError::NotRegular { .. })));
}

#[test]
fn a_home_that_is_not_there_is_not_made() {
    let home = Home::new();
    let nowhere = home.folder.path().join("nobody");
    let wiring = Wiring::claude(&nowhere, None);
    assert!(matches!(wiring.install(&home.hook), Err(WiringError::Io { .. })));
    assert!(!nowhere.exists());
    assert_eq!(wiring.remove().unwrap().outcome, Outcome::Unchanged);
    let check = wiring.check(&home.hook).unwrap();
    assert!(!check.exists && !check.is_installed());
}

#[test]
fn the_folder_claude_is_told_of_wins_over_home() {
    let home = Home::new();
    let folder = home.folder.path().join("elsewhere");
    let wiring = Wiring::claude(home.folder.path(), Some(folder.as_os_str()));
    assert_eq!(wiring.file(), folder.join("settings.json"));
    assert_eq!(Wiring::claude(home.folder.path(), Some("".as_ref())).file(), home.wiring.file());
    let relative = Wiring::claude(home.folder.path(), Some("x".as_ref()));
    assert!(matches!(relative.install(&home.hook), Err(WiringError::Relative { .. })));
}

#[test]
fn only_a_pager_hook_that_runs_is_wired() {
    let home = Home::new();
    let other = home.folder.path().join("bin/other");
    home.program(&other);
    for program in [other, PathBuf::from("pager-hook"), PathBuf::from("/nowhere/pager-hook")] {
        let refused = home.wiring.install(&program);
        assert!(matches!(refused, Err(WiringError::Program { .. })), "{program:?}");
    }
    assert!(!home.wiring.file().exists());
}

#[test]
fn mode_is_kept_and_the_file_before_the_first_change_too() {
    let home = Home::with("{\"a\": 1}\n");
    fs::set_permissions(home.wiring.file(), Permissions::from_mode(0o640)).unwrap();
    let change = home.wiring.install(&home.hook).unwrap();
    let backup = home.wiring.file().with_file_name("settings.json.pager-backup");
    assert_eq!(change.backup.as_ref(), Some(&backup));
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"a\": 1}\n");
    for file in [&backup, home.wiring.file()] {
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o7777, 0o640);
    }

    // A removal is not the first change: the copy stays the one from before pager.
    assert_eq!(home.wiring.remove().unwrap().backup, None);
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"a\": 1}\n");

    // The next first change of another text gets a copy of its own.
    fs::write(home.wiring.file(), "{\"a\": 2}\n").unwrap();
    let change = home.wiring.install(&home.hook).unwrap();
    let second = home.wiring.file().with_file_name("settings.json.pager-backup.2");
    assert_eq!(change.backup.as_ref(), Some(&second));
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"a\": 1}\n");
    assert_eq!(fs::read_to_string(&second).unwrap(), "{\"a\": 2}\n");
    let names = ["settings.json", "settings.json.pager-backup", "settings.json.pager-backup.2"];
    assert_eq!(home.names(), names);
}

#[test]
fn a_folder_that_cannot_be_written_leaves_the_file_as_it_was() {
    if rustix::process::geteuid().is_root() {
        // The superuser writes anywhere by mode; a file in the folder's place stops them too.
        let home = Home::new();
        fs::write(home.folder.path().join(".claude"), "").unwrap();
        assert!(matches!(home.wiring.install(&home.hook), Err(WiringError::Io { .. })));
        return;
    }
    let home = Home::with("{}");
    let folder = home.folder.path().join(".claude");
    fs::set_permissions(&folder, Permissions::from_mode(0o500)).unwrap();
    let refused = home.wiring.install(&home.hook).unwrap_err().to_string();
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    assert!(refused.starts_with("cannot write a file in "), "{refused}");
    assert_eq!(home.text(), "{}");
}

#[test]
fn a_check_tells_what_is_wrong_with_each_event() {
    let home = Home::new();
    let other = home.folder.path().join("other/pager-hook");
    home.program(&other);
    let (hook, other) = (home.hook.to_str().unwrap(), other.to_str().unwrap());
    fs::create_dir(home.folder.path().join(".claude")).unwrap();
    let entry = |command: &str, timeout: u32| serde_json::json!([{"hooks": [{"type": "command", "command": command, "timeout": timeout}]}]);
    let text = serde_json::json!({"disableAllHooks": true, "hooks": {
        "SessionStart": entry(hook, 5),
        "SessionEnd": entry(other, 5),
        "Stop": entry("/gone/pager-hook --agent claude", 5),
        "PermissionRequest": entry(hook, 60),
        "PreToolUse": entry("/opt/relay", 5),
    }});
    fs::write(home.wiring.file(), text.to_string()).unwrap();
    let check = home.wiring.check(&home.hook).unwrap();
    assert!(check.hooks_disabled && check.exists && !check.is_installed());
    let of = |name| &check.events.iter().find(|event| event.event == name).unwrap().state;
    assert_eq!(of("SessionStart"), &EventState::Installed);
    assert_eq!(of("SessionEnd"), &EventState::Elsewhere { command: other.to_owned() });
    let gone = "/gone/pager-hook --agent claude".to_owned();
    assert_eq!(of("Stop"), &EventState::ProgramMissing { command: gone });
    assert_eq!(of("PermissionRequest"), &EventState::OtherTimeout { seconds: Some(60) });
    assert_eq!(of("PreToolUse"), &EventState::Missing);
    let json = serde_json::to_value(&check).unwrap();
    assert_eq!(json["events"][0]["state"], "installed");
}

#[test]
fn an_event_that_would_cost_a_release_the_whole_file_is_not_wired() {
    let home = Home::new();
    let runs = |release: &str| {
        let text = serde_json::json!({"lastReleaseNotesSeen": release}).to_string();
        fs::write(home.folder.path().join(".claude.json"), text).unwrap();
    };
    let wired = || home.value()["hooks"].as_object().unwrap().contains_key("PostToolBatch");
    assert_eq!(home.wiring.install(&home.hook).unwrap().outcome, Outcome::Created);
    assert!(!wired(), "the release is not known");

    runs("2.1.119");
    assert_eq!(home.wiring.install(&home.hook).unwrap().outcome, Outcome::Unchanged);

    runs("2.1.120");
    assert!(!home.wiring.check(&home.hook).unwrap().is_installed());
    assert_eq!(home.wiring.install(&home.hook).unwrap().outcome, Outcome::Changed);
    assert!(wired() && home.wiring.check(&home.hook).unwrap().is_installed());
    assert_eq!(home.wiring.release().as_deref(), Some("2.1.120"));

    // An older release is back: what it cannot bear goes.
    runs("2.1.54");
    let check = home.wiring.check(&home.hook).unwrap();
    assert_eq!(check.harmful, ["PostToolUseFailure", "PostToolBatch", "StopFailure"]);
    assert!(!check.is_installed());
    let change = home.wiring.install(&home.hook).unwrap();
    let removed = change.events.iter().filter(|event| event.action == EventAction::Removed);
    let removed: Vec<&str> = removed.map(|event| event.event.as_str()).collect();
    assert_eq!(removed, ["PostToolBatch", "PostToolUseFailure", "StopFailure"]);
    assert!(!wired() && home.wiring.check(&home.hook).unwrap().is_installed());
}
