//! The policy with the real programs: what it decides nobody is asked, what it changes is judged anew,
//! and a file that is wrong lets nothing through.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use pager_tests::agent::Hook;
use pager_tests::closed::{Daemon, Setup, eventually, permission_request, printed};
use rustix::process::Signal;
use serde_json::{Value, json};

const SESSION: &str = "6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10";

const POLICY: &str = r#"
[[rule]]
name = "tests"
verdict = "allow"
command = [["cargo", "test", "**"]]

[[rule]]
name = "no-force"
verdict = "deny"
command = [["git", "push", "--force|-f"]]
reason = "history is shared"
"#;

fn start(policy: Option<&str>) -> Daemon {
    Daemon::start(Setup { policy: policy.map(str::to_owned), ..Setup::default() }).unwrap()
}

fn ask(daemon: &Daemon, command: &str) -> Hook {
    daemon.hook(&permission_request(SESSION, command)).unwrap()
}

/// The decision that a hook printed.
fn decision(hook: Hook) -> Value {
    let printed = printed(hook).unwrap();
    serde_json::from_str::<Value>(&printed).unwrap()["hookSpecificOutput"]["decision"].take()
}

/// The approvals that wait, once there are as many.
fn waiting(daemon: &Daemon, count: usize) -> Vec<Value> {
    eventually("the waiting approvals", || {
        let output = daemon.ctl(&["list", "--json"]).unwrap();
        let listed: Vec<Value> = serde_json::from_slice(&output.stdout).ok()?;
        (listed.len() == count).then_some(listed)
    })
    .unwrap()
}

#[test]
fn what_the_policy_decides_nobody_is_asked() {
    let daemon = start(Some(POLICY));
    let allowed = decision(ask(&daemon, "cargo test -p webshop"));
    assert_eq!(allowed, json!({ "behavior": "allow" }));

    let denied = decision(ask(&daemon, "sh -c 'git push -f'"));
    assert_eq!(denied["behavior"], "deny");
    let message = denied["message"].as_str().unwrap();
    assert!(message.contains("no-force") && message.contains("history is shared"), "{message}");

    let secret = decision(ask(&daemon, "cargo test; cat ~/.ssh/id_rsa"));
    assert_eq!(secret["behavior"], "deny");
    let own = daemon.path("policy.toml").display().to_string();
    assert_eq!(decision(ask(&daemon, &format!("echo x > {own}")))["behavior"], "deny");

    let by: Vec<_> = daemon.audit().unwrap().iter().map(|record| record["by"].clone()).collect();
    for wanted in
        ["policy:tests", "policy:no-force", "policy:pager:secrets", "policy:pager:own-state"]
    {
        assert!(by.contains(&json!(wanted)), "{wanted} in {by:?}");
    }
    waiting(&daemon, 0);
}

#[test]
fn a_new_policy_judges_what_waits_and_a_wrong_one_judges_nothing() {
    let daemon = start(Some(POLICY));
    let first = ask(&daemon, "make release");
    let second = ask(&daemon, "make deploy");
    let third = ask(&daemon, "make coffee");
    waiting(&daemon, 3);

    // Wrong: the old one stays, and the daemon says why.
    std::fs::write(daemon.path("policy.toml"), "verdict = \"allow everything\"").unwrap();
    daemon.signal(Signal::HUP).unwrap();
    eventually("the refusal", || daemon.log().contains("policy in force stays").then_some(()))
        .unwrap();
    assert!(daemon.log().contains("policy.toml:1:1: unknown key"), "{}", daemon.log());
    assert_eq!(decision(ask(&daemon, "cargo test"))["behavior"], "allow");
    waiting(&daemon, 3);

    let more = format!(
        "{POLICY}\n[[rule]]\nname = \"release\"\nverdict = \"allow\"\ncommand = [\"make release\"]\n\
         [[rule]]\nname = \"no-deploy\"\nverdict = \"deny\"\ncommand = [\"make deploy\"]\n"
    );
    std::fs::write(daemon.path("policy.toml"), more).unwrap();
    daemon.signal(Signal::HUP).unwrap();
    assert_eq!(decision(first)["behavior"], "allow");
    assert_eq!(decision(second)["behavior"], "deny");
    let left = waiting(&daemon, 1);
    assert_eq!(left[0]["summary"], "make coffee");
    let id = left[0]["id"].as_str().unwrap();
    assert!(daemon.ctl(&["deny", id]).unwrap().status.success());
    assert_eq!(decision(third)["behavior"], "deny");
}

#[test]
fn a_policy_that_changed_while_the_daemon_was_down_judges_what_waits() {
    let mut daemon = Daemon::start(Setup { supervised: true, ..Setup::default() }).unwrap();
    let first = ask(&daemon, "cargo test");
    let second = ask(&daemon, "git push");
    waiting(&daemon, 2);
    std::fs::write(daemon.path("policy.toml"), "[[rule]]\nname = \"all\"\n").unwrap();
    daemon.crash_and_restart().unwrap();
    waiting(&daemon, 2);

    let remote = "[[rule]]\nname = \"pushing\"\nverdict = \"ask\"\ncommand = [\"git push\"]\n\
                  require = \"remote\"\n";
    std::fs::write(daemon.path("policy.toml"), format!("{POLICY}{remote}")).unwrap();
    daemon.crash_and_restart().unwrap();
    assert_eq!(decision(first)["behavior"], "allow");
    let left = waiting(&daemon, 1);
    let id = left[0]["id"].as_str().unwrap();
    let here = daemon.ctl(&["approve", id]).unwrap();
    assert_eq!(here.status.code(), Some(5), "{here:?}");
    assert!(daemon.ctl(&["deny", id]).unwrap().status.success());
    assert_eq!(decision(second)["behavior"], "deny");
}

#[test]
fn with_a_wrong_policy_from_the_start_everything_is_asked() {
    let daemon = start(Some("[[rule]]\nname = \"all\"\nverdict = \"allow\"\n"));
    assert!(daemon.log().contains("would allow every tool"), "{}", daemon.log());
    let hook = ask(&daemon, "cargo test");
    let id = waiting(&daemon, 1)[0]["id"].as_str().unwrap().to_owned();
    assert!(daemon.ctl(&["approve", &id]).unwrap().status.success());
    assert_eq!(decision(hook)["behavior"], "allow");
    // What is built in holds all the same.
    assert_eq!(decision(ask(&daemon, "cat /etc/shadow"))["behavior"], "deny");
}

#[test]
fn a_repository_tightens_the_policy_of_those_who_work_in_it() {
    let daemon = start(Some(POLICY));
    let repository = daemon.path("webshop");
    std::fs::create_dir_all(repository.join(".git")).unwrap();
    std::fs::create_dir_all(repository.join(".pager")).unwrap();
    let local = repository.join(".pager/policy.toml");
    std::fs::write(
        &local,
        "[[rule]]\nname = \"no-tests\"\nverdict = \"deny\"\ncommand = [\"cargo test\"]\n",
    )
    .unwrap();
    let mut event = permission_request(SESSION, "cargo test");
    event["cwd"] = json!(repository);
    assert_eq!(decision(daemon.hook(&event).unwrap())["behavior"], "deny");

    std::fs::write(&local, "[[rule]]\nname = \"more\"\nverdict = \"allow\"\ncommand = [\"rm\"]\n")
        .unwrap();
    let hook = daemon.hook(&event).unwrap();
    let id = waiting(&daemon, 1)[0]["id"].as_str().unwrap().to_owned();
    assert!(daemon.ctl(&["deny", &id]).unwrap().status.success());
    assert_eq!(decision(hook)["behavior"], "deny");
}
