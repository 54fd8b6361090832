//! Whatever is done to a log, the first bad record is named, and what is wrong with it.

use std::io::Write;

use pager_core::audit::{Record, write};
use serde_json::json;

use super::*;

const FIRST: &str = "audit-000000000001.jsonl";
const LAST: &str = "audit.jsonl";

/// The name of the second file.
fn second(state: &State) -> String {
    state.files()[1].clone()
}

/// A record with this done to it, and a hash that fits.
fn made_anew(line: &str, change: impl FnOnce(&mut Record)) -> String {
    let mut record: Record = serde_json::from_str(line).unwrap();
    change(&mut record);
    write(&record).unwrap().text + "\n"
}

/// Makes all hashes anew from a line of a file on, to the end of the log.
fn forge_from(state: &State, line: usize) {
    let mut last = None;
    for (number, file) in state.files().into_iter().enumerate() {
        state.edit(&file, |lines| {
            let first = if number == 0 { line } else { 0 };
            for line in &mut lines[first..] {
                *line = made_anew(line, |record| match last.take() {
                    Some(hash) => record.prev_hash = hash,
                    None => record.action = "allow".into(),
                });
                let forged = serde_json::from_str::<Value>(line).unwrap();
                last = pager_core::Sha256Hex::parse(forged["hash"].as_str().unwrap());
            }
        });
    }
}

/// What verify is to say: the kind, the file, the line, the record's number and some words; or
/// nothing wrong.
type Verdict = Option<(&'static str, String, u64, u64, &'static str)>;

fn check(what: &str, state: &State, more: &[&str], expected: Verdict) {
    let before = fs::read_dir(state.0.path()).unwrap().count();
    let (code, report) = state.verify(more);
    let after = fs::read_dir(state.0.path()).unwrap().count();
    assert_eq!(before, after, "{what}: verifying leaves nothing behind");
    let Some((kind, file, line, seq, words)) = expected else {
        assert_eq!((code, &report["ok"]), (0, &json!(true)), "{what}: {report:#}");
        return;
    };
    let problem = &report["problem"];
    let found = (code, &problem["kind"], &problem["line"], &problem["seq"]);
    assert_eq!(found, (1, &json!(kind), &json!(line), &json!(seq)), "{what}: {report:#}");
    assert!(problem["file"].as_str().unwrap().ends_with(&file), "{what}: {report:#}");
    assert!(problem["what"].as_str().unwrap().contains(words), "{what}: {report:#}");

    let (code, said) = ctl(state.0.path(), &[&["audit", "verify", "."], more].concat());
    assert_eq!(code, 1, "{what}");
    assert!(said.contains(&format!("{file}:{line}: ")), "{what}: {said}");
}

#[test]
fn a_log_as_it_was_left_is_whole() {
    let state = State::of(left());
    assert_eq!(state.files().len(), 3);
    check("untouched", &state, &[], None);
    let (_, report) = state.verify(&[]);
    assert_eq!((&report["records"], &report["files"]), (&json!(state.records()), &json!(3)));
    assert_eq!(report["witnesses"][0]["seq"], report["head"]["seq"]);
    let said = ctl(state.0.path(), &["audit", "verify", "audit.jsonl"]).1;
    assert!(said.starts_with("OK. The log has 22 records in 3 files; the last is 22:"), "{said}");
    assert_eq!(ctl(state.0.path(), &["audit", "verify", "--quiet", "."]), (0, String::new()));

    state.remove("pager.db");
    check("without its database", &state, &[], None);
    let said = ctl(state.0.path(), &["audit", "verify", "."]).1;
    assert!(said.contains("whether it was cut cannot be told"), "{said}");
}

#[test]
fn an_empty_log_is_whole_unless_it_had_records() {
    let state = State::of(&Left { files: vec![("audit.jsonl".into(), Vec::new())] });
    check("empty", &state, &[], None);
    let cut = ("cut", LAST.to_owned(), 1, 1, "records 1 to 3 are cut off");
    check("emptied", &state, &["--head", "3:0123456789ab"], Some(cut));
}

