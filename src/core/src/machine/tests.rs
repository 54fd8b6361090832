//! What must hold whatever is asked in whatever order, and the cases worth naming.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::approval::Input;
use crate::audit::{self, Head};
use crate::{Agent, Sha256Hex};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn facts(session: u8) -> Facts {
    let mut facts = Facts::new(SessionId::from_agent(&format!("s{session}")), Agent::claude());
    facts.cwd = Some(format!("/home/ada/project{session}"));
    facts
}

fn request(n: u8, command: &str) -> Box<Request> {
    let input = Input::new(format!(r#"{{"command":"{command}"}}"#));
    Box::new(Request {
        request: RequestId::from_bytes([n; 16]),
        kind: Kind::Permission,
        tool: "Bash".into(),
        fingerprint: input.sha256().clone(),
        input,
        always: None,
        subagent: None,
    })
}

/// A machine together with everything that has happened to it.
#[derive(Default)]
struct World {
    machine: Machine,
    history: Vec<Event>,
    effects: Vec<Effect>,
    seconds: i64,
    fresh: u8,
}

impl World {
    fn run(&mut self, actor: &Actor, command: Command) -> Result<Reply, Refusal> {
        self.fresh = self.fresh.wrapping_add(1);
        let context = Context {
            now: at(self.seconds),
            fresh: [self.fresh; 16],
            window: SignedDuration::from_secs(60),
        };
        let outcome = self.machine.handle(&context, actor, command);
        for event in &outcome.events {
            self.machine.apply(event);
        }
        self.history.extend(outcome.events);
        self.effects.extend(outcome.effects);
        outcome.reply
    }

    fn ask(&mut self, session: u8, n: u8, command: &str) -> ApprovalId {
        let ask = Command::Ask { facts: facts(session), request: request(n, command) };
        match self.run(&Actor::Agent, ask) {
            Ok(Reply::Asked { id, .. }) => id,
            other => panic!("{other:?}"),
        }
    }

    fn observe(&mut self, session: u8, activity: Activity) {
        let command = Command::Observe { facts: facts(session), activity };
        assert_eq!(self.run(&Actor::Agent, command), Ok(Reply::Done));
    }

    fn resolve(&mut self, id: ApprovalId, verdict: Verdict) -> Result<Reply, Refusal> {
        let command = Command::Resolve { id, verdict, message_id: None };
        self.run(&Actor::Telegram { user: 1 }, command)
    }

    fn state(&self, id: ApprovalId) -> State {
        self.machine.approval(&id).unwrap().state()
    }
}

fn finished(command: &str) -> Activity {
    let input = Input::new(format!(r#"{{"command":"{command}"}}"#));
    Activity::ToolFinished {
        tool: "Bash".into(),
        fingerprint: input.sha256().clone(),
        subagent: None,
    }
}

#[test]
fn the_first_verdict_wins_and_the_second_is_told_so() {
    let mut world = World::default();
    let id = world.ask(1, 1, "ls");
    assert!(matches!(world.resolve(id, Verdict::Allow), Ok(Reply::Resolved(_))));
    let late = world.resolve(id, Verdict::deny("no"));
    assert!(matches!(late, Err(Refusal::AlreadyResolved(r)) if r.state == State::Allowed));
    assert_eq!(world.effects, [Effect::Ask(id), Effect::Settle(id)]);
}

#[test]
fn asking_again_with_the_same_request_is_asking_once() {
    let mut world = World::default();
    let id = world.ask(1, 1, "ls");
    assert_eq!(world.ask(1, 1, "ls"), id);
    assert_eq!(world.effects, [Effect::Ask(id)]);
    let forged = Command::Ask { facts: facts(1), request: request(1, "rm -rf /") };
    assert!(matches!(world.run(&Actor::Agent, forged), Err(Refusal::InvalidArgument(_))));
}

#[test]
fn the_tools_own_use_proves_an_answer_at_the_terminal() {
    let mut world = World::default();
    let first = world.ask(1, 1, "ls");
    let other = world.ask(1, 2, "pwd");
    let elsewhere = world.ask(2, 3, "ls");
    world.observe(1, finished("ls"));
    assert_eq!(world.state(first), State::Elsewhere);
    assert_eq!(world.state(other), State::Pending);
    assert_eq!(world.state(elsewhere), State::Pending);
    world.observe(1, Activity::TurnEnded);
    assert_eq!(world.state(other), State::Elsewhere);
    assert_eq!(world.state(elsewhere), State::Pending);
}

#[test]
fn one_use_settles_one_of_two_equal_calls() {
    let mut world = World::default();
    let first = world.ask(1, 1, "ls");
    world.seconds += 1;
    let second = world.ask(1, 2, "ls");
    world.observe(1, finished("ls"));
    assert_eq!((world.state(first), world.state(second)), (State::Elsewhere, State::Pending));
}

#[test]
fn a_subagent_outlives_the_main_turn() {
    let mut world = World::default();
    let mut asked = request(1, "ls");
    asked.subagent = Some("a1".into());
    let ask = Command::Ask { facts: facts(1), request: asked };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    world.observe(1, Activity::TurnEnded);
    assert_eq!(world.state(id), State::Pending);
    world.observe(1, Activity::SubagentEnded { subagent: Some("a1".into()) });
    assert_eq!(world.state(id), State::Elsewhere);
}

#[test]
fn a_finished_batch_of_calls_settles_what_its_own_thread_asked() {
    let mut world = World::default();
    let main = world.ask(1, 1, "ls");
    let elsewhere = world.ask(2, 2, "ls");
    let mut asked = request(3, "ls");
    asked.subagent = Some("a1".into());
    let ask = Command::Ask { facts: facts(1), request: asked };
    let Ok(Reply::Asked { id: sub, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    let states = |world: &World| [main, sub, elsewhere].map(|id| world.state(id));
    world.observe(1, Activity::CallsFinished { subagent: None });
    assert_eq!(states(&world), [State::Elsewhere, State::Pending, State::Pending]);
    world.observe(1, Activity::CallsFinished { subagent: Some("a1".into()) });
    assert_eq!(states(&world), [State::Elsewhere, State::Elsewhere, State::Pending]);
}

#[test]
fn withdrawal_tells_the_terminal_from_the_agents_end() {
    let mut world = World::default();
    let (no, gone) = (world.ask(1, 1, "a"), world.ask(1, 2, "b"));
    let withdraw = |id, why| Command::Withdraw { id, why };
    world.run(&Actor::Agent, withdraw(no, Withdrawal::Terminated)).unwrap();
    world.run(&Actor::Agent, withdraw(gone, Withdrawal::AgentGone)).unwrap();
    assert_eq!((world.state(no), world.state(gone)), (State::Elsewhere, State::Cancelled));
    assert!(world.run(&Actor::Agent, withdraw(no, Withdrawal::AgentGone)).is_err());
}

#[test]
fn time_never_allows() {
    let mut world = World::default();
    let id = world.ask(1, 1, "ls");
    world.seconds += 60;
    // The verdict comes after the deadline but before the tick: too late all the same.
    let late = world.resolve(id, Verdict::Allow);
    assert!(matches!(late, Err(Refusal::AlreadyResolved(r)) if r.state == State::Expired));
    assert_eq!(world.run(&Actor::Timeout, Command::Tick), Ok(Reply::Done));
    assert_eq!(world.state(id), State::Expired);
}

#[test]
fn verdicts_must_fit_the_question() {
    let mut world = World::default();
    let id = world.ask(1, 1, "ls");
    let answers = BTreeMap::from([("Which?".to_owned(), vec!["this".to_owned()])]);
    for verdict in [Verdict::AllowAlways, Verdict::Answer { answers: answers.clone() }] {
        assert!(matches!(world.resolve(id, verdict), Err(Refusal::InvalidArgument(_))));
    }
    let mut question = request(2, "x");
    question.kind = Kind::Question;
    let ask = Command::Ask { facts: facts(1), request: question };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    assert!(matches!(world.resolve(id, Verdict::Allow), Err(Refusal::InvalidArgument(_))));
    world.resolve(id, Verdict::Answer { answers }).unwrap();
    assert_eq!(world.state(id), State::Answered);
}

#[test]
fn sessions_are_learned_and_nothing_new_is_no_event() {
    let mut world = World::default();
    world.observe(1, Activity::Prompted);
    let before = world.history.len();
    world.observe(1, Activity::ToolStarting);
    world.observe(1, finished("ls"));
    assert_eq!(world.history.len(), before, "a tool event in a working session costs no write");
    let session = world.machine.sessions().next().unwrap();
    assert_eq!(
        (session.label.as_str(), world.machine.session_state(session)),
        ("project1", "working")
    );
    world.ask(1, 1, "ls");
    let session = world.machine.sessions().next().unwrap();
    assert_eq!(world.machine.session_state(session), "waiting");
}

#[test]
fn what_is_long_over_is_forgotten_and_nothing_pending_is() {
    let mut world = World::default();
    let settled = world.ask(1, 1, "ls");
    world.resolve(settled, Verdict::Allow).unwrap();
    world.observe(1, Activity::Ended);
    world.seconds += 25 * 3600;
    let pending = world.ask(2, 2, "ls");
    world.run(&Actor::Timeout, Command::Tick).unwrap();
    assert!(world.machine.approval(&settled).is_none());
    assert_eq!(world.machine.sessions().count(), 1);
    assert_eq!(world.state(pending), State::Pending);
}

#[derive(Debug, Clone)]
enum Op {
    Ask { session: u8, request: u8, command: u8 },
    Resolve { request: u8, allow: bool },
    Withdraw { request: u8, why: Withdrawal },
    Finished { session: u8, command: u8 },
    Observe { session: u8, activity: Activity },
    Wait { seconds: i64 },
    Tick,
}

fn op() -> impl Strategy<Value = Op> {
    let why = prop_oneof![
        Just(Withdrawal::Terminated),
        Just(Withdrawal::AgentGone),
        Just(Withdrawal::Disconnected)
    ];
    let activity = prop_oneof![
        Just(Activity::Started),
        Just(Activity::Prompted),
        Just(Activity::ToolStarting),
        Just(Activity::CallsFinished { subagent: None }),
        Just(Activity::TurnEnded),
        Just(Activity::Ended),
        Just(Activity::Told)
    ];
    prop_oneof![
        4 => (0..3u8, 0..8u8, 0..3u8)
            .prop_map(|(session, request, command)| Op::Ask { session, request, command }),
        4 => (0..8u8, any::<bool>()).prop_map(|(request, allow)| Op::Resolve { request, allow }),
        2 => (0..8u8, why).prop_map(|(request, why)| Op::Withdraw { request, why }),
        2 => (0..3u8, 0..3u8).prop_map(|(session, command)| Op::Finished { session, command }),
        2 => (0..3u8, activity).prop_map(|(session, activity)| Op::Observe { session, activity }),
        2 => (1..5000i64).prop_map(|seconds| Op::Wait { seconds }),
        2 => Just(Op::Tick),
    ]
}

impl World {
    fn step(&mut self, op: Op) -> Result<Reply, Refusal> {
        let id = |world: &Self, n: u8| {
            let known = world.machine.requests.get(&RequestId::from_bytes([n; 16]));
            known.copied().unwrap_or(ApprovalId::from_bytes([0xff; 16]))
        };
        let person = Actor::Dbus { uid: 1000, program: "pagerctl".into() };
        let (actor, command) = match op {
            Op::Ask { session, request: n, command } => {
                let request = request(n, &format!("c{command}"));
                (Actor::Agent, Command::Ask { facts: facts(session), request })
            }
            Op::Resolve { request, allow } => {
                let verdict = if allow { Verdict::Allow } else { Verdict::deny("no") };
                let id = id(self, request);
                (person, Command::Resolve { id, verdict, message_id: Some(7) })
            }
            Op::Withdraw { request, why } => {
                (Actor::Agent, Command::Withdraw { id: id(self, request), why })
            }
            Op::Finished { session, command } => {
                let activity = finished(&format!("c{command}"));
                (Actor::Agent, Command::Observe { facts: facts(session), activity })
            }
            Op::Observe { session, activity } => {
                (Actor::Agent, Command::Observe { facts: facts(session), activity })
            }
            Op::Wait { seconds } => {
                self.seconds += seconds;
                return Ok(Reply::Done);
            }
            Op::Tick => (Actor::Timeout, Command::Tick),
        };
        self.run(&actor, command)
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_in_whatever_order(ops in prop::collection::vec(op(), 1..80)) {
        let mut world = World::default();
        for op in ops {
            let allows = matches!(op, Op::Resolve { allow: true, .. });
            let before = world.history.len();
            drop(world.step(op));
            // Nothing but a person's yes is ever an allow.
            for event in &world.history[before..] {
                if let Event::ApprovalResolved { resolution, .. } = event {
                    prop_assert!(resolution.state != State::Allowed || allows);
                    prop_assert!(resolution.state != State::Pending);
                }
            }
        }

        let mut replayed = Machine::new();
        let mut verdicts: BTreeMap<ApprovalId, u32> = BTreeMap::new();
        let mut head = Head::default();
        let mut lines = Vec::new();
        for event in &world.history {
            if let Event::ApprovalResolved { id, resolution } = event {
                *verdicts.entry(*id).or_default() += 1;
                let record = audit::resolved(&head, replayed.approval(id).unwrap(), resolution);
                let line = audit::write(&record).unwrap();
                head = line.head;
                lines.push(line.text);
            }
            replayed.apply(event);
        }
        prop_assert_eq!(&replayed, &world.machine, "the state is the replay of the events");
        prop_assert!(verdicts.values().all(|&n| n == 1), "one verdict each");

        let asked = world.effects.iter().filter(|e| matches!(e, Effect::Ask(_))).count();
        let settled = world.effects.iter().filter(|e| matches!(e, Effect::Settle(_))).count();
        prop_assert_eq!(settled, verdicts.len());
        prop_assert_eq!(asked, settled + world.machine.pending().count());

        let mut walk = Head::default();
        for line in &lines {
            walk = audit::verify(&walk, line).unwrap();
        }
        prop_assert_eq!(walk, head, "the chain verifies");
    }

    #[test]
    fn a_settled_approval_absorbs_everything(ops in prop::collection::vec(op(), 1..40)) {
        let mut world = World::default();
        let id = world.ask(0, 0, "c0");
        world.resolve(id, Verdict::deny("no")).unwrap();
        let settled = world.machine.approval(&id).unwrap().clone();
        for op in ops {
            drop(world.step(op));
            if let Some(now) = world.machine.approval(&id) {
                prop_assert_eq!(now, &settled);
            }
        }
    }

    #[test]
    fn events_survive_being_written_and_read(ops in prop::collection::vec(op(), 1..30)) {
        let mut world = World::default();
        for op in ops {
            drop(world.step(op));
        }
        for event in &world.history {
            let text = serde_json::to_string(event).unwrap();
            let mut read: Event = serde_json::from_str(&text).unwrap();
            if let (Event::ApprovalRequested { approval: r }, Event::ApprovalRequested { approval: w }) =
                (&mut read, event)
            {
                prop_assert!(r.input.restore(w.input.text().clone()));
            }
            prop_assert_eq!(&read, event);
        }
    }
}

#[test]
fn a_broken_chain_is_found() {
    let mut world = World::default();
    let id = world.ask(1, 1, "ls");
    world.resolve(id, Verdict::Allow).unwrap();
    let approval = world.machine.approval(&id).unwrap();
    let resolution = approval.resolution.as_ref().unwrap();
    let first = audit::write(&audit::resolved(&Head::default(), approval, resolution)).unwrap();
    let second = audit::write(&audit::resolved(&first.head, approval, resolution)).unwrap();
    assert_eq!(audit::verify(&first.head, &second.text), Ok(second.head.clone()));
    let forged = first.text.replace("\"allow\"", "\"deny\"");
    assert_eq!(audit::verify(&Head::default(), &forged), Err(audit::Broken::Changed));
    let early = audit::verify(&Head::default(), &second.text);
    assert_eq!(early, Err(audit::Broken::OutOfOrder { after: 0 }));
    assert!(audit::verify(&Head::default(), "{}").is_err());
    assert!(first.text.contains(Sha256Hex::zero().as_str()));
}
