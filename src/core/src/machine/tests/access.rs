//! Who is let in, and by whom.

use super::*;
use crate::access::{Code, RoleName};
use crate::{AccessChange, AccessCommand, Knocker, Lock, News, Resolution};

const HOST: Actor = Actor::Desktop;

impl World {
    fn access(&mut self, actor: &Actor, command: AccessCommand) -> Result<Reply, Refusal> {
        self.run(actor, Command::Access(command))
    }

    fn knock(&mut self, user: i64) -> Option<Code> {
        let knock = AccessCommand::Knock { user, name: format!("Person {user}") };
        match self.access(&Actor::Telegram { user }, knock) {
            Ok(Reply::Knocked(code)) => code,
            other => panic!("{other:?}"),
        }
    }

    fn let_in(&mut self, actor: &Actor, code: Code) -> Result<Reply, Refusal> {
        self.access(
            actor,
            AccessCommand::LetIn { who: Knocker::Code(code), role: RoleName::developer() },
        )
    }

    fn told(&self) -> Vec<&'static str> {
        let told = self.effects.iter().filter_map(|effect| match effect {
            Effect::Tell(notice) => Some(notice.news.word()),
            _ => None,
        });
        told.collect()
    }
}

#[test]
fn a_stranger_is_let_in_at_the_machine_and_nowhere_else() {
    let mut world = World::default();
    let code = world.knock(7).unwrap();
    let outside = Actor::Telegram { user: 1 };
    for actor in [&outside, &Actor::Agent, &Actor::Terminal, &Actor::Timeout] {
        let refused = world.let_in(actor, code.clone());
        assert!(matches!(refused, Err(Refusal::NotAllowed(_))), "{actor}: {refused:?}");
    }
    assert_eq!(world.machine.principals().count(), 0);

    let Ok(Reply::LetIn(principal)) = world.let_in(&HOST, code.clone()) else { panic!() };
    assert_eq!((principal.user, principal.role), (7, RoleName::developer()));
    assert_eq!(world.machine.principals().count(), 1);
    assert_eq!(world.machine.pairings(at(0)).count(), 0);
    let again = world.let_in(&HOST, code);
    assert!(matches!(again, Err(Refusal::Nobody(_))), "a code is used once");
    assert_eq!(world.told(), ["knocked", "let_in", "wrong_code"]);
}

#[test]
fn a_code_is_told_once_it_is_known_to_have_arrived() {
    let mut world = World::default();
    let lost = world.knock(7).unwrap();
    let code = world.knock(7).unwrap();
    assert_ne!(lost, code);
    assert_eq!(world.access(&Actor::Pager, AccessCommand::Told { user: 7 }), Ok(Reply::Done));
    let events = world.history.len();
    for _ in 0..1_000 {
        assert_eq!(world.knock(7), None);
    }
    assert_eq!(world.history.len(), events, "whoever goes on writing leaves no trace");
    assert!(matches!(world.let_in(&HOST, lost), Err(Refusal::Nobody(_))));
    assert!(world.let_in(&HOST, code).is_ok());
    assert_eq!(world.told(), ["knocked", "wrong_code", "let_in"]);
}

#[test]
fn wrong_codes_are_counted_whoever_enters_them() {
    let mut world = World::default();
    let code = world.knock(7).unwrap();
    for n in 0..5 {
        assert!(world.let_in(&HOST, Code::new(n)).is_err());
    }
    let refused = world.let_in(&HOST, code.clone());
    assert!(matches!(&refused, Err(Refusal::NotAllowed(why)) if why.contains("too many")));
    let away = world.access(&HOST, AccessCommand::TurnAway { who: Knocker::Code(code.clone()) });
    assert!(matches!(away, Err(Refusal::NotAllowed(_))), "that would tell whether it is right");
    world.seconds += 600;
    assert!(world.let_in(&HOST, code).is_ok());
}

#[test]
fn whoever_is_turned_away_or_removed_is_a_stranger_again() {
    let mut world = World::default();
    let code = world.knock(7).unwrap();
    assert_eq!(
        world.access(&HOST, AccessCommand::TurnAway { who: Knocker::Code(code) }),
        Ok(Reply::Done)
    );
    let code = world.knock(7).unwrap();
    assert!(world.let_in(&HOST, code).is_ok());
    assert!(world.access(&Actor::Agent, AccessCommand::Remove { user: 7 }).is_err());
    assert_eq!(world.access(&HOST, AccessCommand::Remove { user: 7 }), Ok(Reply::Done));
    assert!(world.access(&HOST, AccessCommand::Remove { user: 7 }).is_err());
    assert_eq!(world.machine.principals().count(), 0);
}

#[test]
fn a_panic_is_begun_from_anywhere_and_ended_at_the_machine() {
    let mut world = World::default();
    let outside = Actor::Telegram { user: 1 };
    assert!(world.access(&HOST, AccessCommand::Unlock).is_err());
    assert_eq!(world.access(&outside, lock()), Ok(Reply::Done));
    assert_eq!(world.access(&outside, lock()), Ok(Reply::Done));
    let by = outside.clone();
    assert_eq!(world.machine.locked(), Some(&Lock { at: at(0), by, reason: "why".to_owned() }));
    assert!(world.access(&outside, AccessCommand::Unlock).is_err());
    assert_eq!(world.access(&HOST, AccessCommand::Unlock), Ok(Reply::Done));
    assert_eq!(world.machine.locked(), None);
    assert_eq!(world.told(), ["locked", "unlocked"]);
}

fn lock() -> AccessCommand {
    AccessCommand::Lock { reason: "why".to_owned() }
}

