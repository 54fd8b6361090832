//! A yes that it takes several people for.

use super::*;
use crate::present;

const ADA: Actor = Actor::Telegram { user: 1 };
const BEN: Actor = Actor::Telegram { user: 2 };

fn world() -> World {
    World { needed: 2, ..World::default() }
}

impl World {
    fn says(&mut self, by: &Actor, id: ApprovalId, verdict: Verdict) -> Result<Reply, Refusal> {
        self.run(by, Command::resolve(id, verdict))
    }

    fn shown(&self, id: ApprovalId) -> String {
        present::body(self.machine.approval(&id).unwrap())
    }

    fn replayed(&self) -> Machine {
        let mut replayed = Machine::new();
        self.history.iter().for_each(|event| {
            let text = serde_json::to_string(event).unwrap();
            let mut event = serde_json::from_str(&text).unwrap();
            if let Event::ApprovalRequested { approval } = &mut event {
                assert!(approval.input.restore(r#"{"command":"ls"}"#.into()));
            }
            replayed.apply(&event);
        });
        replayed
    }
}

#[test]
fn two_different_people_say_yes() {
    let mut world = world();
    let id = world.ask(1, 1, "ls");
    assert!(world.shown(id).contains("It takes a yes from 2 different people."));
    let counted = Ok(Reply::Counted { given: 1, needed: 2 });
    assert_eq!(world.says(&ADA, id, Verdict::Allow), counted);
    assert_eq!(world.state(id), State::Pending);
    assert_eq!(world.effects.last(), Some(&Effect::Renew(id)));
    let waits = "1 of 2: yes on Telegram (1). It waits for a second person.";
    assert!(world.shown(id).contains(waits), "{}", world.shown(id));
    let again = world.says(&ADA, id, Verdict::Allow);
    assert!(matches!(again, Err(Refusal::NotAllowed(why)) if why.contains("said yes already")));
    // It is so after a restart, too.
    assert_eq!(world.replayed(), world.machine);
    world.machine = world.replayed();

    assert!(matches!(world.says(&BEN, id, Verdict::Allow), Ok(Reply::Resolved(_))));
    assert_eq!((world.state(id), world.shown(id).contains("of 2")), (State::Allowed, false));
    let records = world
        .history
        .iter()
        .filter_map(|event| audit::of_event(&Head::default(), event, world.machine.approval(&id)));
    let records: Vec<_> =
        records.map(|record| (record.event, record.action, record.by.to_string())).collect();
    let record = |event: &str, by: &str| (event.to_owned(), "allow".to_owned(), by.to_owned());
    assert_eq!(
        records,
        [
            record("approval.counted", "telegram:1"),
            record("approval.counted", "telegram:2"),
            record("approval.resolved", "telegram:2"),
        ]
    );
}

#[test]
fn whoever_is_at_the_machine_is_one_person() {
    let mut world = world();
    let id = world.ask(1, 1, "ls");
    let doors = [
        Actor::Desktop,
        Actor::Dbus { uid: 1000, program: "pagerctl".into() },
        Actor::Dbus { uid: 1000, program: "busctl".into() },
    ];
    for (n, door) in doors.iter().enumerate() {
        assert_eq!(world.says(door, id, Verdict::Allow).is_ok(), n == 0, "{door}");
    }
    assert!(matches!(world.says(&ADA, id, Verdict::Allow), Ok(Reply::Resolved(_))));
}

#[test]
fn a_no_of_one_ends_it_and_so_does_the_clock() {
    let mut world = world();
    let [first, second] = [1, 2].map(|n| world.ask(1, n, "ls"));
    for id in [first, second] {
        assert!(world.says(&ADA, id, Verdict::Allow).is_ok());
    }
    assert!(matches!(world.says(&BEN, first, Verdict::deny("")), Ok(Reply::Resolved(_))));
    assert_eq!(world.state(first), State::Denied);
    world.seconds = 61;
    let late = world.says(&BEN, second, Verdict::Allow);
    assert!(matches!(late, Err(Refusal::AlreadyResolved(end)) if end.state == State::Expired));
    // Whoever said yes may still say no.
    let third = world.ask(1, 3, "ls");
    assert!(world.says(&ADA, third, Verdict::Allow).is_ok());
    assert!(matches!(world.says(&ADA, third, Verdict::deny("")), Ok(Reply::Resolved(_))));
}

#[test]
fn what_all_of_them_said_yes_to_is_what_is_allowed() {
    for (verdicts, allowed) in [
        ([Verdict::AllowEdits, Verdict::AllowEdits], Verdict::AllowEdits),
        ([Verdict::AllowEdits, Verdict::Allow], Verdict::Allow),
        ([Verdict::Allow, Verdict::AllowEdits], Verdict::Allow),
    ] {
        let mut world = world();
        let plan = Request { kind: Kind::Plan, ..*request(1, "ls") };
        let ask = Command::Ask { facts: facts(1), request: Box::new(plan) };
        let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
        let [first, second] = verdicts;
        assert!(world.says(&ADA, id, first).is_ok());
        let Ok(Reply::Resolved(end)) = world.says(&BEN, id, second) else { panic!() };
        assert_eq!(end.verdict, Some(allowed));
    }
}

#[test]
fn a_rule_allows_by_itself_and_a_change_holds_for_what_is_asked_later() {
    let mut world = world();
    let allowed = Request { judgement: Some(judgement(Ruling::Allow)), ..*request(1, "ls") };
    let ask = Command::Ask { facts: facts(1), request: Box::new(allowed) };
    let Ok(Reply::Asked { resolution: Some(_), .. }) = world.run(&Actor::Agent, ask) else {
        panic!()
    };
    let id = world.ask(1, 2, "ls");
    world.needed = 1;
    assert_eq!(world.says(&ADA, id, Verdict::Allow), Ok(Reply::Counted { given: 1, needed: 2 }));
}
