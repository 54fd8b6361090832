//! The store's promises: what was committed is read back, what cannot be trusted is left alone.

use std::os::unix::fs::PermissionsExt;

use jiff::{SignedDuration, Timestamp};
use pager_core::access::RoleName;
use pager_core::approval::{AlwaysGrant, Input, Kind, Request};
use pager_core::audit::{self, Head};
use pager_core::{
    AccessCommand, Activity, Actor, Agent, ApprovalId, Assurance, Command, Context, Facts, Knocker,
    Machine, Reply, RequestId, SessionId, Verdict,
};

use super::*;

mod audit_files;
mod folders;

/// A machine and its store, driven as the engine drives them.
struct Pair {
    machine: Machine,
    store: Store,
    fresh: u8,
    /// How much later it is than the number of commands says.
    later: SignedDuration,
}

impl Pair {
    fn open(dir: &Path) -> Self {
        let store = Store::open(dir).unwrap();
        let (machine, _) = store.load().unwrap();
        Self { machine, store, fresh: 0, later: SignedDuration::ZERO }
    }

    fn run(&mut self, command: Command) -> Reply {
        self.try_run(command).unwrap()
    }

    fn try_run(&mut self, command: Command) -> Result<Reply, StoreError> {
        self.fresh += 1;
        let now = Timestamp::from_second(1_700_000_000 + i64::from(self.fresh)).unwrap();
        let context =
            Context::new(now + self.later, [self.fresh; 16], SignedDuration::from_hours(1));
        let outcome = self.machine.handle(&context, &Actor::Desktop, command);
        let commit = Commit {
            machine: &self.machine,
            events: &outcome.events,
            effects: &outcome.effects,
            doors: &["a", "b"],
        };
        self.store.commit(commit)?;
        for event in &outcome.events {
            self.machine.apply(event);
        }
        Ok(outcome.reply.unwrap())
    }

    fn ask(&mut self, n: u8) -> ApprovalId {
        self.ask_with(n, None)
    }

