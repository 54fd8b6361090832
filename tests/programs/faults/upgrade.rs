//! What the last release left waiting is asked and answered by this one.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use pager_proto::{Hello, Kind, RequestId, encode_body, encode_hello};
use pager_tests::botapi::BotApi;
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup};
use rusqlite::Connection;
use serde_json::Value;

use crate::books::chained;
use crate::person::{AtTheBus, PERSON};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_last_release_left_waiting_is_asked_and_answered() {
    let left = tempfile::tempdir().unwrap();
    let database = Connection::open(left.path().join("pager.db")).unwrap();
    database.execute_batch(include_str!("schema-1/pager.sql")).unwrap();
    let waiting = pending(&database);
    assert_eq!(waiting.len(), 2);
    drop(database);
    std::fs::write(left.path().join("audit.jsonl"), include_str!("schema-1/audit.jsonl")).unwrap();

    let bus = Bus::start().unwrap();
    let telegram = BotApi::start();
    let person = telegram.user(PERSON);
    let setup = Setup { state: Some(left.path().to_owned()), ..Setup::on(&bus) };
    let daemon = Daemon::start(setup.with_bot(&telegram, PERSON)).unwrap();
    assert_eq!(
        pending(&Connection::open(daemon.path("state/pager.schema-1.db")).unwrap()),
        waiting
    );

    let mut hooks = [1, 2].map(|number| comes_back(&daemon, number));
    let taken = hooks.each_mut().map(line);
    for said in &taken {
        let approval = said["approval"].as_str().unwrap().to_owned();
        assert!(waiting.contains(&approval), "{said}: it waited before");
    }
    let question = telegram.wait_message(PERSON, "the question", |message| {
        message.text().contains("touch one") && message.labels().contains(&"Allow")
    });
    person.tap(question.await.id, "Allow").unwrap();
    let second = taken[1]["approval"].as_str().unwrap();
    let at_the_bus = AtTheBus::new(bus.address().to_owned());
    at_the_bus.call("Deny", &(second, "not so")).await.unwrap();

    let told = hooks.each_mut().map(|hook| line(hook)["output"]["hookSpecificOutput"].clone());
    assert_eq!(told[0]["decision"]["behavior"], "allow");
    assert_eq!(told[1]["decision"]["message"], "not so");
    let records = daemon.audit().unwrap();
    chained(&records);
    assert_eq!(records.len(), 3, "one of the last release, and one for each that it left");
    drop(daemon);
    telegram.finish();
}

/// The ids of the approvals that wait.
fn pending(database: &Connection) -> Vec<String> {
    let mut rows = database.prepare("SELECT id FROM approvals WHERE state = 'pending'").unwrap();
    let ids = rows.query_map([], |row| row.get(0)).unwrap();
    ids.collect::<Result<_, _>>().unwrap()
}

/// A hook that had asked the last release, and now asks again, as hooks do.
fn comes_back(daemon: &Daemon, number: u8) -> BufReader<UnixStream> {
    let hello = encode_hello(&Hello {
        program: "pager-hook".into(),
        version: "0.1.0".into(),
        agent: "claude".into(),
        kind: Kind::Event,
        request: Some(RequestId::from_bytes([number; 16])),
    });
    let command = ["touch one", "touch two"][usize::from(number) - 1];
    let input = format!(r#"{{"command": "{command}", "description": "what it says"}}"#);
    let event = format!(
        r#"{{"session_id":"6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10","cwd":"/home/ada/webshop",
        "hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{input}}}"#
    );
    let mut stream = UnixStream::connect(daemon.socket()).unwrap();
    stream.write_all(&hello).unwrap();
    stream.write_all(&encode_body(event.as_bytes())).unwrap();
    BufReader::new(stream)
}

/// The next line that the daemon says.
fn line(hook: &mut BufReader<UnixStream>) -> Value {
    loop {
        let mut line = String::new();
        hook.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        // The last release knows nothing of it, and passes over it.
        if said["type"] != "seen" {
            return said;
        }
    }
}