#[test]
fn one_record_changed() {
    type Change = fn(&mut Vec<String>);
    let changes: [(&str, Change, &str); 7] = [
        ("a byte", |lines| lines[2] = lines[2].replace("deny", "demy"), "its hash does not fit"),
        (
            "the hash",
            |lines| {
                let at = lines[2].len() - 5;
                let other = if lines[2].as_bytes()[at] == b'0' { "1" } else { "0" };
                lines[2].replace_range(at..=at, other);
            },
            "its hash does not fit",
        ),
        ("no JSON", |lines| lines[2] = "what is this\n".into(), "is not an audit record"),
        ("a JSON of another kind", |lines| lines[2] = "{}\n".into(), "is not an audit record"),
        ("an empty line", |lines| lines.insert(2, "\n".into()), "is not an audit record"),
        (
            "a line break of another system",
            |lines| {
                lines[2] = lines[2].replace('\n', "\r\n");
            },
            "carriage return",
        ),
        ("a huge line", |lines| lines[2] = "x".repeat(9 << 20) + "\n", "longer than any record"),
    ];
    for (what, change, words) in changes {
        let state = State::of(left());
        state.edit(FIRST, change);
        check(what, &state, &[], Some(("changed", FIRST.into(), 3, 3, words)));
    }
    let state = State::of(left());
    for file in state.files() {
        state.edit(&file, |lines| {
            lines.iter_mut().for_each(|line| *line = line.replace('\n', "\r\n"));
        });
    }
    check("all line breaks", &state, &[], Some(("changed", FIRST.into(), 1, 1, "carriage")));
}

#[test]
fn a_record_changed_with_a_hash_that_fits() {
    let state = State::of(left());
    state.edit(FIRST, |lines| lines[3] = made_anew(&lines[3], |it| it.action = "allow".into()));
    let known = ("changed", FIRST.to_owned(), 4, 4, "its hash made anew");
    check("where the rest is known", &state, &[], Some(known));
    state.remove("pager.db");
    let unknown = ("second-log", FIRST.to_owned(), 5, 5, "or that record has been changed");
    check("where nothing is known", &state, &[], Some(unknown));

    let state = State::of(left());
    forge_from(&state, 3);
    let place = state.lines(LAST).len() as u64;
    let forged =
        ("second-log", LAST.to_owned(), place, 22, "is not the one that the database knows");
    check("all made anew", &state, &[], Some(forged));
    let head = left_head(4);
    state.remove("pager.db");
    check("all made anew, and nothing known", &state, &[], None);
    let forged = ("second-log", FIRST.to_owned(), 4, 4, "is not the one that --head knows");
    check("all made anew, and told of", &state, &["--head", &head], Some(forged));
}

#[test]
fn records_missing() {
    let drops = [("the first", 0, 1), ("one in the middle", 4, 5), ("the last of a file", 8, 9)];
    for (what, index, seq) in drops {
        let state = State::of(left());
        let lines = state.lines(FIRST).len();
        state.edit(FIRST, |lines| drop(lines.remove(index)));
        let (file, line) =
            if index + 1 < lines { (FIRST.to_owned(), seq) } else { (second(&state), 1) };
        let words = &*format!("record {seq} is missing");
        check(what, &state, &[], Some(("missing", file, line, seq, words.to_owned().leak())));
    }
    let state = State::of(left());
    state.edit(FIRST, |lines| drop(lines.drain(2..5)));
    check(
        "three",
        &state,
        &[],
        Some(("missing", FIRST.into(), 3, 3, "records 3 to 5 are missing")),
    );
}

#[test]
fn files_missing() {
    let state = State::of(left());
    let (name, records) = (second(&state), state.lines(FIRST).len() as u64);
    state.remove(FIRST);
    check("the first", &state, &[], Some(("missing", name, 1, 1, FIRST)));

    let state = State::of(left());
    state.remove(&second(&state));
    let missing = ("missing", LAST.to_owned(), 1, records + 1, "and with them a file: audit-");
    check("one in the middle", &state, &[], Some(missing));

    let state = State::of(left());
    let (name, lines) = (second(&state), state.lines(&second(&state)).len() as u64);
    state.remove(LAST);
    let seq = records + lines + 1;
    let cut = || Some(("cut", name.clone(), lines + 1, seq, "cut off"));
    check("the last", &state, &[], cut());
    state.remove("pager.db");
    check("the last, without a witness", &state, &[], cut());
}

#[test]
fn the_end_cut_off() {
    let state = State::of(left());
    let lines = state.lines(LAST).len() as u64;
    let head = left_head(22);
    state.edit(LAST, |lines| drop(lines.drain(lines.len() - 2..)));
    let cut = |words| Some(("cut", LAST.to_owned(), lines - 1, 21, words));
    check("two records", &state, &[], cut("records 21 to 22 are cut off: the database knows"));
    state.remove("pager.db");
    check("two records, without a witness", &state, &[], None);
    check("two records, told of", &state, &["--head", &head], cut("--head knows record 22"));

    let state = State::of(left());
    fs::write(state.path(LAST), "").unwrap();
    let cut = ("cut", LAST.to_owned(), 1, 23 - lines, "are cut off");
    check("all of a file", &state, &[], Some(cut));
}

