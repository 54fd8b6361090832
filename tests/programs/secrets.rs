//! Nothing of the bot's token, and of the secrets an agent lets slip only what runs: a daemon that is
//! given every reason to say something, and everything it has said and written, searched.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use pager_tests::botapi::{BotApi, Fault, MessageView};
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup, eventually, permission_request, printed, write_private};
use rustix::process::Signal;

const ADA: i64 = 111_111_111;

/// A bot that the configuration names by mistake, and nobody's.
const MISPLACED: &str = "987654321:AAmisplacedmisplacedmisplacedmisplaced";

/// One secret of each kind that may stand in a command, and nobody's.
fn slips() -> Vec<String> {
    let letters: String = "a1B2c3D4e5F6g7H8i9J0".chars().cycle().take(40).collect();
    let begun = |start: &str| format!("{start}{letters}");
    let mut slips: Vec<_> = [
        "123456789:",
        "sk-",
        "sk-ant-api03-",
        "sk-or-v1-",
        "sk-proj-",
        "ghp_",
        "github_pat_",
        "AIza",
        "xoxb-",
        "glpat-",
    ]
    .into_iter()
    .map(begun)
    .collect();
    slips.push("AKIAA1B2C3D4E5F6G7H8".to_owned());
    slips
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// What the kernel lets the same user read of a process.
fn of_process(pid: u32) -> Vec<(String, Vec<u8>)> {
    let file = |name: &str| format!("/proc/{pid}/{name}");
    ["cmdline", "environ", "status"]
        .into_iter()
        .map(|name| (name.to_owned(), fs::read(file(name)).unwrap_or_default()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_token_is_anywhere() {
    let bus = Bus::start().unwrap();
    let double = BotApi::start();
    let ada = double.user(ADA);
    let token = double.token();
    let mut daemon = Daemon::start(Setup::on(&bus).with_bot(&double, ADA)).unwrap();
    double.wait_polling().await;

    // A proxy and a server that repeat what was asked of them, and worse.
    let page = format!("Not here: /bot{token}/sendMessage");
    for fault in [Fault::Status(502), Fault::DropAfter, Fault::Malformed, Fault::Refuse(400, page)]
    {
        double.fault("sendMessage", 1, fault);
    }
    let slips = slips();
    let command = format!("deploy --with {} --bot {token} now", slips.join(" "));
    let first = daemon.hook(&permission_request("lost", "touch lost")).unwrap();
    let second = daemon.hook(&permission_request("shown", &command)).unwrap();
    let shows =
        |message: &MessageView| message.text().contains("deploy") && !message.rows.is_empty();
    let message = double.wait_message(ADA, "the command", shows).await;
    let hidden = format!("{} secrets are hidden.", slips.len() + 1);
    assert!(message.text().contains(&hidden), "{}", message.text());
    assert!(message.text().contains("deploy --with [redacted] "), "{}", message.text());
    let listed = daemon.ctl(&["list", "--json"]).unwrap();
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed.len(), 2);
    ada.tap(message.id, "Allow").unwrap();
    assert!(printed(second).unwrap().contains("allow"));
    let lost = listed.iter().find(|approval| approval["session"] == "lost");
    let id = lost.map_or_else(|| listed[0]["id"].clone(), |lost| lost["id"].clone());
    let mut said = Vec::new();
    for id in [id.as_str().unwrap(), "ffffffff", &token] {
        let denied = daemon.ctl(&["deny", id]).unwrap();
        said.push(("pagerctl".to_owned(), denied.stderr));
    }
    assert!(printed(first).unwrap().contains("deny"));

    // A server that is not there.
    double.go_down();
    let unreachable = |log: String| log.contains("cannot be reached").then_some(());
    eventually("that the server is away", || unreachable(daemon.log())).unwrap();
    double.come_back();
    double.wait_polling().await;

    // A configuration that is wrong where a token stands in it, and one that is right again.
    let config = fs::read_to_string(daemon.path("pager.toml")).unwrap();
    let wrong = format!("{config}token = {MISPLACED}\nchat = \"{MISPLACED}\"\n");
    write_private(&daemon.path("pager.toml"), &wrong).unwrap();
    let connection = zbus::connection::Builder::address(bus.address()).unwrap();
    let connection = connection.build().await.unwrap();
    let names = ("org.pagerd.Pager1", "/org/pagerd/Pager1", "org.pagerd.Pager1.Manager");
    let refused =
        connection.call_method(Some(names.0), names.1, Some(names.2), "Reload", &()).await;
    said.push(("D-Bus".to_owned(), refused.unwrap_err().to_string().into_bytes()));
    let shown = daemon.ctl(&["config", "check", "--config", "pager.toml"]).unwrap();
    said.extend([("check".to_owned(), shown.stdout), ("check".to_owned(), shown.stderr)]);
    write_private(&daemon.path("pager.toml"), &config).unwrap();

    // A token that is valid no more.
    double.revoke_token("110201543:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");
    let third = daemon.hook(&permission_request("refused", "touch refused")).unwrap();
    let unauthorized = |log: String| log.contains("does not know the bot's token").then_some(());
    eventually("that the token is refused", || unauthorized(daemon.log())).unwrap();
    let shown = daemon.ctl(&["status"]).unwrap();
    drop(third);
    said.extend([("status".to_owned(), shown.stdout), ("status".to_owned(), shown.stderr)]);

    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_ascii_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");
    // What is not to be dumped belongs to root, whoever runs it.
    let environment = format!("/proc/{}/environ", daemon.pid());
    assert_eq!(fs::metadata(environment).unwrap().uid(), 0);
    said.extend(of_process(daemon.pid()));
    daemon.signal(Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    drop(connection);

    let log = daemon.log().into_bytes();
    assert!(holds(&log, "Not here: /bot[redacted]/sendMessage"), "{}", daemon.log());
    said.push(("log".to_owned(), log));
    let audit = fs::read(daemon.path("state/audit.jsonl")).unwrap();
    assert!(holds(&audit, "deploy --with [redacted] "));
    said.push(("audit".to_owned(), audit));
    for call in double.calls() {
        // What was sent; what came of it may be the page above.
        said.push((call.method.clone(), call.params.to_string().into_bytes()));
    }
    let key = token.split_once(':').unwrap().1;
    let misplaced = MISPLACED.split_once(':').unwrap().1;
    for (what, bytes) in &said {
        let secrets = slips.iter().map(String::as_str).chain([key, misplaced]);
        for secret in secrets {
            assert!(!holds(bytes, secret), "{what}: {}", String::from_utf8_lossy(bytes));
        }
    }
    double.allow("*", "Unauthorized");
    drop(double.close());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_in_no_file_but_its_own() {
    let double = BotApi::start();
    let ada = double.user(ADA);
    let token = double.token();
    let mut daemon = Daemon::start(Setup::default().with_bot(&double, ADA)).unwrap();
    double.wait_polling().await;
    let hook = daemon.hook(&permission_request("shown", "touch here")).unwrap();
    let shows = |message: &MessageView| message.text().contains("touch here");
    let message = double.wait_message(ADA, "the command", shows).await;
    ada.tap(message.id, "Deny").unwrap();
    assert!(printed(hook).unwrap().contains("deny"));
    daemon.signal(Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    let files = files(&daemon.path(""));
    let own = daemon.path("token").display().to_string();
    let key = token.split_once(':').unwrap().1;
    assert!(files.iter().any(|(name, bytes)| *name == own && holds(bytes, key)));
    assert!(files.iter().any(|(name, _)| name.ends_with("pager.db")));
    for (name, bytes) in files {
        assert!(name == own || !holds(&bytes, key), "{name}");
    }
    double.finish();
}
