//! `pagerctl hooks --agent codex`: what is trusted, by whose word, and what is left of it; and what a
//! hook of Codex's can say. Codex is a stand-in that says what the real one does; the booted system
//! has the real one.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pager_tests::closed::{Daemon, Setup, eventually, permission_request, printed, program};
use serde_json::{Value, json};

/// Lists what is in the file `listed`, and writes down what it is told to write.
const CODEX: &str = r#"#!/bin/sh
test "$1" = app-server || exit 2
while read -r line; do
    id=$(printf %s "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
    case $line in
    *'"initialize"'*) printf '{"id":%s,"result":{}}\n' "$id" ;;
    *hooks/list*)
        printf '{"method":"configWarning","params":{}}\n'
        printf '{"id":%s,"result":%s}\n' "$id" "$(cat "$HOME/listed")"
        ;;
    *config/batchWrite*)
        printf '%s\n' "$line" >>"$HOME/written"
        sed 's/untrusted/trusted/g' "$HOME/listed" >"$HOME/next" && mv "$HOME/next" "$HOME/listed"
        printf '{"id":%s,"result":{"status":"ok"}}\n' "$id"
        ;;
    esac
done
"#;

const EVENTS: [&str; 9] = [
    "sessionStart",
    "sessionEnd",
    "userPromptSubmit",
    "preToolUse",
    "permissionRequest",
    "postToolUse",
    "subagentStop",
    "stop",
    "interrupt",
];

struct Home(tempfile::TempDir);

impl Home {
    /// A home whose Codex trusts none of pager's entries, nor somebody else's.
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.path(".codex")).unwrap();
        fs::create_dir(home.path("bin")).unwrap();
        fs::write(home.path("bin/codex"), CODEX).unwrap();
        fs::set_permissions(home.path("bin/codex"), Permissions::from_mode(0o755)).unwrap();
        let file = home.path(".codex/hooks.json");
        let hook = |event: &str, command: &str, at: usize| {
            json!({ "key": format!("{}:{event}:{at}:0", file.display()), "eventName": event,
                "command": command, "sourcePath": file, "enabled": true, "timeoutSec": 5,
                "currentHash": format!("sha256:{event}{at}"), "trustStatus": "untrusted" })
        };
        let own = format!("{} --agent codex", program("pager-hook").display());
        let mut hooks: Vec<_> = EVENTS.iter().map(|event| hook(event, &own, 0)).collect();
        hooks.push(hook("stop", "/usr/bin/theirs", 1));
        let listed = json!({ "data": [{ "cwd": "/", "hooks": hooks, "warnings": [] }] });
        fs::write(home.path("listed"), listed.to_string()).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// pagerctl in this home, with these folders to find programs in.
    fn ctl(&self, path: &str, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(program("pagerctl"))
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", path)
            .current_dir(self.0.path())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn hooks(&self, arguments: &[&str]) -> (i32, String, String) {
        self.ctl(&self.folders(), &[&["hooks"], arguments, &["--agent", "codex"]].concat())
    }

    /// Where programs are found, Codex among them.
    fn folders(&self) -> String {
        format!("{}:/usr/bin:/bin", self.path("bin").display())
    }

    /// What the doctor finds of Codex's trust: the exit status, and the findings' status and text.
    fn trust(&self) -> (i32, Vec<(String, String)>) {
        let asked = ["doctor", "codex-trust", "--json"];
        let (code, out, error) = self.ctl(&self.folders(), &asked);
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}"));
        let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
        let rows = report["checks"].as_array().unwrap().iter();
        (code, rows.map(|row| (text(row, "status"), text(row, "text"))).collect())
    }

    /// What Codex was told to write, edit by edit.
    fn written(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("written")).unwrap_or_default();
        let calls = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        calls.flat_map(|call| call["params"]["edits"].as_array().unwrap().clone()).collect()
    }
}