#[test]
fn a_panic_cancels_all_that_waits_and_no_old_answer_counts_after_it() {
    let mut world =
        World { limits: Limits { approvals_per_minute: 1, ..Limits::DEFAULT }, ..World::default() };
    let (shown, queued) = (world.ask(1, 1, "ls"), world.ask(1, 2, "pwd"));
    drop(world.knock(7));
    world.effects.clear();
    assert_eq!(world.access(&HOST, lock()), Ok(Reply::Done));
    for id in [shown, queued] {
        assert_eq!(world.state(id), State::Cancelled);
        assert!(world.effects.contains(&Effect::Settle(id)));
        let resolution = world.machine.approval(&id).unwrap().resolution.clone().unwrap();
        assert_eq!((&resolution.verdict, &resolution.by), (&None, &HOST));
        assert_eq!(crate::present::settlement(&resolution), "Cancelled: panic");
    }
    assert_eq!(world.machine.pairings(at(0)).count(), 0);
    assert_eq!(world.told(), ["locked"]);
    assert_eq!(world.access(&HOST, AccessCommand::Unlock), Ok(Reply::Done));
    for id in [shown, queued] {
        let late = world.resolve(id, Verdict::Allow);
        assert!(matches!(late, Err(Refusal::AlreadyResolved(_))), "{late:?}");
    }
}

#[test]
fn while_everything_is_shut_questions_stay_on_the_machine() {
    let mut world = World::default();
    assert_eq!(world.access(&HOST, lock()), Ok(Reply::Done));
    world.effects.clear();
    let asked = world.ask(1, 1, "ls");
    let mut allowed = request(2, "pwd");
    allowed.judgement = Some(judgement(Ruling::Allow));
    let ask = Command::Ask { facts: facts(1), request: allowed };
    let Ok(Reply::Asked { id: ruled, resolution }) = world.run(&Actor::Agent, ask) else {
        panic!()
    };
    assert_eq!(resolution, None, "no rule says yes");
    let mut denied = request(3, "rm");
    denied.judgement = Some(judgement(Ruling::Deny));
    let ask = Command::Ask { facts: facts(1), request: denied };
    assert!(matches!(
        world.run(&Actor::Agent, ask),
        Ok(Reply::Asked { resolution: Some(Resolution { state: State::Denied, .. }), .. })
    ));
    let rejudge = Command::Rejudge { judgements: vec![(asked, judgement(Ruling::Allow))] };
    assert_eq!(world.run(&Actor::Pager, rejudge), Ok(Reply::Done));
    assert_eq!(world.state(asked), State::Pending);
    let refused = world.resolve(asked, Verdict::Allow);
    assert!(matches!(refused, Err(Refusal::NotAllowed(_))), "{refused:?}");
    assert_eq!(world.effects, [], "nothing goes out");
    assert!(world.run(&HOST, Command::resolve(asked, Verdict::Allow)).is_ok());
    world.effects.clear();
    assert_eq!(world.access(&HOST, AccessCommand::Unlock), Ok(Reply::Done));
    assert!(world.effects.contains(&Effect::Ask(ruled)), "what waits is asked outside");
    assert_eq!(world.machine.opened(), Some(at(0)));
}

#[test]
fn all_of_it_is_the_replay_of_its_events() {
    let mut world = World::default();
    let code = world.knock(7).unwrap();
    assert!(world.let_in(&HOST, code).is_ok());
    drop(world.knock(8));
    assert_eq!(world.access(&HOST, lock()), Ok(Reply::Done));
    assert_eq!(world.access(&HOST, AccessCommand::Unlock), Ok(Reply::Done));
    assert_eq!(world.access(&HOST, lock()), Ok(Reply::Done));
    let mut replayed = Machine::new();
    for event in &world.history {
        let text = serde_json::to_string(event).unwrap();
        assert!(!text.contains("Code"), "{text}");
        replayed.apply(&serde_json::from_str(&text).unwrap());
    }
    assert_eq!(replayed, world.machine);
    let audited = |event: &&Event| audit::of_event(&Head::default(), event, None).is_some();
    assert_eq!(world.history.iter().filter(audited).count(), 6);
    assert!(world.history.iter().any(|event| matches!(
        event,
        Event::AccessChanged { change: AccessChange::Locked { .. }, .. }
    )));
    let noticed = |event: &Event| match event {
        Event::Noticed { notice } => matches!(notice.news, News::LetIn { user: 7, .. }),
        _ => false,
    };
    assert!(world.history.iter().any(noticed));
}

#[test]
fn whoever_is_shown_can_be_let_in_by_their_number() {
    let mut world = World::default();
    drop(world.knock(7));
    let let_in = |user| {
        let role = RoleName::developer();
        AccessCommand::LetIn { who: Knocker::User(user), role }
    };
    assert!(world.access(&HOST, let_in(8)).is_err());
    assert!(world.access(&Actor::Telegram { user: 1 }, let_in(7)).is_err());
    assert!(world.access(&HOST, let_in(7)).is_ok());
    assert!(world.access(&HOST, let_in(7)).is_err(), "once");
    assert_eq!(world.told(), ["knocked", "let_in"], "a number that is wrong is no wrong code");
}

#[test]
fn a_code_that_has_ended_is_let_go_of() {
    let mut world = World::default();
    let code = world.knock(7).unwrap();
    let due = world.machine.next_deadline(at(0)).unwrap();
    assert!(due > at(3_600) && due < at(3_601));
    world.seconds = 3_600;
    assert_eq!(world.run(&Actor::Pager, Command::Tick), Ok(Reply::Done));
    assert_eq!(world.machine.pairings(at(3_600)).count(), 1);
    world.seconds = 3_601;
    assert_eq!(world.run(&Actor::Pager, Command::Tick), Ok(Reply::Done));
    assert_eq!(world.machine.next_deadline(at(3_601)), None);
    assert!(world.let_in(&HOST, code).is_err());
}