    fn ask_with(&mut self, n: u8, always: Option<AlwaysGrant>) -> ApprovalId {
        let input = Input::new(format!(r#"{{"command": "echo {n}"}}"#));
        let request = Request::new(RequestId::from_bytes([n; 16]), Kind::Permission, "Bash", input);
        let request = Request { always, ..request };
        match self.run(Command::Ask { facts: facts(), request: Box::new(request) }) {
            Reply::Asked { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    fn deny(&mut self, id: ApprovalId) {
        self.try_deny(id).unwrap();
    }

    fn try_deny(&mut self, id: ApprovalId) -> Result<Reply, StoreError> {
        self.try_run(Command::Resolve {
            id,
            verdict: Verdict::deny("no"),
            message_id: Some(5),
            assurance: Assurance::Door,
        })
    }
}

fn facts() -> Facts {
    let mut facts = Facts::new(SessionId::from_agent("s1"), Agent::claude());
    facts.cwd = Some("/home/ada/webshop".into());
    facts
}

fn chain(dir: &Path) -> (Vec<String>, Head) {
    let text = fs::read_to_string(dir.join(AUDIT_LOG)).unwrap();
    let mut head = Head::default();
    for line in text.lines() {
        head = audit::verify(&head, line).unwrap();
    }
    (text.lines().map(str::to_owned).collect(), head)
}

#[test]
fn what_was_committed_is_the_state_and_the_replay_is_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let (settled, pending) = (pair.ask(1), pair.ask(2));
    pair.deny(settled);
    pair.run(Command::Observe { facts: facts(), activity: Activity::TurnEnded });
    let third = pair.ask(3);
    let before = pair.machine.clone();
    drop(pair);

    let store = Store::open(dir.path()).unwrap();
    let (loaded, seq) = store.load().unwrap();
    assert_eq!(loaded, before);
    let mut replayed = Machine::new();
    for logged in store.events_since(0, 1000).unwrap() {
        replayed.apply(&logged.event);
        assert!(logged.seq <= seq);
    }
    assert_eq!(replayed, before);
    assert_eq!(store.approval(&third).unwrap().as_ref(), before.approval(&third));
    assert_eq!(
        &**store.approval(&pending).unwrap().unwrap().input.text(),
        r#"{"command": "echo 2"}"#
    );
    assert_eq!(store.ids_with_prefix("02").unwrap(), [pending]);
    assert_eq!(store.recent_approvals(2).unwrap()[0].id, third);
}

#[test]
fn everything_is_the_persons_alone() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep/pager");
    let mut pair = Pair::open(&state);
    let id = pair.ask(1);
    pair.deny(id);
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(&state).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[test]
fn tasks_stand_for_each_door_until_they_are_done_and_questions_come_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let first = pair.ask(1);
    pair.deny(first);
    let second = pair.ask(2);
    drop(pair);
    let mut store = Store::open(dir.path()).unwrap();
    let tasks = store.tasks("a", 10).unwrap();
    let todo: Vec<_> = tasks.iter().map(|task| task.todo.clone()).collect();
    assert_eq!(todo, [Todo::Ask(first), Todo::Ask(second), Todo::Settle(first)]);
    for task in &tasks {
        store.finish_task(task.id).unwrap();
    }
    assert!(store.tasks("a", 10).unwrap().is_empty());
    assert_eq!(store.tasks("b", 10).unwrap().len(), 3);
}

#[test]
fn the_audit_log_and_the_database_agree_after_a_crash_between_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let id = pair.ask(1);
    let other = pair.ask(2);
    pair.deny(id);
    // A record whose transaction never came, and half a line after it.
    let approval = pair.machine.approval(&other).unwrap();
    let resolution = pair.machine.approval(&id).unwrap().resolution.clone().unwrap();
    let (_, head) = chain(dir.path());
    let line = audit::write(&audit::resolved(&head, approval, &resolution)).unwrap();
    drop(pair);
    let path = dir.path().join(AUDIT_LOG);
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str(&format!("{}\n{{\"seq\":3,\"ts", line.text));
    fs::write(&path, text).unwrap();

    let mut pair = Pair::open(dir.path());
    assert!(pair.machine.approval(&other).unwrap().is_pending());
    pair.deny(other);
    let (lines, _) = chain(dir.path());
    let events: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        ["approval.resolved", "approval.resolved", "log.torn", "record.void", "approval.resolved"]
    );
}

#[test]
fn an_audit_log_that_was_cut_is_set_aside_and_the_chain_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let id = pair.ask(1);
    pair.deny(id);
    drop(pair);
    let path = dir.path().join(AUDIT_LOG);
    fs::write(&path, "").unwrap();
    drop(Store::open(dir.path()).unwrap());
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(r#"{"seq":2,"#) && text.contains("log.replaced"), "{text}");
    let aside = fs::read_dir(dir.path()).unwrap();
    let aside =
        aside.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains("foreign"));
    assert_eq!(aside.count(), 1);
}

#[test]
fn a_damaged_newer_or_foreign_database_is_left_untouched() {
    type Damage = fn(&Path);
    let damage: [(&str, Damage); 4] = [
        ("not a database", |path| {
            fs::write(path, "not a database at all, but long enough").unwrap();
        }),
        ("newer", |path| {
            drop(Pair::open(path.parent().unwrap()));
            Connection::open(path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        }),
        ("foreign", |path| {
            Connection::open(path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        }),
        ("damaged", |path| {
            drop(Pair::open(path.parent().unwrap()));
            let mut bytes = fs::read(path).unwrap();
            bytes[4096..8192].fill(0x5a);
            fs::write(path, bytes).unwrap();
        }),
    ];
    for (what, damage) in damage {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATABASE);
        damage(&path);
        let before = fs::read(&path).unwrap();
        let error = Store::open(dir.path()).unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. } | StoreError::Newer { .. }),
            "{what}: {error}"
        );
        assert!(error.to_string().contains("left untouched"), "{what}: {error}");
        assert_eq!(fs::read(&path).unwrap(), before, "{what}");
    }
}

#[test]
fn a_state_folder_has_one_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Store::open(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Locked(_))));
}

