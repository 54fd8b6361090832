//! What the person's policy decides, and what it leaves to them.

use super::*;

fn judged(n: u8, ruling: Ruling, require: Require) -> Box<Request> {
    let mut request = request(n, "ls");
    request.judgement = Some(Judgement { require, ..judgement(ruling) });
    request
}

fn ask(world: &mut World, request: Box<Request>) -> ApprovalId {
    match world.run(&Actor::Agent, Command::Ask { facts: facts(1), request }) {
        Ok(Reply::Asked { id, .. }) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_decides_and_nobody_is_asked() {
    let mut world = World::default();
    let yes = ask(&mut world, judged(1, Ruling::Allow, Require::default()));
    let no = ask(&mut world, judged(2, Ruling::Deny, Require::default()));
    assert_eq!((world.state(yes), world.state(no)), (State::Allowed, State::Denied));
    let by = |id| world.machine.approval(&id).unwrap().resolution.clone().unwrap().by;
    assert_eq!(by(yes), Actor::Policy { rule: "mine".into() });
    assert_eq!(by(no), Actor::Policy { rule: "mine".into() });
    assert_eq!(world.effects, []);
}

#[test]
fn a_rule_answers_no_question_and_judges_no_plan() {
    let mut world = World::default();
    for (n, kind) in [(1, Kind::Question), (2, Kind::Plan)] {
        let mut request = judged(n, Ruling::Allow, Require::default());
        request.kind = kind;
        let id = ask(&mut world, request);
        assert_eq!(world.state(id), State::Pending);
    }
}

#[test]
fn a_yes_must_come_through_the_required_door_and_a_no_through_any() {
    let mut world = World::default();
    let ctl = Actor::Dbus { uid: 1000, program: "pagerctl".into() };
    let phone = Actor::Telegram { user: 1 };
    let remote = Require { remote: true, polkit: false };
    let polkit = Require { remote: false, polkit: true };
    let sure = |id| Command::Resolve {
        id,
        verdict: Verdict::Allow,
        message_id: None,
        assurance: Assurance::Polkit,
    };
    let plain = |id| Command::resolve(id, Verdict::Allow);
    for (n, require, actor, command, may) in [
        (1, remote, &ctl, &plain as &dyn Fn(ApprovalId) -> Command, false),
        (2, remote, &ctl, &sure, false),
        (3, remote, &Actor::Desktop, &plain, false),
        (4, remote, &phone, &plain, true),
        (5, polkit, &phone, &plain, false),
        (6, polkit, &ctl, &plain, false),
        (7, polkit, &ctl, &sure, true),
    ] {
        let id = ask(&mut world, judged(n, Ruling::Ask, require));
        let answer = world.run(actor, command(id));
        assert_eq!(answer.is_ok(), may, "{n}: {answer:?}");
        if !may {
            assert!(matches!(answer, Err(Refusal::NotAllowed(_))));
            assert_eq!(world.state(id), State::Pending);
            world.run(&ctl, Command::resolve(id, Verdict::deny("no"))).unwrap();
            assert_eq!(world.state(id), State::Denied);
        }
    }
}

#[test]
fn a_new_policy_judges_what_is_pending_anew() {
    let mut world = World::default();
    let ids = [1, 2, 3, 4].map(|n| world.ask(1, n, "ls"));
    world.resolve(ids[3], Verdict::deny("no")).unwrap();
    let rulings = [Ruling::Allow, Ruling::Deny, Ruling::Ask, Ruling::Allow];
    let judgements =
        ids.into_iter().zip(rulings).map(|(id, ruling)| (id, judgement(ruling))).collect();
    world.run(&Actor::Pager, Command::Rejudge { judgements }).unwrap();
    let states = ids.map(|id| world.state(id));
    assert_eq!(states, [State::Allowed, State::Denied, State::Pending, State::Denied]);
    assert_eq!(world.machine.approval(&ids[2]).unwrap().judgement, Some(judgement(Ruling::Ask)));
}

#[test]
fn what_a_new_policy_has_a_person_read_is_shown_anew_and_nothing_else_is() {
    let mut world = World::default();
    let id = ask(&mut world, judged(1, Ruling::Ask, Require::default()));
    let now = judgement(Ruling::Ask);
    let remote = Require { remote: true, polkit: false };
    for (judgement, shown) in [
        (Judgement { policy: Sha256Hex::of(b"other"), ..now.clone() }, false),
        (Judgement { require: remote, ..now.clone() }, true),
        (Judgement { reason: "production".into(), require: remote, ..now.clone() }, true),
        (Judgement { rule: None, ..now.clone() }, true),
        (now, true),
        (judgement(Ruling::Deny), false),
    ] {
        world.effects.clear();
        let judgements = vec![(id, judgement)];
        world.run(&Actor::Pager, Command::Rejudge { judgements }).unwrap();
        assert_eq!(world.effects.contains(&Effect::Renew(id)), shown);
    }
    assert_eq!(world.state(id), State::Denied);
}

#[test]
fn what_was_granted_can_be_taken_back_once() {
    let mut world = World::default();
    let mut granted = request(1, "ls");
    granted.always =
        Some(crate::approval::AlwaysGrant { rule: "Bash(ls)".into(), suggestion: "{}".into() });
    let id = ask(&mut world, granted);
    let revoke = |world: &World| Command::Revoke {
        approval: Box::new(world.machine.approval(&id).unwrap().clone()),
    };
    let early = revoke(&world);
    assert!(matches!(world.run(&Actor::Desktop, early), Err(Refusal::InvalidArgument(_))));
    world.resolve(id, Verdict::AllowAlways).unwrap();
    for _ in 0..2 {
        let command = revoke(&world);
        world.run(&Actor::Desktop, command).unwrap();
    }
    let revoked = world.history.iter().filter(|e| matches!(e, Event::GrantRevoked { .. })).count();
    assert_eq!(revoked, 1);
    assert_eq!(world.machine.approval(&id).unwrap().revoked.as_ref().unwrap().by, Actor::Desktop);
}
