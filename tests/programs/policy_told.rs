//! What `pagerctl policy check`, `explain` and `test` tell a person and a script, held to the files in
//! `tests/policy`: for each run `NAME.txt` with what was typed and what was printed, and `NAME.json`.
//! `PAGER_BLESS=1 cargo test -p pager-tests --test policy_told` rewrites them after a deliberate change.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pager_tests::closed::program;
use serde_json::Value;

/// The folder that the home folder is shown as.
const HOME: &str = "/home/ada";

/// Each run: its name, and what is typed after `pagerctl policy`.
const RUNS: &[(&str, &[&str])] = &[
    ("check-good", &["check", "good.toml"]),
    ("check-none", &["check"]),
    ("check-missing", &["check", "missing.toml"]),
    ("check-overlapping", &["check", "overlapping.toml"]),
    ("check-unparsed", &["check", "unparsed.toml"]),
    ("check-unknown-keys", &["check", "unknown-keys.toml"]),
    ("check-everything", &["check", "everything.toml"]),
    ("explain-allow", &["explain", "--policy=good.toml", "--command=cargo test -p webshop"]),
    (
        "explain-allow-path",
        &[
            "explain",
            "--policy=good.toml",
            "--tool=Write",
            r#"--input={"file_path":"src/main.rs","content":"fn main() {}"}"#,
        ],
    ),
    (
        "explain-allow-input",
        &[
            "explain",
            "--policy=good.toml",
            "--tool=WebFetch",
            r#"--input={"url":"https://docs.rs/serde"}"#,
            "--agent=codex",
        ],
    ),
    (
        "explain-deny",
        &["explain", "--policy=good.toml", "--command=cd src && sh -c 'git push -f'; git status"],
    ),
    (
        "explain-deny-regex",
        &[
            "explain",
            "--policy=good.toml",
            "--tool=mcp__db__query",
            r#"--input={"sql":"DROP TABLE orders"}"#,
        ],
    ),
    ("explain-deny-secret", &["explain", "--policy=good.toml", "--command=cat ~/.ssh/id_rsa"]),
    (
        "explain-ask",
        &["explain", "--policy=good.toml", "--command=cp src/key-link /srv/live/app.conf"],
    ),
    (
        "explain-ask-label",
        &[
            "explain",
            "--policy=good.toml",
            "--command=cp a /srv/live/app.conf",
            "--label=other",
            "--cwd=/srv",
        ],
    ),
    (
        "explain-ask-part",
        &["explain", "--policy=good.toml", "--command=cargo test 2>&1 | tail -n 5"],
    ),
    (
        "explain-ask-doubt",
        &["explain", "--policy=good.toml", "--command=cargo test $ARGS > \"out put\""],
    ),
    ("explain-expired", &["explain", "--policy=overlapping.toml", "--command=make deploy"]),
    ("explain-unparsed", &["explain", "--policy=unparsed.toml", "--command=ls"]),
    ("test-passing", &["test", "--policy=good.toml", "passing.cases.toml"]),
    ("test-failing", &["test", "--policy=good.toml", "failing.cases.toml"]),
    ("test-wrong", &["test", "--policy=good.toml", "wrong.cases.toml"]),
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policy")
}

/// A home folder with a folder to work in, and the files beside the golden ones in it: a checkout's
/// own may be writable by others, and a policy must not be.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let webshop = home.path().join("webshop");
    let src = webshop.join("src");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&src).unwrap();
    std::os::unix::fs::symlink("../../notes", src.join("key-link")).unwrap();
    for file in std::fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "toml") {
            let mut options = std::fs::OpenOptions::new();
            let copy = webshop.join(file.file_name().unwrap());
            let mut copy = options.write(true).create_new(true).mode(0o600).open(copy).unwrap();
            std::io::copy(&mut std::fs::File::open(&file).unwrap(), &mut copy).unwrap();
        }
    }
    home
}

fn pagerctl(home: &Path, arguments: &[&str], json: bool) -> Output {
    let mut command = Command::new(program("pagerctl"));
    command.env_clear().env("HOME", home).current_dir(home.join("webshop"));
    command.args(json.then_some("--json")).arg("policy").args(arguments);
    command.output().unwrap()
}

/// What differs from machine to machine, or with the lists that are built in, is told alike.
fn alike(text: &[u8], home: &Path) -> String {
    let text = String::from_utf8(text.to_vec()).unwrap().replace(home.to_str().unwrap(), HOME);
    let mut alike = String::new();
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    for (at, word) in text.split('"').enumerate() {
        let is_digest = word.len() == 64 && word.chars().all(is_hex);
        alike.push_str(if at > 0 { "\"" } else { "" });
        alike.push_str(if is_digest { "(digest)" } else { word });
    }
    alike
}

/// The run as it would be seen on a terminal.
fn told(typed: &[&str], output: &Output, home: &Path) -> String {
    let quote = |word: &&str| match word.split_once('=') {
        Some((option, value)) if value.contains([' ', '"']) => {
            format!("{option} '{}'", value.replace('\'', r"'\''"))
        }
        Some((option, value)) => format!("{option} {value}"),
        None => (*word).to_owned(),
    };
    let typed: Vec<_> = typed.iter().map(quote).collect();
    format!(
        "$ pagerctl policy {}\n{}{}(exit status {})\n",
        typed.join(" "),
        alike(&output.stdout, home),
        alike(&output.stderr, home),
        output.status.code().unwrap()
    )
}

fn held(name: &str, now: &str) {
    let file = golden().join(name);
    if std::env::var_os("PAGER_BLESS").is_some() {
        std::fs::write(&file, now).unwrap();
    }
    let then = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(now == then, "{} is no longer what is told:\n{now}", file.display());
}

#[test]
fn what_a_person_is_told_stays() {
    let home = home();
    let place = home.path().canonicalize().unwrap();
    for (name, typed) in RUNS {
        let output = pagerctl(&place, typed, false);
        held(&format!("{name}.txt"), &told(typed, &output, &place));
    }
}

#[test]
fn what_a_script_is_told_stays() {
    let home = home();
    let place = home.path().canonicalize().unwrap();
    for (name, typed) in RUNS {
        let (text, json) = (pagerctl(&place, typed, false), pagerctl(&place, typed, true));
        assert_eq!(text.status, json.status, "{name}");
        if json.stdout.is_empty() {
            // It could not even begin, and has said so as it says it to a person.
            assert!(!json.status.success() && json.stderr == text.stderr, "{name}");
            continue;
        }
        let value: Value = serde_json::from_slice(&json.stdout).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap() + "\n";
        held(&format!("{name}.json"), &alike(pretty.as_bytes(), &place));
    }
}
