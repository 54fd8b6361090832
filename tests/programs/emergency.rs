//! When it went wrong: a panic and a new token, with the real programs.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::Write;
use std::process::{Output, Stdio};

use pager_tests::botapi::{BotApi, MessageView};
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup, eventually, permission_request, printed};

const PERSON: i64 = 111_111_111;
const SESSION: &str = "6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10";

async fn question(telegram: &BotApi) -> MessageView {
    let fits = |m: &MessageView| m.labels().starts_with(&["Allow", "Deny"]);
    telegram.wait_message(PERSON, "the question", fits).await
}

fn out(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn events(daemon: &Daemon) -> Vec<String> {
    let records = daemon.audit().unwrap();
    records.iter().map(|record| record["event"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_panic_leaves_the_terminal_to_decide_and_outlives_a_crash() {
    let bus = Bus::start().unwrap();
    let telegram = BotApi::start();
    let person = telegram.user(PERSON);
    let mut daemon = Daemon::start(Setup::on(&bus).with_bot(&telegram, PERSON)).unwrap();
    let hook = daemon.hook(&permission_request(SESSION, "touch made")).unwrap();
    let asked = question(&telegram).await;

    let shut = daemon.ctl(&["panic", "--reason", "the phone is gone", "--json"]).unwrap();
    assert!(shut.status.success(), "{shut:?}");
    let shut: serde_json::Value = serde_json::from_slice(&shut.stdout).unwrap();
    let evidence = std::path::PathBuf::from(shut["evidence"].as_str().unwrap());
    let log = std::fs::read_to_string(evidence.join("audit.jsonl")).unwrap();
    assert!(log.contains("panic.begun") && log.contains("the phone is gone"), "{log}");
    assert_eq!(printed(hook).unwrap(), "", "the agent's own dialog decides");
    let settled = |m: &MessageView| m.id == asked.id && m.text().contains("Cancelled: panic");
    telegram.wait_message(PERSON, "the end", settled).await;

    daemon.crash_and_restart().unwrap();
    let status = out(&daemon.ctl(&["status"]).unwrap());
    assert!(status.contains("Everything from outside is shut since"), "{status}");
    let tap = person.forge(PERSON, asked.id, asked.data()[0]);
    let told = telegram.wait_answer(&tap).await.text;
    assert!(told.starts_with("pager is locked since ") && told.ends_with("panic --end"), "{told}");
    let evidence = std::fs::read_dir(evidence.parent().unwrap()).unwrap().count();
    assert_eq!(evidence, 1, "it is acted on once");

    assert!(daemon.ctl(&["panic", "--end", "--yes"]).unwrap().status.success());
    let begun_and_ended = eventually("the records", || {
        let mut events = events(&daemon);
        events.retain(|event| event.starts_with("panic."));
        (events.len() == 3).then_some(events)
    });
    assert_eq!(begun_and_ended.unwrap(), ["panic.begun", "panic.acted", "panic.ended"]);
    assert!(daemon.ctl(&["audit", "verify"]).unwrap().status.code().is_some());
    telegram.finish();
}

/// The evidence of each panic there was.
fn evidence(daemon: &Daemon) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(daemon.path("state/evidence"));
    folders.map(|all| all.map(|one| one.unwrap().path()).collect()).unwrap_or_default()
}

#[test]
fn a_crash_right_after_the_lock_leaves_it_shut_and_the_rest_is_done_after_it() {
    let bus = Bus::start().unwrap();
    let mut daemon = Daemon::start(Setup::on(&bus)).unwrap();
    daemon.restart_with("locked:1:kill").unwrap();
    let hook = daemon.hook(&permission_request(SESSION, "touch made")).unwrap();
    eventually("the question", || {
        out(&daemon.ctl(&["list"]).unwrap()).contains("touch made").then_some(())
    })
    .unwrap();
    let failed = daemon.ctl(&["panic", "--reason", "the phone is gone"]).unwrap();
    assert!(!failed.status.success(), "{failed:?}");
    assert!(!daemon.wait().unwrap().success());
    assert_eq!(evidence(&daemon).len(), 0);

    daemon.restart_with("").unwrap();
    let status = out(&daemon.ctl(&["status"]).unwrap());
    assert!(status.contains("Everything from outside is shut since"), "{status}");
    assert_eq!(printed(hook).unwrap(), "", "the agent's own dialog decides");
    let acted = eventually("what was left to do", || {
        daemon.audit().ok()?.into_iter().find(|record| record["event"] == "panic.acted")
    });
    // There is no service manager here, and it says so.
    let said = acted.unwrap()["summary"].as_str().unwrap().to_owned();
    assert!(said.contains("1 still running") && said.contains("to end it: kill "), "{said}");
    let whole = evidence(&daemon);
    assert_eq!(whole.len(), 1);
    assert!(whole[0].join("SHA256SUMS").exists());
    let told = ["panic.begun", "approval.resolved", "panic.acted"];
    assert_eq!(events(&daemon), told);
}

#[test]
fn a_disk_that_is_full_takes_evidence_away_and_leaves_it_shut() {
    let bus = Bus::start().unwrap();
    let mut daemon = Daemon::start(Setup::on(&bus)).unwrap();
    let mut shut = |fault: &str| {
        daemon.restart_with(fault).unwrap();
        let said = daemon.ctl(&["panic", "--json"]).unwrap();
        assert!(said.status.success(), "{said:?}");
        let status = out(&daemon.ctl(&["status"]).unwrap());
        assert!(status.contains("Everything from outside is shut since"), "{status}");
        assert!(daemon.ctl(&["panic", "--end", "--yes"]).unwrap().status.success());
        serde_json::from_slice::<serde_json::Value>(&said.stdout).unwrap()
    };
    let none = shut("bundle:1:full=1");
    assert!(none["evidence"].is_null(), "{none}");
    assert!(none["missing"][0].as_str().unwrap().starts_with("there is no evidence folder: "));

    // The folder and the first file find room.
    let some = shut("bundle:3:full=100");
    let missing: Vec<_> =
        some["missing"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(missing.iter().any(|one| one.starts_with("audit.jsonl: ")), "{some}");
    let folder = std::path::PathBuf::from(some["evidence"].as_str().unwrap());
    let kept: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(kept, ["README.txt"], "no half a file");
}

/// Runs `pagerctl rotate-token` with a token on its standard input.
fn rotate(daemon: &Daemon, token: &str) -> Output {
    let mut command = daemon.ctl_command();
    command.arg("rotate-token").arg("--config").arg(daemon.path("pager.toml"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn a_token_is_rotated_and_the_one_before_shown_to_be_dead() {
    let bus = Bus::start().unwrap();
    let telegram = BotApi::start();
    let person = telegram.user(PERSON);
    let daemon = Daemon::start(Setup::on(&bus).with_bot(&telegram, PERSON)).unwrap();
    let hook = daemon.hook(&permission_request(SESSION, "touch made")).unwrap();
    let before = question(&telegram).await;
    let old = telegram.token();
    let new = format!("{}:{}", old.split(':').next().unwrap(), "B".repeat(35));
    telegram.allow("*", "Unauthorized");

    let token_file = daemon.path("token");
    let kept = || std::fs::read_to_string(&token_file).unwrap().trim().to_owned();
    let unknown = rotate(&daemon, &new);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
    assert_eq!(kept(), old, "what the server does not know is not taken");
    let same = rotate(&daemon, &old);
    assert_eq!(same.status.code(), Some(1), "{same:?}");

    telegram.revoke_token(&new);
    let done = rotate(&daemon, &new);
    assert!(done.status.success(), "{done:?}");
    assert!(out(&done).contains("The token before is dead."), "{done:?}");
    assert_eq!(kept(), new);
    let anew =
        |m: &MessageView| m.id == before.id && !m.rows.is_empty() && m.data() != before.data();
    let after = telegram.wait_message(PERSON, "new buttons", anew).await;
    let tap = person.tap(after.id, "Allow").unwrap();
    assert_eq!(telegram.wait_answer(&tap).await.text, "Allowed");
    assert!(printed(hook).unwrap().contains("allow"));
    assert!(events(&daemon).iter().any(|event| event == "token.rotated"));
    let spread = format!("{}{}{:?}{:?}", daemon.log(), out(&done), same, unknown);
    assert!(!spread.contains(&"B".repeat(35)), "{spread}");
    telegram.finish();
}
