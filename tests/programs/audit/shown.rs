//! What is shown of a log, and written out of it.

use super::*;

/// The numbers of the records that `export` finds with these arguments.
fn found(state: &State, arguments: &[&str]) -> Vec<u64> {
    let all = [&["audit", "export", "--format", "json"], arguments, &["."]].concat();
    let (code, out) = ctl(state.0.path(), &all);
    assert_eq!(code, 0);
    let records: Vec<Value> = serde_json::from_str(&out).unwrap();
    records.iter().map(|record| record["seq"].as_u64().unwrap()).collect()
}

/// Every record, oldest first.
fn records(state: &State) -> Vec<Value> {
    let lines = state.files().into_iter().flat_map(|file| state.lines(&file));
    lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
}

#[test]
fn the_newest_record_is_the_last_row() {
    let state = State::of(left());
    let (code, out) = ctl(state.0.path(), &["audit", "show", "."]);
    let rows: Vec<&str> = out.lines().collect();
    assert_eq!((code, rows.len()), (0, 23), "{out}");
    assert_eq!(
        rows[0].split_whitespace().collect::<Vec<_>>(),
        ["SEQ", "TIME", "ACTION", "BY", "SESSION", "TOOL", "SUMMARY"]
    );
    let last: Vec<&str> = rows[22].split_whitespace().collect();
    assert_eq!((last[0], last[3], last[6], last[7]), ("22", "deny", "Bash", "touch"), "{out}");

    let (_, out) = ctl(state.0.path(), &["audit", "show", "-n", "2", "--json", "."]);
    let two: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(two, records(&state)[20..]);
    let (code, out) = ctl(state.0.path(), &["audit", "show", "--action", "allow", "."]);
    assert_eq!((code, &*out), (0, "No record is like that.\n"));
}

#[test]
fn records_are_found_by_what_they_say() {
    let state = State::of(left());
    let all = records(&state);
    let having = |what: &dyn Fn(&Value) -> bool| -> Vec<u64> {
        all.iter().filter(|it| what(it)).map(|it| it["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(found(&state, &[]), (1..=22).collect::<Vec<_>>());
    let third = having(&|it| it["session"] == "webshop-3");
    assert_eq!((found(&state, &["--session", "webshop-3"]), third.len()), (third, 1));
    assert_eq!(found(&state, &["--session", "webshop-"]).len(), QUESTIONS);
    let label = all[0]["label"].as_str().unwrap();
    assert_eq!(found(&state, &["--session", label]).len(), QUESTIONS);
    let turns = having(&|it| it["event"] == "log.rotated");
    assert_eq!((found(&state, &["--action", "rotate"]), turns.len()), (turns, 2));
    assert_eq!(found(&state, &["--action", "rotate", "--action", "continue"]).len(), 4);
    assert_eq!(found(&state, &["--by", "pager"]).len(), 4);
    assert_eq!(found(&state, &["--by", "dbus"]).len(), QUESTIONS);
    assert!(found(&state, &["--by", "dbus", "--action", "allow"]).is_empty());
    let approval = all[4]["approval"].as_str().unwrap().to_uppercase();
    assert_eq!(found(&state, &["--approval", &approval[..20]]), [5]);
    let (from, to) = (all[4]["ts"].as_str().unwrap(), all[6]["ts"].as_str().unwrap());
    assert_eq!(found(&state, &["--since", from, "--until", to]), [5, 6, 7]);
    assert_eq!(found(&state, &["--since", from, "--until", to, "-n", "1"]), [7]);
    assert!(found(&state, &["--until", "2020-01-01"]).is_empty());
    assert_eq!(found(&state, &["--since", "1d", "-n", "all"]).len(), 22);
}

#[test]
fn what_is_written_out_can_be_verified_and_read_elsewhere() {
    let state = State::of(left());
    let (_, lines) = ctl(state.0.path(), &["audit", "export", "."]);
    let whole: String = state.files().iter().flat_map(|file| state.lines(file)).collect();
    assert_eq!(lines, whole);

    let odd = tempfile::tempdir().unwrap();
    let mut record: pager_core::audit::Record =
        serde_json::from_str(whole.lines().next().unwrap()).unwrap();
    record.summary = Some("echo \"a\", b\nc".to_owned());
    let line = pager_core::audit::write(&record).unwrap();
    fs::write(odd.path().join("audit.jsonl"), line.text + "\n").unwrap();
    let (_, csv) = ctl(odd.path(), &["audit", "export", "--format", "csv", "."]);
    let (header, row) = csv.split_once('\n').unwrap();
    assert_eq!(
        header,
        "seq,ts,event,session,label,action,tool,summary,input_sha256,approval,by,message_id,\
         latency_ms,prev_hash,hash"
    );
    assert!(row.starts_with("1,") && row.contains(",\"echo \"\"a\"\", b\nc\","), "{row}");
    let hash = line.head.hash.as_str();
    assert!(row.ends_with(&format!(",{},{hash}\n", "0".repeat(64))), "{row}");
}

#[test]
fn what_is_no_record_is_not_passed_over_in_silence() {
    let state = State::of(left());
    state.edit("audit.jsonl", |lines| lines[1] = "what is this\n".to_owned());
    let (_, out) = ctl(state.0.path(), &["audit", "show", "."]);
    assert!(out.ends_with("\n1 line is no record; pagerctl audit verify says what is wrong\n"));
    let mut export = Command::new(program("pagerctl"));
    export.env_clear().env("HOME", state.0.path()).args(["audit", "export"]).arg(state.0.path());
    let output = export.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 21);
    assert!(String::from_utf8(output.stderr).unwrap().contains("1 line is no record"));
}
