//! The main job with the real programs in a closed environment: an agent asks, a person answers at any
//! door, the agent goes on and every other door is told.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;

use pager_proto::{ClientLine, Hello, Kind, RequestId, Why};
use pager_tests::agent::Hook;
use pager_tests::botapi::BotApi;
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup, eventually, permission_request, printed};
use pager_tests::notifications::Server;
use rustix::process::Signal;
use serde_json::{Value, json};
use zbus::zvariant::OwnedObjectPath;

const PERSON: i64 = 111_111_111;
const SESSION: &str = "6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10";

/// An approval as `ListApprovals` has it: id, path, kind, summary, session.
type Listed = (String, OwnedObjectPath, String, String, String);

/// Every door there is, and a daemon behind them.
struct House {
    _bus: Bus,
    connection: zbus::Connection,
    screen: Server,
    telegram: BotApi,
    daemon: Daemon,
}

impl House {
    async fn open() -> Self {
        let bus = Bus::start().unwrap();
        let screen = Server::start(&bus, &["actions", "body", "body-markup"]).await.unwrap();
        let telegram = BotApi::start();
        drop(telegram.user(PERSON));
        let daemon = Daemon::start(Setup::on(&bus).with_bot(&telegram, PERSON)).unwrap();
        let connection = bus.connect().await.unwrap();
        Self { _bus: bus, connection, screen, telegram, daemon }
    }

    /// Claude asks; returns its hook and the approval, once every door shows it.
    async fn ask(&self, command: &str) -> (Hook, Listed) {
        let hook = self.daemon.hook(&permission_request(SESSION, command)).unwrap();
        self.screen.until("the question", |screen| screen.len() == 1).await;
        self.telegram
            .wait_message(PERSON, "the question", |m| m.labels().starts_with(&["Allow", "Deny"]))
            .await;
        let listed: Vec<Listed> = self.call("ListApprovals", &()).await;
        assert_eq!(listed.len(), 1);
        (hook, listed.into_iter().next().unwrap())
    }

    async fn call<B, R>(&self, method: &str, body: &B) -> R
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
        R: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
    {
        let (name, root) = ("org.pagerd.Pager1", "/org/pagerd/Pager1");
        let interface = Some("org.pagerd.Pager1.Manager");
        let reply =
            self.connection.call_method(Some(name), root, interface, method, body).await.unwrap();
        reply.body().deserialize().unwrap()
    }

    async fn property(&self, approval: &Listed, name: &str) -> String {
        let proxy = zbus::Proxy::new(
            &self.connection,
            "org.pagerd.Pager1",
            approval.1.as_ref(),
            "org.pagerd.Pager1.Approval",
        );
        proxy.await.unwrap().get_property(name).await.unwrap()
    }

    /// Every door shows that it is over, and the audit log has it.
    async fn settled(&self, approval: &Listed, state: &str, by: &str, words: &str) {
        self.screen.until("nothing", BTreeMap::is_empty).await;
        let message = self.telegram.wait_message(PERSON, "the settlement", |m| {
            m.labels().is_empty() && m.text().contains(words)
        });
        message.await;
        assert_eq!(self.property(approval, "State").await, state);
        assert_eq!(self.property(approval, "ResolvedBy").await, by);
        let records = self.daemon.audit().unwrap();
        let last = records.last().unwrap();
        assert_eq!((&last["approval"], &last["by"]), (&json!(approval.0), &json!(by)));
        let sha256 = self.property(approval, "InputSha256").await;
        assert_eq!(last["input_sha256"], json!(sha256));
    }

    fn finish(self) {
        self.screen.finish();
        let log = self.daemon.log();
        assert!(!log.contains(&self.telegram.token()), "the token is in the log:\n{log}");
        drop(self.daemon);
        self.telegram.finish();
    }
}