#[test]
fn records_moved_and_doubled() {
    let state = State::of(left());
    state.edit(FIRST, |lines| lines.swap(3, 4));
    let moved = ("reordered", FIRST.to_owned(), 4, 5, "record 5 stands where record 4 belongs");
    check("two swapped", &state, &[], Some(moved));

    let state = State::of(left());
    let line = state.lines(FIRST)[2].clone();
    state.edit(FIRST, |lines| drop(lines.remove(2)));
    state.edit(LAST, |lines| lines.push(line.clone()));
    check(
        "one moved to the end",
        &state,
        &[],
        Some(("reordered", FIRST.into(), 3, 4, "audit.jsonl:")),
    );

    let state = State::of(left());
    state.edit(FIRST, |lines| lines.insert(3, line.clone()));
    check("one doubled", &state, &[], Some(("repeated", FIRST.into(), 4, 3, "stands here again")));

    let state = State::of(left());
    let last = state.lines(LAST).len() as u64;
    state.edit(LAST, |lines| lines.push(line));
    let again = ("repeated", LAST.to_owned(), last + 1, 3, "audit-000000000001.jsonl:3");
    check("one doubled at the end", &state, &[], Some(again));

    // Where a file ends is no evidence: the records are.
    let state = State::of(left());
    let moved = state.lines(&second(&state))[0].clone();
    state.edit(&second(&state), |lines| drop(lines.remove(0)));
    state.edit(FIRST, |lines| lines.push(moved));
    check("one moved over a file's end", &state, &[], None);
}

#[test]
fn a_second_log() {
    let other = State::of(another());
    let state = State::of(left());
    state.edit(FIRST, |lines| lines.splice(5.., other.lines(FIRST).drain(5..)).for_each(drop));
    let spliced = ("second-log", FIRST.to_owned(), 6, 6, "was made to follow another record 5");
    check("its records after ours", &state, &[], Some(spliced));

    let state = State::of(left());
    state.edit(FIRST, |lines| lines.splice(..5, other.lines(FIRST).drain(..5)).for_each(drop));
    let spliced =
        ("changed", FIRST.to_owned(), 5, 5, "the records from there on are the known ones");
    check("its records before ours", &state, &[], Some(spliced));

    let state = State::of(left());
    let end = state.lines(LAST).len() as u64;
    state.edit(LAST, |lines| lines.extend(other.lines(FIRST)));
    let appended = ("second-log", LAST.to_owned(), end + 1, 1, "record 1 is another log's");
    check("all of it after ours", &state, &[], Some(appended));

    let state = State::of(left());
    for file in other.files() {
        fs::copy(other.path(&file), state.path(&file)).unwrap();
    }
    let place = other.lines(LAST).len() as u64;
    let replaced = ("second-log", LAST.to_owned(), place, 22, "this is another log");
    check("in place of ours", &state, &[], Some(replaced));
}

#[test]
fn a_torn_line() {
    let state = State::of(left());
    let lines = state.lines(LAST).len() as u64;
    state.edit(LAST, |lines| {
        let last = lines.last_mut().unwrap();
        last.truncate(last.len() / 2);
    });
    check("the last", &state, &[], Some(("torn", LAST.into(), lines, 22, "no end")));

    let state = State::of(left());
    state.edit(LAST, |lines| assert_eq!(lines.last_mut().unwrap().pop(), Some('\n')));
    check("all but its line break", &state, &[], Some(("torn", LAST.into(), lines, 22, "no end")));

    let state = State::of(left());
    let mut file = fs::OpenOptions::new().append(true).open(state.path(LAST)).unwrap();
    file.write_all("x".repeat(9 << 20).as_bytes()).unwrap();
    let huge = ("changed", LAST.to_owned(), lines + 1, 23, "longer than any record");
    check("a huge one", &state, &[], Some(huge));
}

#[test]
fn what_is_no_log_is_said_to_be_none() {
    let dir = tempfile::tempdir().unwrap();
    let verify = |arguments: &[&str]| {
        let mut command = Command::new(program("pagerctl"));
        command.env_clear().env("HOME", dir.path()).current_dir(dir.path());
        let output = command.args(["audit", "verify"]).args(arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = verify(&[]);
    assert!(code == 1 && said.contains(".local/state/pager/audit.jsonl"), "{code} {said}");
    assert_eq!(verify(&["--head", "17"]).0, 2);
    fs::create_dir(dir.path().join("audit.jsonl")).unwrap();
    fs::create_dir(dir.path().join("audit.jsonl/audit.jsonl")).unwrap();
    let (code, said) = verify(&["audit.jsonl"]);
    assert!(code == 1 && said.contains("not a regular file"), "{code} {said}");
}