#[test]
fn nothing_is_trusted_that_nobody_has_agreed_to() {
    let home = Home::new();
    assert_eq!(home.trust(), (0, Vec::new()), "what is not wired is told by another check");
    let (code, out, error) = home.hooks(&["install"]);
    assert_eq!(code, 1, "{out}{error}");
    assert!(out.contains("PermissionRequest is not trusted"), "{out}");
    assert!(error.contains("--yes"), "{error}");
    assert!(home.path(".codex/hooks.json").exists());
    assert_eq!(home.written(), Vec::<Value>::new());
    let (code, out, _) = home.hooks(&["check"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("all 9 events are wired") && out.contains("is not trusted"), "{out}");
    let (code, found) = home.trust();
    assert_eq!((code, found[0].0.as_str()), (1, "fail"), "{found:?}");
    assert!(found[0].1.contains("PermissionRequest is not trusted"), "{found:?}");
}

#[test]
fn a_yes_trusts_pagers_own_entries_just_as_they_are() {
    let home = Home::new();
    let (code, out, error) = home.hooks(&["install", "--yes"]);
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.ends_with("Codex trusts all 9 entries.\n"), "{out}");
    let file = home.path(".codex/hooks.json");
    let own = EVENTS.iter().map(|event| {
        (
            format!("{}:{event}:0:0", file.display()),
            json!({"trusted_hash": format!("sha256:{event}0")}),
        )
    });
    let own: serde_json::Map<String, Value> = own.collect();
    let expected = json!({ "keyPath": "hooks.state", "value": own, "mergeStrategy": "upsert" });
    assert_eq!(home.written(), [expected]);
    assert_eq!(home.hooks(&["check"]).0, 0);
    let all = ("ok".to_owned(), "Codex trusts all 9 entries.".to_owned());
    assert_eq!(home.trust(), (0, vec![all]));

    let (code, _, _) = home.hooks(&["install"]);
    assert_eq!((code, home.written().len()), (0, 1), "what is trusted is not trusted again");
}

#[test]
fn a_removal_takes_the_trust_back_too() {
    let home = Home::new();
    home.hooks(&["install", "--yes"]);
    let (code, out, error) = home.hooks(&["remove"]);
    assert_eq!(code, 0, "{out}{error}");
    let forgotten = home.written();
    assert_eq!(forgotten.len(), 1 + EVENTS.len());
    let stop = format!("hooks.state.\"{}:stop:0:0\"", home.path(".codex/hooks.json").display());
    let stop = forgotten.iter().find(|edit| edit["keyPath"] == *stop).unwrap();
    assert_eq!((&stop["value"], &stop["mergeStrategy"]), (&Value::Null, &"replace".into()));
    let left = fs::read_to_string(home.path(".codex/hooks.json")).unwrap();
    assert!(!left.contains("pager-hook"), "{left}");
}

#[test]
fn without_codex_nothing_is_written_and_a_removal_still_works() {
    let home = Home::new();
    let (code, _, error) =
        home.ctl("/usr/bin:/bin", &["hooks", "install", "--yes", "--agent", "codex"]);
    assert_eq!(code, 1);
    assert!(error.contains("no codex in PATH"), "{error}");
    assert!(!home.path(".codex/hooks.json").exists());
    home.hooks(&["install", "--yes"]);
    let (code, out, error) = home.ctl("/usr/bin:/bin", &["hooks", "remove", "--agent", "codex"]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("9 entries taken out"), "{out}");
}

#[test]
fn a_codex_that_says_nothing_sensible_is_named() {
    let home = Home::new();
    fs::write(home.path("bin/codex"), "#!/bin/sh\necho nonsense\n").unwrap();
    let (code, _, error) = home.hooks(&["install", "--yes"]);
    assert_eq!(code, 1);
    assert!(error.contains("codex app-server gives no answer to initialize"), "{error}");
}

#[test]
fn a_no_that_cannot_end_the_turn_decides_nothing_and_says_what_to_do() {
    let config = "[approvals]\ncodex_window = \"10m\"\n".to_owned();
    let daemon = Daemon::start(Setup { config, ..Setup::default() }).unwrap();
    let event = permission_request("01a1fe17-9e64-7292-89e2-20e70dfc9625", "touch made");
    let hook = daemon.hook_of("codex", &event).unwrap();
    let id = eventually("the question", || {
        let output = daemon.ctl(&["list", "--json"]).unwrap();
        let listed: Vec<Value> = serde_json::from_slice(&output.stdout).ok()?;
        Some(listed.first()?["id"].as_str()?.to_owned())
    });
    let id = id.unwrap();
    let stopped = daemon.ctl(&["deny", "--stop", &id]).unwrap();
    let error = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!(stopped.status.code(), Some(1), "{error}");
    assert!(error.contains("Codex takes only a yes or a no here"), "{error}");
    assert!(error.contains("deny it, then press Esc at its terminal"), "{error}");

    assert!(daemon.ctl(&["deny", &id, "-m", "not on a Friday"]).unwrap().status.success());
    let printed = printed(hook).unwrap();
    let decision = serde_json::from_str::<Value>(&printed).unwrap();
    let decision = &decision["hookSpecificOutput"]["decision"];
    assert_eq!(*decision, json!({ "behavior": "deny", "message": "not on a Friday" }));
}