fn decision(printed: &str) -> Value {
    let output: Value = serde_json::from_str(printed).unwrap();
    assert_eq!(output["hookSpecificOutput"]["hookEventName"], "PermissionRequest");
    output["hookSpecificOutput"]["decision"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_on_d_bus() {
    let house = House::open().await;
    let (hook, approval) = house.ask("touch made").await;
    assert_eq!((approval.2.as_str(), approval.3.as_str()), ("permission", "touch made"));
    let () = house.call("Approve", &approval.0).await;
    assert_eq!(decision(&printed(hook).unwrap()), json!({ "behavior": "allow" }));
    let by = house.property(&approval, "ResolvedBy").await;
    assert!(by.starts_with("dbus:"), "{by}");
    house.settled(&approval, "allowed", &by, "Allowed").await;
    house.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_on_telegram() {
    let house = House::open().await;
    let (hook, approval) = house.ask("rm -rf build").await;
    let message = house
        .telegram
        .wait_message(PERSON, "the question", |m| m.labels().starts_with(&["Allow", "Deny"]))
        .await;
    let tap = house.telegram.user(PERSON).tap(message.id, "Deny").unwrap();
    house.telegram.wait_answer(&tap).await;
    let told = decision(&printed(hook).unwrap());
    assert_eq!(told["behavior"], "deny");
    house.settled(&approval, "denied", &format!("telegram:{PERSON}"), "Denied").await;
    let record = house.daemon.audit().unwrap().pop().unwrap();
    assert_eq!(record["message_id"], json!(message.id));
    house.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_on_the_desktop() {
    let house = House::open().await;
    let (hook, approval) = house.ask("make test").await;
    let shown = *house.screen.screen().keys().next().unwrap();
    house.screen.press(shown, "Allow").await;
    assert_eq!(decision(&printed(hook).unwrap()), json!({ "behavior": "allow" }));
    house.settled(&approval, "allowed", "desktop", "Allowed").await;
    house.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_with_no_at_the_terminal() {
    let house = House::open().await;
    let (hook, approval) = house.ask("ls").await;
    let pid = rustix::process::Pid::from_raw(i32::try_from(hook.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(printed(hook).unwrap(), "");
    house.settled(&approval, "elsewhere", "terminal", "Answered at the terminal").await;
    house.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_with_yes_at_the_terminal() {
    let house = House::open().await;
    let (hook, approval) = house.ask("ls").await;
    let mut used = permission_request(SESSION, "ls");
    used["hook_event_name"] = json!("PostToolUse");
    used["tool_response"] = json!({ "stdout": "" });
    assert_eq!(printed(house.daemon.hook(&used).unwrap()).unwrap(), "");
    assert_eq!(
        printed(hook).unwrap(),
        "",
        "what the hook says no longer counts, so it says nothing"
    );
    house.settled(&approval, "elsewhere", "terminal", "Answered at the terminal").await;
    house.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_killed() {
    let house = House::open().await;
    let (mut hook, approval) = house.ask("ls").await;
    // Nobody reads the hook's output any more.
    drop(hook.stdout.take());
    assert!(hook.wait().unwrap().success());
    house.settled(&approval, "cancelled", "agent", "Cancelled").await;
    house.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_nothing_and_the_hook_is_answered_by_the_next_daemon() {
    let mut house = House::open().await;
    let (hook, approval) = house.ask("touch made").await;
    house.daemon.crash_and_restart().unwrap();
    // The same approval, on the same message.
    let listed: Vec<Listed> = house.call("ListApprovals", &()).await;
    assert_eq!(listed[0].0, approval.0);
    let message = house
        .telegram
        .wait_message(PERSON, "the question", |m| m.labels().starts_with(&["Allow", "Deny"]))
        .await;
    let tap = house.telegram.user(PERSON).tap(message.id, "Allow").unwrap();
    house.telegram.wait_answer(&tap).await;
    assert_eq!(decision(&printed(hook).unwrap()), json!({ "behavior": "allow" }));
    house.settled(&approval, "allowed", &format!("telegram:{PERSON}"), "Allowed").await;
    house.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_in_time() {
    let bus = Bus::start().unwrap();
    let mut setup = Setup::on(&bus);
    setup.config.push_str("[approvals]\nwindow = \"1s\"\n");
    let daemon = Daemon::start(setup).unwrap();
    let hook = daemon.hook(&permission_request(SESSION, "ls")).unwrap();
    assert_eq!(printed(hook).unwrap(), "");
    let record = daemon.audit().unwrap().pop().unwrap();
    assert_eq!((&record["action"], &record["by"]), (&json!("expire"), &json!("timeout")));
}

#[test]
fn bad_input_is_refused_alone_with_one_line_each() {
    let daemon = Daemon::start(Setup::default()).unwrap();
    let send = |bytes: &[u8]| {
        use std::io::{Read, Write};
        let mut stream = UnixStream::connect(daemon.socket()).unwrap();
        // A refused client may be cut off while it still writes.
        drop(stream.write_all(bytes));
        drop(stream.shutdown(std::net::Shutdown::Write));
        let mut reply = String::new();
        drop(stream.read_to_string(&mut reply));
        reply
    };
    let hello = pager_proto::encode_hello(&Hello {
        program: "test".into(),
        version: "1".into(),
        agent: "claude".into(),
        kind: Kind::Event,
        request: Some(RequestId::from_bytes([1; 16])),
    });
    let with_body = |body: &[u8]| [hello.clone(), pager_proto::encode_body(body)].concat();
    let mut silent = UnixStream::connect(daemon.socket()).unwrap();
    let large = vec![b' '; 20 << 20];
    let cases: [&[u8]; 7] = [
        b"garbage\n",
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff; 5000],
        &hello[..hello.len() / 2],
        &with_body(b"half of {"),
        &with_body(&[b'"', 0xff, 0xfe, b'"']),
        &with_body(&large),
    ];
    for (n, case) in cases.iter().enumerate() {
        send(case);
        let lines = eventually("a line of the log for it", || {
            let lines = daemon.log().matches("connection was refused").count();
            (lines > n).then_some(lines)
        });
        assert_eq!(lines.unwrap(), n + 1, "{}", daemon.log());
    }
    // Whoever says nothing is let go in the end, and told so.
    let mut reply = String::new();
    std::io::Read::read_to_string(&mut silent, &mut reply).unwrap();
    assert!(reply.contains("refused") && reply.contains("said nothing"), "{reply}");
    // It costs nobody else anything.
    let hook = daemon.hook(&permission_request(SESSION, "ls")).unwrap();
    eventually("the question", || daemon.log().contains("wants to run a command").then_some(()))
        .unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(hook.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(printed(hook).unwrap(), "");
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_a_reload_keeps_the_good_one() {
    let mut daemon = Daemon::start(Setup::default()).unwrap();
    std::fs::write(daemon.path("pager.toml"), "[approvals]\nwindow = 5\n").unwrap();
    daemon.signal(Signal::HUP).unwrap();
    eventually("the refusal", || daemon.log().contains("pager.toml:2:").then_some(())).unwrap();
    assert!(daemon.log().contains("the configuration in force stays"), "{}", daemon.log());
    daemon.signal(Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    let error = Daemon::start(Setup {
        config: "[telegram]\nallowed_users = [\"ada\"]\n".into(),
        ..Setup::default()
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("pager.toml:2:"), "{error}");
}

#[test]
fn sigterm_and_sigint_end_it_alike() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = Daemon::start(Setup::default()).unwrap();
        daemon.signal(signal).unwrap();
        assert!(daemon.wait().unwrap().success());
        assert!(!daemon.socket().exists());
    }
}

#[test]
fn a_hook_that_was_ended_while_the_daemon_was_away_has_said_why() {
    let mut daemon = Daemon::start(Setup { supervised: true, ..Setup::default() }).unwrap();
    let hello = pager_proto::encode_hello(&Hello {
        program: "pager-hook".to_owned(),
        version: "0".to_owned(),
        agent: "claude".to_owned(),
        kind: Kind::Event,
        request: Some(RequestId::random().unwrap()),
    });
    let event = permission_request(SESSION, "touch made").to_string();
    let request = [hello, pager_proto::encode_body(event.as_bytes())].concat();
    let mut first = UnixStream::connect(daemon.socket()).unwrap();
    first.write_all(&request).unwrap();
    eventually("the question", || {
        let listed = daemon.ctl(&["list", "--json"]).ok()?.stdout;
        (serde_json::from_slice::<Vec<Value>>(&listed).ok()?.len() == 1).then_some(())
    })
    .unwrap();

    // It comes back to a daemon that takes nothing in, is ended by the agent, and has left when the
    // next one looks.
    daemon.signal(Signal::STOP).unwrap();
    let mut second = UnixStream::connect(daemon.socket()).unwrap();
    second.write_all(&request).unwrap();
    let withdrawn = ClientLine::Withdrawn { why: Why::Terminated };
    second.write_all(&pager_proto::encode_client_line(withdrawn)).unwrap();
    drop(second);
    daemon.crash_and_restart().unwrap();
    let record = eventually("its end", || daemon.audit().ok()?.pop()).unwrap();
    assert_eq!((&record["action"], &record["by"]), (&json!("elsewhere"), &json!("terminal")));
}
