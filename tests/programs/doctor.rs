//! The doctor looks at a daemon that runs, and mends what is open.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use pager_tests::botapi::BotApi;
use pager_tests::bus::Bus;
use pager_tests::closed::{Daemon, Setup};
use serde_json::Value;

const PERSON: i64 = 111_111_111;

fn doctor(daemon: &Daemon, arguments: &[&str]) -> Output {
    let mut command = daemon.ctl_command();
    command.arg("doctor").arg("--config").arg(daemon.path("pager.toml"));
    command.arg("--state-dir").arg(daemon.path("state")).args(arguments);
    command.output().unwrap()
}

fn report(ran: &Output) -> Value {
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// The findings of one check: status and text.
fn of<'a>(report: &'a Value, id: &str) -> Vec<(&'a str, &'a str)> {
    let rows = report["checks"].as_array().unwrap().iter().filter(|row| row["id"] == id);
    rows.map(|row| (row["status"].as_str().unwrap(), row["text"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_daemon_in_order_is_found_so_and_an_open_token_is_closed() {
    let bus = Bus::start().unwrap();
    let telegram = BotApi::start();
    let _person = telegram.user(PERSON);
    let daemon = Daemon::start(Setup::on(&bus).with_bot(&telegram, PERSON)).unwrap();
    assert!(daemon.ctl(&["hooks", "install"]).unwrap().status.success());

    let healthy = doctor(&daemon, &["--json"]);
    let told = report(&healthy);
    let failed: Vec<_> =
        told["checks"].as_array().unwrap().iter().filter(|row| row["status"] == "fail").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(healthy.status.success(), "{healthy:?}");
    for id in
        ["token", "bot", "webhook", "chats", "daemon", "sockets", "hooks", "database", "audit"]
    {
        let rows = of(&told, id);
        assert!(!rows.is_empty(), "{id} says nothing");
        assert!(rows.iter().all(|(status, _)| *status == "ok"), "{id}: {rows:?}");
    }

    let token = daemon.path("token");
    let mode = || std::fs::metadata(&token).unwrap().permissions().mode() & 0o7777;
    std::fs::set_permissions(&token, Permissions::from_mode(0o644)).unwrap();
    let open = doctor(&daemon, &["--json"]);
    assert_eq!(open.status.code(), Some(1), "{open:?}");
    assert_eq!(of(&report(&open), "token")[0].0, "fail");
    assert_eq!(mode(), 0o644, "it only looks");

    let mended = doctor(&daemon, &["--json", "--fix", "--yes"]);
    assert_eq!(of(&report(&mended), "token")[0].0, "ok", "{mended:?}");
    assert!(mended.status.success(), "{mended:?}");
    assert_eq!(mode(), 0o600);
    let secret = telegram.token();
    let key = secret.split(':').next_back().unwrap();
    for ran in [&healthy, &open, &mended] {
        let said = [&*ran.stdout, &*ran.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(key), "{ran:?}");
    }
    telegram.finish();
}

#[tokio::test]
async fn a_token_that_is_dead_is_one_failure() {
    let bus = Bus::start().unwrap();
    let telegram = BotApi::start();
    let _person = telegram.user(PERSON);
    let daemon = Daemon::start(Setup::on(&bus).with_bot(&telegram, PERSON)).unwrap();
    telegram.allow("*", "Unauthorized");
    let token = telegram.token();
    let other = format!("{}:{}", token.split(':').next().unwrap(), "B".repeat(35));
    telegram.revoke_token(&other);
    let ran = doctor(&daemon, &["--json", "bot", "webhook", "chats"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let told = report(&ran);
    assert_eq!(of(&told, "bot"), [("fail", "Telegram does not know this token")]);
    assert_eq!(of(&told, "chats"), []);
    telegram.finish();
}

/// A user manager as far as the doctor asks one.
struct Manager {
    /// Whether the socket has a changed file and is not enabled.
    is_wrong: bool,
}

struct Unit {
    name: String,
    is_wrong: bool,
}

struct Service;

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl Manager {
    async fn load_unit(
        &self,
        name: String,
        #[zbus(object_server)] server: &zbus::ObjectServer,
    ) -> zbus::fdo::Result<zbus::zvariant::OwnedObjectPath> {
        let path = format!("/org/freedesktop/systemd1/unit/{}", name.replace('.', "_2e"));
        server.at(path.as_str(), Service).await?;
        server.at(path.as_str(), Unit { name, is_wrong: self.is_wrong }).await?;
        zbus::zvariant::OwnedObjectPath::try_from(path)
            .map_err(|error| zbus::fdo::Error::Failed(error.to_string()))
    }
}

#[zbus::interface(name = "org.freedesktop.systemd1.Unit")]
impl Unit {
    #[zbus(property)]
    fn load_state(&self) -> &str {
        "loaded"
    }

    #[zbus(property)]
    fn active_state(&self) -> &str {
        "active"
    }

    #[zbus(property)]
    fn unit_file_state(&self) -> &str {
        if self.is_wrong { "disabled" } else { "enabled" }
    }

    #[zbus(property)]
    fn fragment_path(&self) -> String {
        format!("/usr/lib/systemd/user/{}", self.name)
    }

    #[zbus(property)]
    fn drop_in_paths(&self) -> Vec<String> {
        if self.is_wrong { vec!["/home/me/memory.conf".to_owned()] } else { Vec::new() }
    }

    #[zbus(property)]
    fn need_daemon_reload(&self) -> bool {
        self.is_wrong
    }
}

#[zbus::interface(name = "org.freedesktop.systemd1.Service")]
impl Service {
    #[zbus(property, name = "MainPID")]
    fn main_pid(&self) -> u32 {
        std::process::id()
    }

    /// Long before any program was built.
    #[zbus(property)]
    fn exec_main_start_timestamp(&self) -> u64 {
        1
    }
}

/// What the doctor says where this user manager is.
async fn with_manager(is_wrong: bool) -> Value {
    let bus = Bus::start().unwrap();
    let daemon = Daemon::start(Setup::on(&bus)).unwrap();
    let private = daemon.path("systemd/private");
    std::fs::create_dir(private.parent().unwrap()).unwrap();
    std::fs::write(private, "").unwrap();
    let manager = zbus::connection::Builder::address(bus.address())
        .unwrap()
        .serve_at("/org/freedesktop/systemd1", Manager { is_wrong })
        .unwrap()
        .name("org.freedesktop.systemd1")
        .unwrap()
        .build()
        .await
        .unwrap();
    let mut command = daemon.ctl_command();
    command.env_remove("PAGER_HOOK_SOCKET").args(["doctor", "--json"]);
    command.args(["units", "unit-overrides", "daemon", "bus-name"]);
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    drop(manager);
    report(&ran)
}

#[tokio::test]
async fn the_user_manager_is_asked_about_the_units() {
    let fine = with_manager(false).await;
    let enabled = ("ok", "pager.socket is enabled, and listened on");
    assert_eq!(of(&fine, "units"), [enabled]);
    assert_eq!(of(&fine, "unit-overrides"), [("ok", "none: they are as they were installed")]);
    let daemon = of(&fine, "daemon");
    assert!(daemon[0].1.contains("from a file that was replaced since"), "{daemon:?}");
    let name = of(&fine, "bus-name");
    assert!(name[0].1.contains("and is not pager.service"), "{name:?}");

    let wrong = with_manager(true).await;
    let said = format!("{:?}", of(&wrong, "units"));
    for part in ["newer on the disk", "pager.socket is disabled, but listened on now"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(of(&wrong, "unit-overrides")[0].1.contains("changed by /home/me/memory.conf"));
}
