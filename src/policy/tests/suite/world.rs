//! A person's machine in a table, and short words to ask what happens on it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pager_core::{Judgement, Ruling};
use pager_policy::{Call, Files, Place, Policy, parse};

pub(crate) const HOME: &str = "/home/u";
pub(crate) const CWD: &str = "/home/u/src/webshop";

/// Files and links by their paths.
#[derive(Debug, Default, Clone)]
pub(crate) struct World {
    links: BTreeMap<PathBuf, PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Files for World {
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        Ok(self.links.get(path).cloned())
    }

    fn exists(&self, path: &Path) -> bool {
        self.links.contains_key(path) || self.files.contains(path)
    }
}

pub(crate) fn world() -> World {
    let mut world = World::default();
    for (from, to) in [
        ("/home/u/src/webshop/key-link", "/home/u/.ssh/id_rsa"),
        ("/home/u/src/webshop/up", "../.."),
        ("/home/u/src/webshop/dangling", "/home/u/.ssh/authorized_keys"),
        ("/home/u/src/webshop/pager-link", "/home/u/.config/pager"),
        ("/home/u/.aws", "/mnt/vault/aws"),
    ] {
        world.links.insert(from.into(), to.into());
    }
    for file in [".env", "server.pem", "main.rs"] {
        world.files.insert(Path::new(CWD).join(file));
    }
    world.files.insert("/home/u/.netrc".into());
    world
}

pub(crate) fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().expect("a time")
}

pub(crate) fn policy(text: &str) -> Policy {
    let document = parse(text).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    let place = Place { home: HOME.into(), own: vec!["/srv/pager-state".into()] };
    Policy::new(&place, Some(document), &world()).expect("few rules")
}

pub(crate) fn call<'a>(tool: &'a str, input: &'a str) -> Call<'a> {
    Call { agent: "claude", tool, input, cwd: Path::new(CWD), label: "webshop" }
}

pub(crate) fn judge(policy: &Policy, tool: &str, input: &str) -> Judgement {
    policy.judge(call(tool, input), &world(), now())
}

pub(crate) fn bash(policy: &Policy, command: &str) -> Judgement {
    judge(policy, "Bash", &serde_json::json!({ "command": command }).to_string())
}

/// What happens, with the rule that says so.
pub(crate) fn short(judgement: &Judgement) -> String {
    let rule = judgement.rule.as_deref().map(|rule| format!(" {rule}")).unwrap_or_default();
    format!("{}{rule}", judgement.ruling.as_str())
}

#[track_caller]
pub(crate) fn expect(policy: &Policy, command: &str, ruling: Ruling) {
    let judgement = bash(policy, command);
    assert_eq!(judgement.ruling, ruling, "{command:?}: {judgement:?}");
}
