//! Whether the agents ask through this pager.

use std::path::Path;

use pager_agents::wiring::{Check as Wired, EventState};

use super::agents::on_path;
use crate::commands::hooks::{self, Agent};
use crate::doctor::fix::Mend;
use crate::doctor::report::{Finding, Group, counted};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;
use crate::output::shown;
use crate::programs;

pub(super) static CHECK: Check =
    Check { id: "hooks", title: "Hooks", group: Group::Agents, look: Look::Here(look) };

pub(super) const AGENTS: [(Agent, &str); 2] = [(Agent::Claude, "claude"), (Agent::Codex, "codex")];

fn look(_: &Scene) -> Found {
    let program = match programs::HOOK.find() {
        Ok(program) => program,
        Err(failure) => {
            return Ok(vec![
                Finding::fail(failure.what)
                    .means("It is what agents run: without it none of them asks.")
                    .fix("install pager whole"),
            ]);
        }
    };
    let found = AGENTS.into_iter().filter_map(|(agent, name)| {
        let wired =
            agent.wiring().and_then(|wiring| wiring.check(&program).map_err(Failure::failed));
        let is_here = on_path(name).is_some()
            || wired.as_ref().is_ok_and(|wired| wired.file.parent().is_some_and(Path::is_dir));
        judge(agent, wired, is_here)
    });
    let mut found: Vec<_> = found.collect();
    if found.is_empty() {
        found.push(
            Finding::warn("no agent has run here, and none is wired")
                .means("Nobody asks through pager.")
                .fix("pagerctl hooks install"),
        );
    }
    Ok(found)
}

/// Nothing where the agent is not there and nothing is wired.
fn judge(agent: Agent, wired: Result<Wired, Failure>, is_here: bool) -> Option<Finding> {
    let install = match agent {
        Agent::Claude => "pagerctl hooks install",
        Agent::Codex => "pagerctl hooks install --agent codex",
    };
    let wired = match wired {
        Ok(wired) => wired,
        Err(failure) => {
            let found = Finding::fail(failure.what)
                .means("Nothing can be said of its hooks, and the agent may pass the file over.");
            return Some(found.fix("mend the file, then: pagerctl hooks check"));
        }
    };
    let file = shown(&wired.file);
    if wired.is_installed() {
        return Some(Finding::ok(format!("{file}: all {} events are wired", wired.events.len())));
    }
    if wired.hooks_disabled {
        let found = Finding::fail(format!("{file}: disableAllHooks is true"));
        let found = found.means("No hook of anybody's runs: the agent asks at its terminal alone.");
        return Some(found.fix(format!("take disableAllHooks out of {file}")));
    }
    let missing = |state: &EventState| matches!(state, EventState::Missing);
    if wired.harmful.is_empty() && wired.events.iter().all(|event| missing(&event.state)) {
        let found = Finding::fail(format!("{file}: no event is wired"));
        let found = found.means("The agent asks at its terminal alone.");
        return is_here.then(|| found.fix(install));
    }
    let wrong = wired.events.iter().filter(|event| event.state != EventState::Installed).count();
    let found = Finding::fail(format!(
        "{file}: {} not as this release needs {}",
        if wrong == 1 {
            "1 event is".to_owned()
        } else {
            format!("{} are", counted(wrong, "event"))
        },
        if wrong == 1 { "it" } else { "them" }
    ))
    .means(hooks::checked(&wired))
    .fix(install);
    // Codex runs only what a person has told it to trust.
    Some(if agent == Agent::Claude { found.mend(Mend::Rewire) } else { found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;
    use pager_agents::wiring::EventCheck;

    fn wired(states: Vec<EventState>) -> Result<Wired, Failure> {
        let event = |state| EventCheck { event: "Stop", state, limited_to: None };
        Ok(Wired {
            agent: "claude",
            file: "/home/me/.claude/settings.json".into(),
            exists: true,
            hooks_disabled: false,
            events: states.into_iter().map(event).collect(),
            harmful: Vec::new(),
            other_permission_hooks: Vec::new(),
            others: Vec::new(),
        })
    }

    #[test]
    fn only_what_was_wired_before_is_mended() {
        use EventState::{Elsewhere, Installed, Missing};
        let fine = judge(Agent::Claude, wired(vec![Installed, Installed]), true).unwrap();
        assert_eq!(fine.status, Status::Ok);
        let never = judge(Agent::Claude, wired(vec![Missing, Missing]), true).unwrap();
        assert_eq!((never.status, never.mend), (Status::Fail, None));
        assert_eq!(judge(Agent::Codex, wired(vec![Missing]), false), None);
        let other = || Elsewhere { command: "/opt/pager-hook".to_owned() };
        for states in [vec![Installed, Missing], vec![other(), Installed]] {
            let found = judge(Agent::Claude, wired(states.clone()), true).unwrap();
            assert_eq!((found.status, found.mend), (Status::Fail, Some(Mend::Rewire)));
            let found = judge(Agent::Codex, wired(states), true).unwrap();
            assert_eq!((found.status, found.mend), (Status::Fail, None));
        }
    }

    #[test]
    fn hooks_that_are_switched_off_are_for_the_person_to_switch_on() {
        let mut off = wired(vec![EventState::Installed]).unwrap();
        off.hooks_disabled = true;
        let found = judge(Agent::Claude, Ok(off), true).unwrap();
        assert_eq!((found.status, found.mend), (Status::Fail, None));
        assert_eq!(
            judge(Agent::Claude, Err(Failure::failed("no")), true).unwrap().status,
            Status::Fail
        );
    }
}
