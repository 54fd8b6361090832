//! The manual page is enough to verify a log: what it tells to type is typed, and does it.

use super::*;

const MANUAL: &str = include_str!("../../../man/pager-audit.5");

/// What the page shows after the paragraph that begins so.
fn shown_after(words: &str) -> String {
    let (_, rest) = MANUAL.split_once(words).unwrap_or_else(|| panic!("no {words:?}"));
    let (_, rest) = rest.split_once(".Bd -literal -offset 2n\n").unwrap();
    let (shown, _) = rest.split_once(".Ed\n").unwrap();
    shown.replace("\\e", "\\").replace("\\(aq", "'").replace("\\(dq", "\"")
}

/// What a shell prints that is given these lines in the state folder.
fn typed(state: &State, lines: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", lines])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(state.0.path())
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn one_record_by_hand() {
    let state = State::of(left());
    let said = typed(&state, &shown_after("Check one record by hand"));
    let record = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let fifth = state.lines("audit-000000000001.jsonl")[4].clone();
    assert_eq!(said.split_whitespace().next(), record(&fifth)["hash"].as_str());
}

#[test]
fn all_of_it_by_hand() {
    let recipe = shown_after("Check all of it");
    let state = State::of(left());
    let said = typed(&state, &recipe);
    let (_, report) = state.verify(&[]);
    assert_eq!(said, format!("22 {}\n", report["head"]["hash"].as_str().unwrap()));

    type Change = fn(&mut Vec<String>);
    let changes: [(&str, Change); 5] = [
        ("changed", |lines| lines[3] = lines[3].replace("deny", "allow")),
        ("missing", |lines| drop(lines.remove(0))),
        ("swapped", |lines| lines.swap(3, 4)),
        ("carriage returns", |lines| lines[3] = lines[3].replace('\n', "\r\n")),
        ("torn", |lines| assert_eq!(lines[8].pop(), Some('\n'))),
    ];
    for (what, change) in changes {
        let state = State::of(left());
        state.edit("audit-000000000001.jsonl", change);
        assert!(typed(&state, &recipe).contains("changed, or does not follow"), "{what}");
    }
    let state = State::of(left());
    state.edit("audit.jsonl", |lines| assert_eq!(lines.last_mut().unwrap().pop(), Some('\n')));
    let said = typed(&state, &recipe);
    assert!(said.starts_with("22 "), "a line without its end is read as well: {said}");
}
