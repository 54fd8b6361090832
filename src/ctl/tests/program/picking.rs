//! Questions put to a person at a terminal.

use std::path::Path;

use pager_core::approval::Kind;
use pager_core::{ApprovalId, Verdict};
use pager_tests::pty::Terminal;

use crate::daemon::Daemon;

const DOWN: &str = "\u{1b}[B";

fn at_terminal(daemon: &Daemon, args: &[&str]) -> Terminal {
    Terminal::start(Path::new(env!("CARGO_BIN_EXE_pagerctl")), |command| {
        command.arg("--runtime-dir").arg(daemon.dir.path()).args(args).env("TERM", "xterm");
    })
    .unwrap()
}

fn answers(daemon: &Daemon, id: ApprovalId) -> Vec<(String, Vec<String>)> {
    match daemon.resolution(id).unwrap().verdict {
        Some(Verdict::Answer { answers }) => answers.into_iter().collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn several_questions_are_answered_one_after_the_other() {
    let mut daemon = Daemon::start();
    let input = r#"{"questions":[
        {"question":"A. Which database?","options":[
            {"label":"Postgres","description":"a server"},{"label":"SQLite"}]},
        {"question":"B. Which checks?","multiSelect":true,"options":[
            {"label":"fmt"},{"label":"clippy"},{"label":"test"}]},
        {"question":"C. Which name?","options":[{"label":"\u001b[2Jshop"}]}]}"#;
    let id = daemon.ask(Kind::Question, "AskUserQuestion", input);
    let mut terminal = at_terminal(&daemon, &["answer", &id.to_string()]);
    let first = terminal.expect("SQLite").unwrap();
    assert!(first.contains("(1 of 3) ") && first.contains("Postgres: a server"), "{first}");
    terminal.send(DOWN).unwrap();
    terminal.send("\r").unwrap();
    terminal.expect("(2 of 3) ").unwrap();
    terminal.expect("test").unwrap();
    terminal.send(" ").unwrap();
    terminal.send(DOWN).unwrap();
    terminal.send(DOWN).unwrap();
    terminal.send(" ").unwrap();
    terminal.send("\r").unwrap();
    terminal.expect("(3 of 3) ").unwrap();
    let third = terminal.expect("Something else").unwrap();
    assert!(third.contains("⟨U+001B⟩[2Jshop"), "{third}");
    terminal.send(DOWN).unwrap();
    terminal.send("\r").unwrap();
    terminal.expect("In your own words").unwrap();
    terminal.send("corner shop\r").unwrap();
    terminal.expect("Answered").unwrap();
    let given = answers(&daemon, id);
    let given: Vec<&[String]> = given.iter().map(|(_, given)| given.as_slice()).collect();
    assert_eq!(given, [&["SQLite"][..], &["fmt", "test"], &["corner shop"]]);
}

#[test]
fn who_leaves_has_answered_nothing() {
    let mut daemon = Daemon::start();
    let input = r#"{"questions":[{"question":"Which?","options":[{"label":"left"}]}]}"#;
    let id = daemon.ask(Kind::Question, "AskUserQuestion", input);
    let mut terminal = at_terminal(&daemon, &["answer", &id.to_string()]);
    terminal.expect("Something else").unwrap();
    terminal.send("q").unwrap();
    terminal.expect("the question still waits").unwrap();
    assert!(daemon.resolution(id).is_none());
    let mut terminal = at_terminal(&daemon, &["answer", &id.to_string()]);
    terminal.expect("Something else").unwrap();
    terminal.send("\u{3}").unwrap();
    terminal.expect("\u{1b}[?25h").unwrap();
    assert!(daemon.resolution(id).is_none());
}

#[test]
fn a_rule_is_granted_only_once_it_was_seen() {
    let mut daemon = Daemon::start();
    let rule = Some("Bash(touch made *)");
    let id = daemon.ask_always(Kind::Permission, "Bash", "{}", rule);
    let mut terminal = at_terminal(&daemon, &["approve", "--always", &id.to_string()]);
    let asked = terminal.expect("Grant it? [y/N]").unwrap();
    assert!(asked.contains("Claude Code may do this from now on without asking"), "{asked}");
    assert!(asked.contains("Bash(touch made *)"), "{asked}");
    terminal.send("\r").unwrap();
    terminal.expect("nothing was granted").unwrap();
    assert!(daemon.resolution(id).is_none());
    let mut terminal = at_terminal(&daemon, &["approve", "--always", &id.to_string()]);
    terminal.expect("Grant it? [y/N]").unwrap();
    terminal.send("y\r").unwrap();
    terminal.expect("Always allowed").unwrap();
    assert_eq!(daemon.resolution(id).unwrap().verdict, Some(Verdict::AllowAlways));
}
