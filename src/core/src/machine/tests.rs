//! The cases worth naming, and what must hold in all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::access::Rules;
use crate::approval::{Input, Kind};
use crate::audit::{self, Head};
use crate::{
    Activity, Agent, Assurance, Effect, Facts, Judgement, Limits, Origin, Process, Refusal, Reply,
    Request, Require, Ruling, Sha256Hex, State, Verdict, Withdrawal,
};

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
    Box::new(Request::new(RequestId::from_bytes([n; 16]), Kind::Permission, "Bash", input))
}

fn judgement(ruling: Ruling) -> Judgement {
    Judgement {
        policy: Sha256Hex::zero(),
        ruling,
        rule: Some("mine".into()),
        reason: String::new(),
        require: Require::default(),
    }
}

/// A machine together with everything that has happened to it.
struct World {
    machine: Machine,
    history: Vec<Event>,
    effects: Vec<Effect>,
    seconds: i64,
    fresh: u8,
    agent_lives: bool,
    limits: Limits,
    rules: Arc<Rules>,
    needed: u32,
    /// How many seconds an approval waits.
    window: i64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            machine: Machine::new(),
            history: Vec::new(),
            effects: Vec::new(),
            seconds: 0,
            fresh: 0,
            agent_lives: false,
            limits: Limits::DEFAULT,
            rules: Arc::default(),
            needed: 1,
            window: 60,
        }
    }
}

impl World {
    fn run(&mut self, actor: &Actor, command: Command) -> Result<Reply, Refusal> {
        self.fresh = self.fresh.wrapping_add(1);
        let mut context = Context::new(
            at(self.seconds),
            [self.fresh; 16],
            SignedDuration::from_secs(self.window),
        );
        context.agent_lives = self.agent_lives;
        context.limits = self.limits;
        context.rules = self.rules.clone();
        context.needed = self.needed;
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
        let command = Command::resolve(id, verdict);
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
    let input = r#"{"questions":[{"question":"Which?","options":[{"label":"this"}]}]}"#;
    let question = RequestId::from_bytes([2; 16]);
    let question =
        Box::new(Request::new(question, Kind::Question, "AskUserQuestion", Input::new(input)));
    let ask = Command::Ask { facts: facts(1), request: question };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    assert!(matches!(world.resolve(id, Verdict::Allow), Err(Refusal::InvalidArgument(_))));
    let other = BTreeMap::from([("Why?".to_owned(), vec!["so".to_owned()])]);
    for answers in [BTreeMap::new(), other] {
        let misfit = world.resolve(id, Verdict::Answer { answers });
        assert!(matches!(misfit, Err(Refusal::InvalidArgument(_))));
    }
    world.resolve(id, Verdict::Answer { answers }).unwrap();
    assert_eq!(world.state(id), State::Answered);
}

#[test]
fn a_no_ends_the_turn_only_where_the_agent_can_be_told() {
    let mut world = World::default();
    let mut plain = request(1, "ls");
    plain.stoppable = false;
    let ask = Command::Ask { facts: facts(1), request: plain };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    let stop = Verdict::Deny { reason: "enough".to_owned(), interrupt: true };
    let Err(Refusal::InvalidArgument(why)) = world.resolve(id, stop.clone()) else { panic!() };
    assert!(why.contains("deny it, then press Esc"), "{why}");
    assert_eq!(world.state(id), State::Pending, "a no that means more is no plain no");
    world.resolve(id, Verdict::deny("enough")).unwrap();
    let other = world.ask(1, 2, "ls");
    world.resolve(other, stop).unwrap();
    assert_eq!((world.state(id), world.state(other)), (State::Denied, State::Denied));
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

mod access;
mod counting;
mod driving;
mod limits;
mod origins;
mod policy;
mod properties;
