use std::io::{BufRead, BufReader, Lines};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use pager_core::approval::Kind;
use serde_json::Value;

use crate::daemon::{Daemon, pagerctl};

/// A monitor that watches already.
fn monitor(command: &mut Command) -> (Child, Lines<BufReader<ChildStdout>>) {
    let command = command.args(["monitor", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut greeting = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut greeting).unwrap();
    assert!(greeting.starts_with("watching"), "{greeting}");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn next(lines: &mut Lines<BufReader<ChildStdout>>, event: &str) -> Value {
    loop {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        if line["event"] == event {
            return line;
        }
    }
}

fn watch(mut daemon: Daemon, mut command: Command) {
    let (mut child, mut lines) = monitor(&mut command);
    let id = daemon.ask(Kind::Permission, "Bash", r#"{"command":"ls"}"#).to_string();
    let asked = next(&mut lines, "approval_requested");
    assert_eq!([&asked["approval"], &asked["summary"], &asked["label"]], [&id, "ls", "webshop"]);
    let session = next(&mut lines, "session_changed");
    assert_eq!([&session["state"], &session["label"]], ["waiting", "webshop"]);
    daemon.ctl(&["deny", &id]);
    let settled = next(&mut lines, "approval_resolved");
    assert_eq!([&settled["approval"], &settled["state"]], [&id, "denied"]);
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(settled["by"], format!("dbus:{uid}/pagerctl"));
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}

#[test]
fn the_monitor_tells_over_the_private_socket() {
    let daemon = Daemon::start();
    let mut command = pagerctl();
    command.arg("--runtime-dir").arg(daemon.dir.path());
    watch(daemon, command);
}

#[test]
fn the_monitor_tells_over_the_bus() {
    let daemon = Daemon::start();
    let mut command = pagerctl();
    command.env("DBUS_SESSION_BUS_ADDRESS", daemon.bus.address());
    watch(daemon, command);
}

#[test]
fn the_monitor_tells_when_the_daemon_leaves() {
    let daemon = Daemon::start();
    let mut command = pagerctl();
    command.env("DBUS_SESSION_BUS_ADDRESS", daemon.bus.address());
    let (mut on_bus, mut lines) = monitor(&mut command);
    let mut command = pagerctl();
    command.arg("--runtime-dir").arg(daemon.dir.path());
    let (mut in_private, _) = monitor(&mut command);
    let _bus = daemon.leave();
    next(&mut lines, "daemon_stopped");
    assert_eq!(in_private.wait().unwrap().code(), Some(69));
    on_bus.kill().unwrap();
    on_bus.wait().unwrap();
}
