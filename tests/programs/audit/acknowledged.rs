//! A break that a person has acknowledged: it stays one, and is known.

use serde_json::json;

use super::*;

const LAST: &str = "audit.jsonl";

/// A log whose last file was lost while no daemon ran, and the daemon that went on.
fn broken() -> (State, Daemon) {
    let state = State::of(left());
    state.remove(LAST);
    let place = state.0.path().to_owned();
    let daemon = Daemon::start(Setup { state: Some(place), ..Setup::default() }).unwrap();
    (state, daemon)
}

/// What `pagerctl audit …` says of the daemon's log: exit status, standard output and error.
fn audit(daemon: &Daemon, arguments: &[&str]) -> (i32, String, String) {
    let arguments = [&["audit"], arguments, &["state"]].concat();
    let output = daemon.ctl(&arguments).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn report(daemon: &Daemon, more: &[&str]) -> (i32, Value) {
    let (code, out, _) = audit(daemon, &[&["verify", "--json"], more].concat());
    (code, serde_json::from_str(&out).unwrap())
}

#[test]
fn a_break_is_acknowledged_and_stays_one() {
    let (_state, daemon) = broken();
    let (code, found) = report(&daemon, &[]);
    let first = &found["breaks"][0];
    assert_eq!(
        (code, &first["kind"], &first["acknowledged"]),
        (1, &json!("missing"), &json!(null))
    );
    let accepting = report(&daemon, &["--accept-acknowledged"]);
    assert_eq!(accepting.0, 1, "nobody has acknowledged it");
    // The records before it, and the one that tells of it.
    let (after, before) = (first["seq"].as_u64().unwrap() - 1, 23);
    let name = first["break"].as_str().unwrap();
    assert!(name.starts_with(&format!("after {after}:")), "{name}");
    assert!(name.contains(&format!(", before {before}:")), "{name}");
    let said = audit(&daemon, &["verify"]).1;
    assert!(said.contains("pagerctl audit acknowledge 23 -m WHY\n"), "{said}");

    assert_eq!(audit(&daemon, &["acknowledge", "22", "-m", "why"]).0, 4, "no break is there");
    assert_eq!(audit(&daemon, &["acknowledge", "23", "-m", " "]).0, 2, "a reason is none");
    let (code, out, err) = audit(&daemon, &["acknowledge", "23", "-m", "the disk: replaced"]);
    assert_eq!((code, &*err), (0, ""), "{out}");

    let (code, found) = report(&daemon, &[]);
    let first = &found["breaks"][0];
    assert_eq!((code, &found["ok"], &found["acknowledged"]), (1, &json!(false), &json!(true)));
    assert_eq!(first["acknowledged"]["reason"], "the disk: replaced");
    assert!(first["acknowledged"]["by"].as_str().unwrap().ends_with("/pagerctl"));
    assert_eq!(found["problem"]["kind"], "missing");
    let (code, said, _) = audit(&daemon, &["verify", "--accept-acknowledged"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("in record 24: the disk: replaced\n"), "{said}");
    assert!(said.contains("1 break, acknowledged."), "{said}");
    assert_eq!(audit(&daemon, &["acknowledge", "23", "-m", "again"]).0, 3);
    let record = daemon.audit().unwrap().pop().unwrap();
    assert_eq!(
        (&record["event"], &record["action"]),
        (&json!("log.acknowledged"), &json!("acknowledge"))
    );
}

#[test]
fn only_that_break_is() {
    let (_state, daemon) = broken();
    assert_eq!(audit(&daemon, &["acknowledge", "23", "-m", "the disk"]).0, 0);
    let accepted = |more: &[&str]| report(&daemon, &[&["--accept-acknowledged"], more].concat());
    let state = |file: &str| daemon.path("state").join(file);
    let whole: Vec<_> = fs::read_dir(daemon.path("state"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    assert_eq!(accepted(&[]).0, 0);

    type Change = fn(String) -> String;
    let changes: [(&str, &str, Change); 4] = [
        ("a record before it", "audit-000000000001.jsonl", |text| text.replacen("deny", "demy", 1)),
        ("lines where it is", LAST, |text| format!("more\n{text}")),
        ("the record that tells of it", LAST, |text| text.replacen("was gone", "was here", 1)),
        ("the acknowledgement", LAST, |text| text.replacen("the disk", "the daisy", 1)),
    ];
    for (what, file, change) in changes {
        let text = fs::read_to_string(state(file)).unwrap();
        fs::write(state(file), change(text)).unwrap();
        let (code, found) = accepted(&[]);
        assert_eq!((code, &found["acknowledged"]), (1, &json!(false)), "{what}: {found:#}");
        for (path, bytes) in &whole {
            fs::write(path, bytes).unwrap();
        }
    }
    assert_eq!(accepted(&[]).0, 0);
    let lost = left_head(22);
    let (code, found) = accepted(&["--head", &lost]);
    assert_eq!((code, &found["acknowledged"]), (1, &json!(false)), "{found:#}");
}

#[test]
fn what_an_agent_runs_acknowledges_nothing() {
    let (_state, daemon) = broken();
    let records = daemon.audit().unwrap().len();
    let output = daemon
        .ctl_command()
        .args(["audit", "acknowledge", "23", "-m", "nothing happened", "state"])
        .env("CLAUDECODE", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert_eq!(daemon.audit().unwrap().len(), records);
}
