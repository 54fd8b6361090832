//! Who last told a session what to do, and what their role keeps from it.

use super::*;
use crate::access::{Role, RoleName};

const ADA: i64 = 1;
const BEN: i64 = 2;

/// Ada is an owner; Ben a developer, whom no MCP tool and no Bash is for.
fn world() -> World {
    let mut roles = Role::built_in();
    let developer = roles.get_mut(&RoleName::developer()).unwrap();
    developer.deny_tools = vec!["Bash".into(), "mcp__*".into()];
    let people = [(ADA, RoleName::owner()), (BEN, RoleName::developer())].into();
    World { rules: Arc::new(Rules { people, roles, ..Rules::default() }), ..World::default() }
}

impl World {
    fn denies(&mut self, user: i64, n: u8, reason: &str) {
        let id = self.ask(1, n, "ls");
        let by = Actor::Telegram { user };
        let deny = Command::resolve(id, Verdict::deny(reason));
        assert!(matches!(self.run(&by, deny), Ok(Reply::Resolved(_))));
    }

    fn driver(&self) -> Option<&Actor> {
        self.machine.sessions().next().unwrap().driver.as_ref()
    }

    /// Who settles a call at once, if anybody does.
    fn at_once(&mut self, n: u8, tool: &str) -> Option<(State, Actor)> {
        let request = Request { tool: tool.into(), ..*request(n, "ls") };
        let ask = Command::Ask { facts: facts(1), request: Box::new(request) };
        match self.run(&Actor::Agent, ask) {
            Ok(Reply::Asked { resolution, .. }) => resolution.map(|end| (end.state, end.by)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_drivers_role_denies_is_denied_before_anybody_is_asked() {
    let mut world = world();
    assert_eq!(world.at_once(1, "Bash"), None, "nobody has said anything yet");
    world.denies(BEN, 2, "");
    assert_eq!(world.driver(), None);
    assert_eq!(world.at_once(3, "Bash"), None, "nor with a plain no");
    world.denies(BEN, 4, "write a test first");
    assert_eq!(world.driver(), Some(&Actor::Telegram { user: BEN }));
    let effects = world.effects.len();
    let by = || Actor::Policy { rule: "role:developer".into() };
    for (n, tool) in [(5, "Bash"), (6, "mcp__deploy__now")] {
        assert_eq!(world.at_once(n, tool), Some((State::Denied, by())), "{tool}");
    }
    assert_eq!(world.effects.len(), effects, "nobody is asked");
    assert_eq!(world.at_once(7, "Read"), None);
    // Whoever is at the terminal has every tool; so has an owner elsewhere.
    world.observe(1, Activity::Prompted);
    assert_eq!(world.driver(), Some(&Actor::Terminal));
    assert_eq!(world.at_once(8, "Bash"), None);
    world.denies(ADA, 9, "no");
    assert_eq!(world.at_once(10, "Bash"), None);
}

#[test]
fn an_answer_drives_and_a_yes_does_not() {
    let mut world = world();
    let ben = Actor::Telegram { user: BEN };
    let id = world.ask(1, 1, "ls");
    world.run(&ben, Command::resolve(id, Verdict::Allow)).unwrap();
    assert_eq!(world.driver(), None);
    let input = r#"{"questions":[{"question":"Which?","header":"","options":[]}]}"#;
    let id = RequestId::from_bytes([2; 16]);
    let question = Request::new(id, Kind::Question, "AskUserQuestion", Input::new(input));
    let ask = Command::Ask { facts: facts(1), request: Box::new(question) };
    let Ok(Reply::Asked { id, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    let answers = BTreeMap::from([("Which?".to_owned(), vec!["That".to_owned()])]);
    world.run(&ben, Command::resolve(id, Verdict::Answer { answers })).unwrap();
    assert_eq!(world.driver(), Some(&ben));
    assert!(world.at_once(3, "Bash").is_some());
    // It is still so after a restart.
    let mut replayed = Machine::new();
    world.history.iter().for_each(|event| replayed.apply(event));
    assert_eq!(replayed, world.machine);
}

#[test]
fn whoever_has_no_role_is_held_to_everybodys() {
    let mut world = world();
    world.denies(3, 1, "as I say");
    assert!(world.at_once(2, "Bash").is_some());
    // No rule of the policy, and nobody's clock, gets around it.
    let allowed = Request { judgement: Some(judgement(Ruling::Allow)), ..*request(3, "ls") };
    let ask = Command::Ask { facts: facts(1), request: Box::new(allowed) };
    let Ok(Reply::Asked { resolution, .. }) = world.run(&Actor::Agent, ask) else { panic!() };
    assert_eq!(resolution.map(|end| end.state), Some(State::Denied));
    assert_eq!(world.at_once(4, "Read"), None);
}
