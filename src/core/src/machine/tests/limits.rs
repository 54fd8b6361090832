//! How much reaches a person, and when a session stands still.

use super::*;

fn world(per_minute: u32, denials: u32) -> World {
    let limits = Limits { approvals_per_minute: per_minute, denials_in_a_row: denials };
    World { limits, ..World::default() }
}

/// What was told, in words.
fn told(world: &World) -> Vec<String> {
    world
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Tell(notice) => Some(crate::present::notice(notice)),
            _ => None,
        })
        .map(|words| words.lines().next().unwrap_or_default().to_owned())
        .collect()
}

fn tick(world: &mut World) {
    world.run(&Actor::Timeout, Command::Tick).unwrap();
}

#[test]
fn what_is_too_much_for_a_minute_waits_for_the_next() {
    let mut world = world(2, 0);
    let ids: Vec<_> = (1..=5).map(|n| world.ask(1, n, &format!("c{n}"))).collect();
    let asked = |world: &World| -> Vec<_> {
        ids.iter().filter(|id| world.effects.contains(&Effect::Ask(**id))).copied().collect()
    };
    assert_eq!(asked(&world), ids[..2]);
    assert_eq!(world.machine.next_deadline(at(0)), Some(at(0)), "the person is to be told");
    tick(&mut world);
    assert_eq!(told(&world).last().unwrap(), "Claude Code in project1 asks too much: 3 more wait.");
    assert_eq!(world.machine.next_deadline(at(0)), Some(at(60)));

    // What waits in the queue can be answered by whoever looks for it.
    world.resolve(ids[4], Verdict::deny("no")).unwrap();
    world.seconds = 59;
    tick(&mut world);
    assert_eq!(asked(&world).len(), 2);
    world.seconds = 60;
    // These time out in a minute; as they were asked at 0, they are over now.
    tick(&mut world);
    assert!(ids.iter().all(|id| world.state(*id) != State::Pending));
    tick(&mut world);
    assert_eq!(
        told(&world).last().unwrap(),
        "The queue of Claude Code in project1 is empty again."
    );
}

#[test]
fn a_queue_moves_as_the_minute_does_the_oldest_first() {
    let mut world = world(1, 0);
    world.window = 600;
    let first = world.ask(1, 1, "a");
    world.seconds = 1;
    let second = world.ask(1, 2, "b");
    world.seconds = 2;
    let third = world.ask(1, 3, "c");
    let other = world.ask(2, 4, "d");
    assert!(world.effects.contains(&Effect::Ask(other)), "one session's queue holds up no other");
    world.resolve(first, Verdict::Allow).unwrap();
    world.seconds = 60;
    tick(&mut world);
    assert!(world.effects.contains(&Effect::Ask(second)));
    assert!(!world.effects.contains(&Effect::Ask(third)));
    world.seconds = 120;
    tick(&mut world);
    assert!(world.effects.contains(&Effect::Ask(third)));
}

#[test]
fn a_person_is_warned_once_before_it_is_too_much() {
    let mut world = world(10, 0);
    for n in 1..=10 {
        world.ask(1, n, &format!("c{n}"));
    }
    assert_eq!(told(&world), ["Claude Code in project1 asks a lot: 8 of 10 in this minute."]);
}

#[test]
fn denied_too_often_in_a_row_it_stands_still_until_resumed() {
    let mut world = world(100, 2);
    let plan = {
        let mut request = request(9, "plan");
        request.kind = Kind::Plan;
        let ask = Command::Ask { facts: facts(1), request };
        let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
        id
    };
    let (a, b, c, d) =
        (world.ask(1, 1, "a"), world.ask(1, 2, "b"), world.ask(1, 3, "c"), world.ask(1, 4, "d"));
    world.resolve(a, Verdict::deny("no")).unwrap();
    world.resolve(plan, Verdict::deny("another way")).unwrap();
    world.resolve(b, Verdict::Allow).unwrap();
    world.resolve(c, Verdict::deny("no")).unwrap();
    assert_eq!(told(&world), [""; 0], "a plan sent back is no refusal, and a yes begins anew");
    world.resolve(d, Verdict::deny("no")).unwrap();
    assert_eq!(told(&world), ["Claude Code in project1 is paused after 2 refusals in a row."]);
    let session = facts(1).session;
    let state = |world: &World| {
        world.machine.session_state(world.machine.session(&session).unwrap()).to_owned()
    };
    assert_eq!(state(&world), "paused");

    let denied = world.ask(1, 5, "e");
    let resolution = world.machine.approval(&denied).unwrap().resolution.clone().unwrap();
    assert_eq!(resolution.by, Actor::Policy { rule: "paused".into() });
    assert!(matches!(resolution.verdict, Some(Verdict::Deny { interrupt: true, .. })));
    assert!(!world.effects.contains(&Effect::Ask(denied)), "nobody is asked");
    let mut plain = request(8, "g");
    plain.stoppable = false;
    let ask = Command::Ask { facts: facts(1), request: plain };
    let Ok(Reply::Asked { resolution: Some(end), .. }) = world.run(&Actor::Agent, ask) else {
        panic!()
    };
    let verdict = end.verdict;
    assert!(
        matches!(verdict, Some(Verdict::Deny { interrupt: false, .. })),
        "what is written down is what the agent can be told"
    );
    let fresh = world.ask(2, 6, "e");
    assert_eq!(world.state(fresh), State::Pending, "another session is not held up");

    let person = Actor::Dbus { uid: 1000, program: "pagerctl".into() };
    let resume = || Command::Resume { session: session.clone() };
    world.run(&person, resume()).unwrap();
    assert!(matches!(world.run(&person, resume()), Err(Refusal::InvalidArgument(_))));
    let asked = world.ask(1, 7, "f");
    assert_eq!(world.state(asked), State::Pending);
}

#[test]
fn a_text_of_a_persons_has_at_most_ten_thousand_characters() {
    let mut world = World::default();
    let denied = world.ask(1, 1, "make");
    let refused = world.resolve(denied, Verdict::deny("é".repeat(10_001)));
    let why = "That is 10,001 characters; 10,000 at most.";
    assert_eq!(refused, Err(Refusal::InvalidArgument(why.to_owned())));
    assert_eq!(world.state(denied), State::Pending);
    world.resolve(denied, Verdict::deny("é".repeat(10_000))).unwrap();

    let input = r#"{"questions":[{"question":"Which?","options":[{"label":"this"}]}]}"#;
    let question = RequestId::from_bytes([2; 16]);
    let question = Request::new(question, Kind::Question, "AskUserQuestion", Input::new(input));
    let ask = Command::Ask { facts: facts(1), request: Box::new(question) };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    let answer = |text: String| Verdict::Answer { answers: [("Which?".into(), vec![text])].into() };
    let refused = world.resolve(id, answer("x".repeat(10_001)));
    assert_eq!(refused, Err(Refusal::InvalidArgument(why.to_owned())));
    world.resolve(id, answer("x".repeat(10_000))).unwrap();
}
