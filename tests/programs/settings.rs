//! `pagerctl hooks` and `pagerctl config`: what they say of files, and the exit status that a script
//! goes by. Neither needs a daemon.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pager_tests::closed::{program, write_private};
use serde_json::Value;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Exit status, standard output and standard error.
    fn ctl(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(program("pagerctl"))
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", self.path("bin"))
            .current_dir(self.0.path())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, out, _) = self.ctl(&[arguments, &["--json"]].concat());
        (code, serde_json::from_str(&out).unwrap())
    }
}

#[test]
fn hooks_come_and_go_and_leave_the_rest() {
    let home = Home::new();
    let settings = home.path(".claude/settings.json");
    let theirs = "{\n  \"model\": \"opus\",\n  \"hooks\": {\"Stop\": [{\"hooks\": \
                  [{\"type\": \"command\", \"command\": \"/usr/bin/true\"}]}]}\n}\n";
    fs::create_dir(home.path(".claude")).unwrap();
    fs::write(&settings, theirs).unwrap();

    let (code, out, _) = home.ctl(&["hooks", "check"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("PermissionRequest is not wired"), "{out}");
    assert!(out.ends_with("What to do: pagerctl hooks install\n"), "{out}");

    let (code, out, _) = home.ctl(&["hooks", "install"]);
    let backup = home.path(".claude/settings.json.pager-backup");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains(backup.to_str().unwrap()), "{out}");
    assert_eq!(fs::read_to_string(&backup).unwrap(), theirs);
    let wired = fs::read_to_string(&settings).unwrap();
    assert!(wired.contains(program("pager-hook").to_str().unwrap()), "{wired}");
    assert!(wired.contains("/usr/bin/true"), "{wired}");
    assert_eq!(home.ctl(&["hooks", "check"]).0, 0);
    assert_eq!(home.ctl(&["hooks", "check", "--quiet"]), (0, String::new(), String::new()));

    let (code, change) = home.json(&["hooks", "install"]);
    assert_eq!((code, &change["outcome"]), (0, &Value::from("unchanged")));
    assert_eq!(fs::read_to_string(&settings).unwrap(), wired);

    assert_eq!(home.ctl(&["hooks", "remove"]).0, 0);
    let left: Value = serde_json::from_str(&fs::read_to_string(&settings).unwrap()).unwrap();
    assert_eq!(left, serde_json::from_str::<Value>(theirs).unwrap());
    let (code, check) = home.json(&["hooks", "check"]);
    assert_eq!((code, &check["exists"]), (1, &Value::from(true)));
}

#[test]
fn what_the_release_in_path_knows_is_wired_before_it_ever_ran() {
    let home = Home::new();
    let (_, check) = home.json(&["hooks", "check"]);
    let always = check["events"].as_array().unwrap().len();

    // As npm installs it for everybody.
    let package = home.path("lib/node_modules/@anthropic-ai/claude-code");
    fs::create_dir_all(package.join("bin")).unwrap();
    let named = r#"{"name": "@anthropic-ai/claude-code", "version": "2.1.330"}"#;
    fs::write(package.join("package.json"), named).unwrap();
    fs::write(package.join("bin/claude.exe"), "").unwrap();
    fs::create_dir(home.path("bin")).unwrap();
    let program = "../lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe";
    std::os::unix::fs::symlink(program, home.path("bin/claude")).unwrap();

    assert_eq!(home.ctl(&["hooks", "install"]).0, 0);
    let (code, check) = home.json(&["hooks", "check"]);
    let events = check["events"].as_array().unwrap();
    assert!(code == 0 && events.len() > always, "{check:#}");
    assert!(events.iter().any(|event| event["event"] == "PostToolBatch"), "{check:#}");
}

#[test]
fn settings_that_are_not_understood_are_left_alone() {
    let home = Home::new();
    let settings = home.path(".claude/settings.json");
    fs::create_dir(home.path(".claude")).unwrap();
    fs::write(&settings, "{\n  \"hooks\": [,]\n").unwrap();
    for verb in ["install", "remove", "check"] {
        let (code, _, errors) = home.ctl(&["hooks", verb]);
        assert_eq!(code, 1, "{verb}");
        assert!(errors.contains("settings.json:2:"), "{errors}");
    }
    assert_eq!(fs::read_to_string(&settings).unwrap(), "{\n  \"hooks\": [,]\n");
}

fn config(home: &Home, text: &str) -> PathBuf {
    let file = home.path(".config/pager/pager.toml");
    fs::create_dir_all(file.parent().unwrap_or(Path::new("/"))).unwrap();
    write_private(&file, text).unwrap();
    file
}

#[test]
fn config_check_reports_every_fault_at_once() {
    let home = Home::new();
    let (code, out, _) = home.ctl(&["config", "check"]);
    assert!(code == 0 && out.starts_with("OK. There is no configuration file"), "{out}");

    let file = config(&home, "[approvals]\nwindow = 5\n[telegram]\nchatt = 1\n");
    let (code, out, _) = home.ctl(&["config", "check"]);
    assert_eq!(code, 1);
    let file = file.to_str().unwrap();
    assert!(out.contains(&format!("{file}:2:10: approvals.window: ")), "{out}");
    assert!(out.contains(&format!("{file}:4:1: telegram.chatt: ")), "{out}");
    let (code, report) = home.json(&["config", "check"]);
    assert_eq!((code, &report["ok"]), (1, &Value::from(false)));
    assert_eq!(report["errors"].as_array().unwrap().len(), 2);
    // Another file may be right.
    write_private(&home.path("other.toml"), "[approvals]\nwindow = \"5m\"\n").unwrap();
    let (code, out, _) = home.ctl(&["config", "check", "--config", "other.toml"]);
    assert!(code == 0 && out.contains("other.toml"), "{out}");
}

#[test]
fn config_show_and_get_tell_values_and_origins_but_no_secret() {
    let home = Home::new();
    let secret = format!("123456:{}", "s".repeat(35));
    let file =
        config(&home, &format!("[telegram]\ntoken = \"{secret}\"\n[desktop]\nenabled = false\n"));
    let file = file.to_str().unwrap();
    let (code, out, _) = home.ctl(&["config", "show"]);
    assert_eq!(code, 0);
    assert!(out.contains(&format!("desktop.enabled = false  # {file}:4\n")), "{out}");
    assert!(out.contains("approvals.window = \"1h\"  # default\n"), "{out}");
    assert!(out.contains("telegram.token = \"[redacted]\""), "{out}");
    let (_, shown) = home.json(&["config", "show"]);
    assert!(!out.contains(&secret) && !shown.to_string().contains(&secret));

    assert_eq!(home.ctl(&["config", "get", "approvals.window"]).1, "1h\n");
    assert_eq!(home.ctl(&["config", "get", "telegram.token"]).1, "[redacted]\n");
    let (code, out, errors) = home.ctl(&["config", "get", "telegram.chat"]);
    assert_eq!((code, out.as_str()), (1, ""), "{errors}");
    let (code, _, errors) = home.ctl(&["config", "get", "approvals.windw"]);
    assert!(code == 4 && errors.contains("approvals.window"), "{errors}");
}
