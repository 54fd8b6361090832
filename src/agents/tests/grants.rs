//! Granted rules in settings files of every shape: found, taken out, or left alone with a reason.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use pager_agents::wiring::{Grant, Wiring, WiringError};
use pager_core::approval::{AlwaysGrant, Input, Kind};
use pager_core::{Agent, Approval, ApprovalId, Facts, Request, RequestId, SessionId};
use serde_json::{Value, json};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn write(&self, below: &str, text: &str) -> PathBuf {
        let file = self.path(below);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        file
    }

    fn grant(&self, agent: Agent, cwd: &Path, suggestion: &Value) -> Option<Grant> {
        let mut facts = Facts::new(SessionId::from_agent("s"), agent);
        facts.cwd = Some(cwd.display().to_string());
        let id = RequestId::from_bytes([1; 16]);
        let mut request = Request::new(id, Kind::Permission, "Bash", Input::new("{}"));
        let suggestion = suggestion.to_string();
        request.always = Some(AlwaysGrant { rule: String::new(), suggestion });
        let id = ApprovalId::from_bytes([1; 16]);
        let now = jiff::Timestamp::UNIX_EPOCH;
        let approval = Approval::new(id, &facts, request, String::new(), now, now);
        Wiring::claude(self.0.path(), None).grant(&approval)
    }

    /// A grant of Claude's from a folder below the project.
    fn granted(&self, rules: &[Option<&str>], destination: &str) -> Grant {
        let rule = |content: &Option<&str>| match content {
            Some(content) => json!({ "toolName": "Bash", "ruleContent": content }),
            None => json!({ "toolName": "Bash" }),
        };
        let rules: Vec<Value> = rules.iter().map(rule).collect();
        let suggestion = json!({ "type": "addRules", "behavior": "allow", "rules": rules,
            "destination": destination });
        self.grant(Agent::claude(), &self.path("shop/src"), &suggestion).unwrap()
    }
}

const LOCAL: &str = "shop/.claude/settings.local.json";

#[test]
fn the_rules_go_and_everything_else_keeps_its_bytes() {
    let home = Home::new();
    let file = home.write(
        LOCAL,
        r#"// mine
{
  "permissions": {
    "allow": [
      "Bash(ls)", // this one stays
      "Bash(touch made *)",
      "Bash(echo \\(hi\\))",
      "WebFetch"
    ],
    "deny": ["Bash(touch made *)"]
  },
  "model":   "opus"
}
"#,
    );
    let grant = home.granted(&[Some("touch made *"), Some("echo (hi)")], "localSettings");
    assert_eq!(grant.rules(), ["Bash(touch made *)", "Bash(echo (hi))"]);
    assert_eq!((grant.place(), grant.is_kept()), ("localSettings", true));
    assert_eq!(grant.file(), Some(file.as_path()));
    assert_eq!(grant.revoke().unwrap(), Some(file.clone()));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        r#"// mine
{
  "permissions": {
    "allow": [
      "Bash(ls)", // this one stays
      "WebFetch"
    ],
    "deny": ["Bash(touch made *)"]
  },
  "model":   "opus"
}
"#
    );
    assert_eq!((grant.file(), grant.revoke().unwrap()), (None, None));
}

#[test]
fn the_file_is_the_one_the_agent_was_told_to_keep_it_in() {
    let home = Home::new();
    let held = r#"{"permissions": {"allow": ["Bash"]}}"#;
    let files = [
        (home.write(LOCAL, held), "localSettings"),
        (home.write("shop/.claude/settings.json", held), "projectSettings"),
        (home.write(".claude/settings.json", held), "userSettings"),
    ];
    for (file, destination) in &files {
        let grant = home.granted(&[None], destination);
        assert_eq!(grant.file(), Some(file.as_path()), "{destination}");
    }
    let session = home.granted(&[None], "session");
    assert_eq!((session.is_kept(), session.revoke().unwrap()), (false, None));
    assert_eq!(fs::read_to_string(&files[0].0).unwrap(), held);
}

#[test]
fn granted_folders_are_taken_back_as_well() {
    let home = Home::new();
    let file =
        home.write(LOCAL, r#"{"permissions":{"additionalDirectories":["/srv/a","/srv/b"]}}"#);
    let suggestion = json!({ "type": "addDirectories", "directories": ["/srv/b"],
        "destination": "localSettings" });
    let grant = home.grant(Agent::claude(), &home.path("shop"), &suggestion).unwrap();
    grant.revoke().unwrap();
    let kept: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(kept, json!({ "permissions": { "additionalDirectories": ["/srv/a"] } }));
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let home = Home::new();
    let grant = home.granted(&[None], "localSettings");
    assert_eq!(grant.revoke().unwrap(), None, "there is no file");
    let file = home.write(LOCAL, r#"{"permissions": {"allow": ["Bash""#);
    assert!(matches!(grant.revoke(), Err(WiringError::Invalid { .. })));
    assert_eq!(grant.file(), None);
    fs::rename(&file, home.path("real.json")).unwrap();
    std::os::unix::fs::symlink(home.path("real.json"), &file).unwrap();
    assert!(matches!(grant.revoke(), Err(WiringError::Symlink { .. })));
    for odd in ["", "{}", r#"{"permissions": []}"#, r#"{"permissions": {"allow": "Bash"}}"#] {
        fs::remove_file(&file).unwrap();
        fs::write(&file, odd).unwrap();
        assert_eq!(grant.revoke().unwrap(), None, "{odd}");
        assert_eq!(fs::read_to_string(&file).unwrap(), odd);
    }
}

#[test]
fn only_claude_grants_rules() {
    let home = Home::new();
    let rules = json!({ "type": "addRules", "rules": [{ "toolName": "Bash" }] });
    assert!(home.grant(Agent::new("codex"), &home.path("shop"), &rules).is_none());
    let mode = json!({ "type": "setMode", "mode": "acceptEdits" });
    assert!(home.grant(Agent::claude(), &home.path("shop"), &mode).is_none());
}
