//! The engine in process: durable before it is told, in time, and alive when the disk is not.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pager_core::access::{Role, RoleName};
use pager_core::approval::{Input, Kind, Request};
use pager_core::{Agent, Facts, RequestId, SessionId, State, Verdict};

use super::*;

/// A clock that runs with tokio's, which a test can pause.
#[derive(Clone)]
struct TestClock {
    start: Instant,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.start.elapsed()).unwrap();
        Timestamp::from_second(1_700_000_000).unwrap() + elapsed
    }
}

struct Running {
    handle: Handle,
    dir: tempfile::TempDir,
    task: tokio::task::JoinHandle<()>,
}

fn start(dir: tempfile::TempDir, heartbeat: Option<Heartbeat>) -> Running {
    let store = Store::open(dir.path()).unwrap();
    let options = Options::new(SignedDuration::from_mins(10), vec!["telegram"]);
    let clock = TestClock { start: Instant::now() };
    let (engine, handle) = Engine::new(store, clock, options, heartbeat).unwrap();
    Running { handle, dir, task: tokio::spawn(engine.run()) }
}

fn ask(n: u8) -> Command {
    let input = Input::new(format!(r#"{{"command":"echo {n}"}}"#));
    let request = Request::new(RequestId::from_bytes([n; 16]), Kind::Permission, "Bash", input);
    let facts = Facts::new(SessionId::from_agent("s1"), Agent::claude());
    Command::Ask { facts, request: Box::new(request) }
}

async fn asked(handle: &Handle, n: u8) -> ApprovalId {
    match handle.submit(Actor::Agent, ask(n)).await {
        Ok(Reply::Asked { id, .. }) => id,
        other => panic!("{other:?}"),
    }
}

fn allow(id: ApprovalId) -> Command {
    Command::resolve(id, Verdict::Allow)
}

#[tokio::test(start_paused = true)]
async fn a_reply_means_that_it_is_on_the_disk() {
    let Running { handle, dir, task } = start(tempfile::tempdir().unwrap(), None);
    let id = asked(&handle, 1).await;
    handle.submit(Actor::Desktop, allow(id)).await.unwrap();
    // As by SIGKILL: nothing of the engine runs any more.
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let Running { handle, .. } = start(dir, None);
    let approval = handle.approval(id).await.unwrap().unwrap();
    assert_eq!(approval.state(), State::Allowed);
    let late = handle.submit(Actor::Desktop, allow(id)).await;
    assert!(matches!(late, Err(EngineError::Refused(Refusal::AlreadyResolved(_)))));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told_once_it_is_settled() {
    let Running { handle, .. } = start(tempfile::tempdir().unwrap(), None);
    let id = asked(&handle, 1).await;
    let waiter = tokio::spawn({
        let handle = handle.clone();
        async move { handle.resolution(id).await }
    });
    tokio::task::yield_now().await;
    handle.submit(Actor::Desktop, allow(id)).await.unwrap();
    assert_eq!(waiter.await.unwrap().unwrap().state, State::Allowed);
    assert_eq!(handle.resolution(id).await.unwrap().state, State::Allowed, "late waiters too");
    let unknown = handle.resolution(ApprovalId::from_bytes([7; 16])).await;
    assert_eq!(unknown, Err(EngineError::Stopped));
}

#[tokio::test(start_paused = true)]
async fn it_expires_on_time_and_never_allows() {
    let Running { handle, dir, .. } = start(tempfile::tempdir().unwrap(), None);
    let started = Instant::now();
    let id = asked(&handle, 1).await;
    let resolution = handle.resolution(id).await.unwrap();
    assert_eq!((resolution.state, resolution.by), (State::Expired, Actor::Timeout));
    let waited = started.elapsed().as_secs();
    assert!((600..602).contains(&waited), "{waited}");
    let audit = std::fs::read_to_string(dir.path().join(crate::store::AUDIT_LOG)).unwrap();
    assert!(audit.contains(r#""action":"expire""#), "{audit}");
}

#[tokio::test(start_paused = true)]
async fn events_are_told_in_order_to_whoever_asks_late() {
    let Running { handle, .. } = start(tempfile::tempdir().unwrap(), None);
    let published = handle.published();
    let before = *published.borrow();
    let id = asked(&handle, 1).await;
    handle.submit(Actor::Desktop, allow(id)).await.unwrap();
    let events = handle.events_since(before).await.unwrap();
    assert_eq!(events.len(), 3, "the session, the question, the answer");
    assert_eq!(events.last().unwrap().seq, *published.borrow());
    assert!(matches!(&events[2].event, Event::ApprovalResolved { id: of, .. } if *of == id));
}

#[tokio::test(start_paused = true)]
async fn without_a_disk_nothing_is_decided_and_it_recovers() {
    let Running { handle, .. } = start(tempfile::tempdir().unwrap(), None);
    let id = asked(&handle, 1).await;
    let set_readonly = |on: bool| handle.with_store(move |store, _| store.set_query_only(on));
    set_readonly(true).await.unwrap();
    let refused = handle.submit(Actor::Desktop, allow(id)).await;
    assert!(matches!(refused, Err(EngineError::StoreUnavailable(_))), "{refused:?}");
    assert!(matches!(*handle.health().borrow(), Health::Degraded { .. }));
    assert!(handle.approval(id).await.unwrap().unwrap().is_pending());
    set_readonly(false).await.unwrap();
    handle.submit(Actor::Desktop, allow(id)).await.unwrap();
    assert_eq!(*handle.health().borrow(), Health::Ready);
}

#[tokio::test(start_paused = true)]
async fn the_heart_beats_by_the_loop_itself() {
    let beats = Arc::new(Mutex::new(0));
    let count = Arc::clone(&beats);
    let beat = Box::new(move || *count.lock().unwrap() += 1);
    let heartbeat = Heartbeat { every: Duration::from_secs(5), beat };
    let Running { handle, .. } = start(tempfile::tempdir().unwrap(), Some(heartbeat));
    tokio::time::advance(Duration::from_secs(1)).await;
    for _ in 0..4 {
        tokio::time::advance(Duration::from_secs(5)).await;
        handle.snapshot().await.unwrap();
    }
    assert!(*beats.lock().unwrap() >= 4);
}

#[tokio::test(start_paused = true)]
async fn prefixes_name_one_approval() {
    let Running { handle, .. } = start(tempfile::tempdir().unwrap(), None);
    let id = asked(&handle, 1).await;
    let text = id.to_string();
    assert_eq!(handle.find(&text[..6]).await, Ok(id));
    assert_eq!(handle.find(&text.to_uppercase()).await, Ok(id));
    assert!(matches!(handle.find("").await, Err(FindError::NotFound(_))));
    assert!(matches!(handle.find("zz").await, Err(FindError::NotFound(_))));
    let mut others = Vec::new();
    for n in 2..40 {
        others.push(asked(&handle, n).await.to_string());
    }
    let first = text.as_bytes()[0];
    let shared = others.iter().any(|other| other.as_bytes()[0] == first);
    let found = handle.find(&text[..1]).await;
    assert_eq!(shared, matches!(found, Err(FindError::Ambiguous(_))), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_somebodys_role_denies_is_evidence_too_and_outlives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let run = |dir: &std::path::Path| {
        let mut roles = Role::built_in();
        roles.get_mut(&RoleName::developer()).unwrap().deny_tools = vec!["Ba*".to_owned()];
        let people = [(7, RoleName::developer())].into();
        let rules = Arc::new(Rules { people, roles, ..Rules::default() });
        let options = Options { rules, ..Options::new(SignedDuration::from_mins(10), Vec::new()) };
        let clock = TestClock { start: Instant::now() };
        let (engine, handle) =
            Engine::new(Store::open(dir).unwrap(), clock, options, None).unwrap();
        (tokio::spawn(engine.run()), handle)
    };
    let (task, handle) = run(dir.path());
    let id = asked(&handle, 1).await;
    let deny = Command::resolve(id, Verdict::deny("the other way round"));
    handle.submit(Actor::Telegram { user: 7 }, deny).await.unwrap();
    drop(handle);
    task.await.unwrap();

    let (_task, handle) = run(dir.path());
    let id = asked(&handle, 2).await;
    let end = handle.approval(id).await.unwrap().unwrap().resolution.unwrap();
    let by = Actor::Policy { rule: "role:developer".to_owned() };
    assert_eq!((end.state, end.by), (State::Denied, by));
    let audit = std::fs::read_to_string(dir.path().join("audit.jsonl")).unwrap();
    assert!(audit.lines().last().unwrap().contains(r#""by":"policy:role:developer""#), "{audit}");
}

#[tokio::test(start_paused = true)]
async fn a_first_yes_outlives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let run = |dir: &std::path::Path| {
        let options =
            Options { needed: 2, ..Options::new(SignedDuration::from_mins(10), vec!["telegram"]) };
        let clock = TestClock { start: Instant::now() };
        let (engine, handle) =
            Engine::new(Store::open(dir).unwrap(), clock, options, None).unwrap();
        (tokio::spawn(engine.run()), handle)
    };
    let (task, handle) = run(dir.path());
    let id = asked(&handle, 1).await;
    let first = handle.submit(Actor::Desktop, allow(id)).await;
    assert_eq!(first, Ok(Reply::Counted { given: 1, needed: 2 }));
    drop(handle);
    task.await.unwrap();

    let (_task, handle) = run(dir.path());
    let waits = handle.approval(id).await.unwrap().unwrap();
    assert_eq!((waits.is_pending(), waits.yeses.len(), waits.needed), (true, 1, 2));
    let again = handle.submit(Actor::Desktop, allow(id)).await;
    assert!(matches!(again, Err(EngineError::Refused(Refusal::NotAllowed(_)))), "{again:?}");
    let second = handle.submit(Actor::Telegram { user: 7 }, allow(id)).await;
    assert!(matches!(second, Ok(Reply::Resolved(_))), "{second:?}");
}
