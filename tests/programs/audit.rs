//! `pagerctl audit` on logs that real daemons have written, and on what can be done to them.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "audit/acknowledged.rs"]
mod acknowledged;
#[path = "audit/recipe.rs"]
mod recipe;
#[path = "audit/shown.rs"]
mod shown;
#[path = "audit/tampering.rs"]
mod tampering;
#[path = "audit/written.rs"]
mod written;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use pager_tests::closed::{Daemon, Setup, eventually, permission_request, printed, program};
use serde_json::Value;

/// How many questions a daemon was asked, and denied. With the records of two changes of file there
/// are more of them in the log.
const QUESTIONS: usize = 18;

/// What a daemon that has ended has left: its state folder's files.
struct Left {
    files: Vec<(String, Vec<u8>)>,
}

/// A log of three files with its database, as a daemon has left it.
fn left() -> &'static Left {
    static LEFT: OnceLock<Left> = OnceLock::new();
    LEFT.get_or_init(|| leave("webshop"))
}

/// The log of another daemon.
fn another() -> &'static Left {
    static LEFT: OnceLock<Left> = OnceLock::new();
    LEFT.get_or_init(|| leave("elsewhere"))
}

fn leave(what: &str) -> Left {
    let mut daemon = small_files();
    ask_and_deny(&daemon, what, QUESTIONS);
    daemon.signal(rustix::process::Signal::TERM).unwrap();
    assert!(daemon.wait().unwrap().success());
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    };
    let files = fs::read_dir(daemon.path("state")).unwrap();
    Left { files: files.map(|entry| read(entry.unwrap().path())).collect() }
}

/// A daemon that begins a new file of the log after a few records.
fn small_files() -> Daemon {
    let config = "[audit]\nrotate_at = 4096\n".to_owned();
    Daemon::start(Setup { config, ..Setup::default() }).unwrap()
}

fn ask_and_deny(daemon: &Daemon, what: &str, questions: usize) {
    let hooks: Vec<_> = (0..questions)
        .map(|n| {
            // Each from a session of its own: one that asks much, or is denied much, is held up.
            let session = format!("{what}-{n}");
            daemon.hook(&permission_request(&session, &format!("touch {session}"))).unwrap()
        })
        .collect();
    let ids = eventually("the questions", || {
        let listed = daemon.ctl(&["list", "--json"]).unwrap();
        // It is listed a moment before it can be looked at.
        let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).ok()?;
        (listed.len() == questions).then_some(listed)
    });
    for approval in ids.unwrap() {
        let denied = daemon.ctl(&["deny", approval["id"].as_str().unwrap()]).unwrap();
        assert!(denied.status.success(), "{denied:?}");
    }
    for hook in hooks {
        assert!(printed(hook).unwrap().contains("deny"));
    }
}

/// A state folder to be spoilt.
struct State(tempfile::TempDir);

impl State {
    fn of(left: &Left) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in &left.files {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The log's files in their order.
    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".jsonl")).collect();
        names.sort();
        names
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(file)).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    /// Changes the lines of a file.
    fn edit(&self, file: &str, edit: impl FnOnce(&mut Vec<String>)) {
        let mut lines = self.lines(file);
        edit(&mut lines);
        fs::write(self.path(file), lines.concat()).unwrap();
    }

    /// How many records there are.
    fn records(&self) -> u64 {
        self.files().iter().map(|file| self.lines(file).len() as u64).sum()
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.path(file)).unwrap();
    }

    /// What `pagerctl audit verify` says: exit status and report.
    fn verify(&self, more: &[&str]) -> (i32, Value) {
        let (code, out) = ctl(self.0.path(), &[&["audit", "verify", ".", "--json"], more].concat());
        (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
    }
}

/// `pagerctl` without a daemon, in this folder: exit status and standard output.
fn ctl(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(program("pagerctl"))
        .env_clear()
        .env("HOME", folder)
        .env("TZ", "UTC")
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.is_empty(), "{said}");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// A record of the log as it was, as a Telegram message or the journal has it.
fn left_head(seq: u64) -> String {
    let state = State::of(left());
    let lines = state.files().iter().flat_map(|file| state.lines(file)).collect::<Vec<_>>();
    let record: Value = serde_json::from_str(&lines[seq as usize - 1]).unwrap();
    format!("{seq}:{}", &record["hash"].as_str().unwrap()[..12])
}