#[test]
fn a_full_disk_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let id = pair.ask(1);
    let (before, _) = (pair.machine.clone(), ());
    // As SQLite sees a disk without a page to spare.
    let pages: i64 =
        pair.store.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    pair.store.db.pragma_update(None, "max_page_count", pages).unwrap();
    let now = Timestamp::from_second(1_700_000_100).unwrap();
    let context = Context::new(now, [9; 16], SignedDuration::from_hours(1));
    let long = Verdict::deny("😀".repeat(10_000));
    let command = Command::resolve(id, long);
    let outcome = pair.machine.handle(&context, &Actor::Desktop, command);
    let commit = Commit {
        machine: &pair.machine,
        events: &outcome.events,
        effects: &outcome.effects,
        doors: &[],
    };
    assert!(pair.store.commit(commit).is_err());
    assert_eq!(
        fs::read_to_string(dir.path().join(AUDIT_LOG)).unwrap(),
        "",
        "evidence is taken back"
    );
    pair.store.db.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    assert_eq!(pair.store.load().unwrap().0, before);
    pair.deny(id);
    assert_eq!(chain(dir.path()).0.len(), 1);
}

#[test]
fn what_is_long_over_is_deleted_and_what_still_counts_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let grant = AlwaysGrant { rule: "Bash(echo 2)".into(), suggestion: "{}".into() };
    let (over, granted, pending) = (pair.ask(1), pair.ask_with(2, Some(grant)), pair.ask(3));
    pair.deny(over);
    pair.run(Command::resolve(granted, Verdict::AllowAlways));
    // The machine forgets what is settled an hour later.
    pair.later = SignedDuration::from_hours(2);
    pair.run(Command::Tick);
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let known = |pair: &Pair| {
        [over, granted, pending].map(|id| pair.store.approval(&id).unwrap().is_some())
    };
    let days = |days: i64| now + SignedDuration::from_hours(24 * days);
    pair.store.prune(days(89)).unwrap();
    assert_eq!(known(&pair), [true; 3]);
    pair.store.prune(days(91)).unwrap();
    assert_eq!(known(&pair), [false, true, true], "a grant stands until it is taken back");
    let inputs = |pair: &Pair| -> i64 {
        pair.store.db.query_row("SELECT count(*) FROM inputs", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(inputs(&pair), 3, "the event log still speaks of it");
    let long_ago = "UPDATE events SET seq = -1000000 WHERE body ->> '$.approval.id' = ?1";
    pair.store.db.execute(long_ago, [over.to_string()]).unwrap();
    pair.store.prune(days(91)).unwrap();
    assert_eq!(inputs(&pair), 2);
    let (lines, _) = chain(dir.path());
    assert_eq!(lines.len(), 3, "the evidence stays");
}

#[test]
fn who_waits_who_was_let_in_and_a_panic_outlive_the_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::open(dir.path());
    let mut access = |command| pair.run(Command::Access(command));
    let knock = |user| AccessCommand::Knock { user, name: "Ada".to_owned() };
    let Reply::Knocked(Some(code)) = access(knock(7)) else { panic!() };
    let Reply::Knocked(Some(_)) = access(knock(8)) else { panic!() };
    access(AccessCommand::LetIn { who: Knocker::Code(code), role: RoleName::developer() });
    let before = pair.machine;
    drop(pair.store);

    let mut pair = Pair::open(dir.path());
    let after = &pair.machine;
    let now = Timestamp::from_second(1_700_000_010).unwrap();
    assert_eq!(after.principals().collect::<Vec<_>>(), before.principals().collect::<Vec<_>>());
    assert_eq!(after.pairings(now).map(|pairing| pairing.user).collect::<Vec<_>>(), [8]);

    let reason = "the phone is gone".to_owned();
    pair.run(Command::Access(AccessCommand::Lock { reason }));
    let before = pair.machine;
    drop(pair.store);
    let mut pair = Pair::open(dir.path());
    assert!(before.locked().is_some());
    assert_eq!(pair.machine.locked(), before.locked());
    assert_eq!(pair.machine.pairings(now).count(), 0, "a panic sends them away");
    pair.run(Command::Access(AccessCommand::Unlock));
    let before = pair.machine;
    drop(pair.store);
    let after = Pair::open(dir.path()).machine;
    assert_eq!((after.locked(), after.opened()), (None, before.opened()));
    assert!(after.opened().is_some());
}
