//! Who may speak for a session.

use super::*;

fn from(process: Option<(u32, u64)>) -> Facts {
    let mut facts = facts(1);
    facts.origin = Some(Origin {
        agent: process.map(|(pid, started)| Process { pid, started }),
        program: "claude".into(),
        unit: String::new(),
    });
    facts
}

fn told(world: &World) -> usize {
    world.effects.iter().filter(|effect| matches!(effect, Effect::Tell(_))).count()
}

#[test]
fn what_another_process_says_in_the_sessions_name_is_not_believed_and_marked() {
    let mut world = World { agent_lives: true, ..World::default() };
    let ask = |facts, n| Command::Ask { facts, request: request(n, "ls") };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask(from(Some((10, 5))), 1)) else {
        panic!()
    };
    for forged in [Some((11, 5)), Some((10, 6)), None] {
        for activity in [Activity::Ended, Activity::TurnEnded, finished("ls")] {
            let observe = Command::Observe { facts: from(forged), activity };
            world.run(&Actor::Agent, observe).unwrap();
            assert_eq!(world.state(id), State::Pending, "{forged:?}");
        }
    }
    assert_eq!(told(&world), 1, "the person is told once");
    let mut request = request(2, "ls");
    request.judgement = Some(judgement(Ruling::Allow));
    let forged = Command::Ask { facts: from(Some((11, 5))), request };
    let Ok(Reply::Asked { id: marked, .. }) = world.run(&Actor::Agent, forged) else { panic!() };
    let approval = world.machine.approval(&marked).unwrap();
    assert!(approval.impostor && approval.is_pending(), "no rule allows what a stranger asks");

    let session = world.machine.session(&from(None).session).unwrap();
    assert_eq!(session.origin, from(Some((10, 5))).origin, "the session stays bound");
    world
        .run(
            &Actor::Agent,
            Command::Observe { facts: from(Some((10, 5))), activity: Activity::Ended },
        )
        .unwrap();
    assert_eq!(world.state(id), State::Elsewhere);
}

#[test]
fn a_hook_that_has_ended_unseen_is_not_believed_and_no_alarm() {
    let mut world = World { agent_lives: true, ..World::default() };
    let ask = Command::Ask { facts: from(Some((10, 5))), request: request(1, "ls") };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    let unseen = Command::Observe { facts: from(None), activity: Activity::TurnEnded };
    world.run(&Actor::Agent, unseen).unwrap();
    assert_eq!((world.state(id), told(&world)), (State::Pending, 0));
}

#[test]
fn a_session_left_by_its_agent_may_be_resumed_by_another() {
    let mut world = World { agent_lives: true, ..World::default() };
    let say = |origin, activity| Command::Observe { facts: from(origin), activity };
    world.run(&Actor::Agent, say(Some((10, 5)), Activity::Started)).unwrap();
    world.run(&Actor::Agent, say(Some((10, 5)), Activity::Ended)).unwrap();
    world.run(&Actor::Agent, say(Some((20, 9)), Activity::Started)).unwrap();
    let session = world.machine.session(&from(None).session).unwrap();
    assert_eq!(session.origin, from(Some((20, 9))).origin);
    assert_eq!(told(&world), 0);
}

#[test]
fn a_session_that_is_resumed_is_bound_to_its_new_process() {
    let mut world = World { agent_lives: true, ..World::default() };
    let start = |origin| Command::Observe { facts: from(origin), activity: Activity::Started };
    world.run(&Actor::Agent, start(Some((10, 5)))).unwrap();
    world.agent_lives = false;
    // The hook of an agent that has just ended is as good as the agent's own.
    world.run(&Actor::Agent, start(None)).unwrap();
    world.run(&Actor::Agent, start(Some((20, 9)))).unwrap();
    let session = world.machine.session(&from(None).session).unwrap();
    assert_eq!(session.origin, from(Some((20, 9))).origin);
    assert_eq!(told(&world), 0);
}

#[test]
fn an_agent_that_answers_itself_is_written_down_and_told_once() {
    let mut world = World::default();
    let id = world.ask(1, 1, "ls");
    let caller = Actor::Dbus { uid: 1000, program: "pagerctl".into() };
    for _ in 0..3 {
        let news = News::SelfApproval { approval: id, how: "it runs below it".into() };
        world.run(&caller, Command::Report { session: None, news }).unwrap();
    }
    let notices: Vec<_> = world
        .history
        .iter()
        .filter_map(|event| match event {
            Event::Noticed { notice } => Some(notice),
            _ => None,
        })
        .collect();
    assert_eq!(notices.len(), 1);
    let told_of = Event::Noticed { notice: notices[0].clone() };
    let approval = world.machine.approval(&id);
    let record = audit::of_event(&Head::default(), &told_of, approval).unwrap();
    assert_eq!((record.action.as_str(), &record.by), ("refuse", &caller));
    assert_eq!(record.session, Some(facts(1).session));
    assert_eq!(told(&world), 1);
}
