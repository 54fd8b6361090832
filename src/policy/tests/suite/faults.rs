//! What a person is told of a file that is wrong, or likely is.

use pager_policy::{Place, parse};

use crate::world::{HOME, now, world};

/// The place and the words of each fault, without the line that is shown.
fn faults(text: &str) -> Vec<String> {
    let faults = parse(text).expect_err("something is wrong");
    let place = |fault: &pager_config::Diagnostic| {
        let (line, column) = (fault.line.unwrap_or(0), fault.column.unwrap_or(0));
        let key = fault.key.as_deref().map(|key| format!("{key}: ")).unwrap_or_default();
        let hint = fault.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{line}:{column}: {key}{}{hint}", fault.message)
    };
    faults.iter().map(place).collect()
}

#[test]
fn a_fault_is_shown_where_it_is() {
    let faults = parse("[[rule]]\nname = \"a\"\nverdict = \"alow\"\n").unwrap_err();
    assert_eq!(
        faults[0].to_string(),
        "policy.toml:3:11: verdict: not known here\n  3 | verdict = \"alow\"\n    |           ^^^^^^\n  \
         expected \"allow\", \"deny\" or \"ask\""
    );
}

#[test]
fn every_fault_is_told_at_once() {
    let text = r#"
default = "allow"
rulez = 1

[[rule]]
verdict = "deny"

[[rule]]
name = "two words"
verdict = "deny"
comand = [["ls"]]

[[rule]]
name = "a"
verdict = "deny"
require = "remote"
regex = '(x'
path = ["src/**", "~/a/../b", "[" ]
expires = "2026-12-31"
command = [["**"], [], "a**b c"]

[[rule]]
name = "b"
verdict = "allow"

[[rule]]
name = "c"
verdict = "allow"
tool = "*"

[[rule]]
name = "d"
verdict = "ask"
tool = []

[[rule]]
name = "e"
verdict = "ask"

[[rule]]
name = "e"
verdict = "ask"
expires = 2026-12-31
"#;
    let expected = include_str!("faults.txt");
    assert_eq!(faults(text).join("\n") + "\n", expected);
}

#[test]
fn toml_itself_refuses_what_would_be_last_wins() {
    let twice = "[[rule]]\nname = \"a\"\nverdict = \"deny\"\nverdict = \"allow\"\n";
    assert!(faults(twice)[0].starts_with("4:1: duplicate key"), "{:?}", faults(twice));
    assert!(!faults("default = ").is_empty());
}

#[test]
fn what_is_likely_a_mistake_is_warned_of() {
    let text = r#"
[[rule]]
name = "over"
verdict = "deny"
expires = 2026-01-01T00:00:00Z

[[rule]]
name = "no-push"
verdict = "deny"
command = ["git push"]

[[rule]]
name = "push-tags"
verdict = "allow"
command = ["git push --tags"]

[[rule]]
name = "git"
verdict = "allow"
command = ["git **"]

[[rule]]
name = "never"
verdict = "deny"
tool = "Read"
command = ["ls"]

[[rule]]
name = "fine"
verdict = "allow"
command = ["cargo test **"]
"#;
    let document = parse(text).unwrap();
    let place = Place { home: HOME.into(), own: Vec::new() };
    let warnings = document.warnings(&place, &world(), now());
    let told: Vec<_> = warnings
        .iter()
        .map(|warning| format!("{}: {}", warning.key.as_deref().unwrap_or(""), warning.message))
        .collect();
    assert_eq!(
        told,
        [
            "over: has expired, and says nothing any more",
            "push-tags: can never matter: \"no-push\" takes all that it matches",
            "git: overlaps with \"no-push\": both match `git push`",
            "never: can never match: its tools have no command line",
        ]
    );
}
