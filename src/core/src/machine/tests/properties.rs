//! What must hold whatever is asked in whatever order.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Op {
    Ask { session: u8, request: u8, command: u8, ruling: Option<Ruling> },
    Rejudge { request: u8, ruling: Ruling },
    Resume { session: u8 },
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
    let ruling = || prop_oneof![Just(Ruling::Allow), Just(Ruling::Deny), Just(Ruling::Ask)];
    prop_oneof![
        4 => (0..3u8, 0..16u8, 0..3u8, prop::option::weighted(0.3, ruling())).prop_map(
            |(session, request, command, ruling)| Op::Ask { session, request, command, ruling }
        ),
        1 => (0..16u8, ruling()).prop_map(|(request, ruling)| Op::Rejudge { request, ruling }),
        1 => (0..3u8).prop_map(|session| Op::Resume { session }),
        4 => (0..16u8, any::<bool>()).prop_map(|(request, allow)| Op::Resolve { request, allow }),
        2 => (0..16u8, why).prop_map(|(request, why)| Op::Withdraw { request, why }),
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
            Op::Ask { session, request: n, command, ruling } => {
                let mut request = request(n, &format!("c{command}"));
                request.judgement = ruling.map(judgement);
                (Actor::Agent, Command::Ask { facts: facts(session), request })
            }
            Op::Resolve { request, allow } => {
                let verdict = if allow { Verdict::Allow } else { Verdict::deny("no") };
                let id = id(self, request);
                (person, Command::resolve(id, verdict))
            }
            Op::Rejudge { request, ruling } => {
                let judgements = vec![(id(self, request), judgement(ruling))];
                (Actor::Pager, Command::Rejudge { judgements })
            }
            Op::Resume { session } => (person, Command::Resume { session: facts(session).session }),
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
        let limits = Limits { approvals_per_minute: 3, denials_in_a_row: 2 };
        let mut world = World { limits, ..World::default() };
        for op in ops {
            let allows = matches!(
                op,
                Op::Resolve { allow: true, .. }
                    | Op::Ask { ruling: Some(Ruling::Allow), .. }
                    | Op::Rejudge { ruling: Ruling::Allow, .. }
            );
            let before = world.history.len();
            drop(world.step(op));
            // Nothing but a person's yes, or a rule of theirs, is ever an allow.
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
        let (mut shown, mut unasked) = (0, 0);
        for event in &world.history {
            match event {
                Event::ApprovalRequested { approval } if approval.announced.is_some() => shown += 1,
                Event::ApprovalAnnounced { .. } => shown += 1,
                Event::ApprovalResolved { resolution: r, id }
                    if replayed.approval(id).unwrap().announced.is_none()
                        && matches!(&r.by, Actor::Policy { .. })
                        && replayed.approval(id).unwrap().created == r.at
                        && !world.effects.contains(&Effect::Settle(*id)) =>
                {
                    unasked += 1;
                }
                _ => {}
            }
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
        prop_assert_eq!(settled + unasked, verdicts.len(), "what was shown is taken back");
        prop_assert_eq!(asked, shown, "what is announced is shown, once");
        for session in world.machine.sessions() {
            let lately = world.machine.announced_lately(&session.id, at(world.seconds)).count();
            prop_assert!(lately <= 3, "no more than the limit reaches a person in a minute");
        }

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
