//! What else the agent asks: choices, plans, for good, and on behalf of a subagent.

use anyhow::{Context, Result};
use pager_tests::model_api::{Block, Request, Script};
use pager_tests::system::System;
use pager_tests::system::suite::Scenario;

use crate::scene::{GUARDED, House, Settled};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "a_choice_is_made_by_pagerctl", run: choice },
    Scenario { name: "a_plan_is_approved_over_the_bus", run: plan },
    Scenario { name: "what_is_always_allowed_is_not_asked_again", run: always },
    Scenario { name: "what_is_taken_back_is_asked_again", run: taken_back },
    Scenario { name: "a_subagent_asks_like_its_agent", run: subagent },
];

/// Where the agent keeps what it was granted for the folder it works in.
const LOCAL_SETTINGS: &str = "/home/user/work/.claude/settings.local.json";

const ALLOWED: Settled =
    Settled { state: "allowed", action: "allow", by: "dbus:1000/", words: "Allowed" };

fn end() -> Vec<Block> {
    vec![Block::text("That is all.")]
}

fn choice(system: &System) -> Result<()> {
    let question = Block::question("Which colour?", &["Red", "Blue"]);
    let script = Script::turns([vec![question], end()]);
    let asking = House::open(system)?.play(script, "'Choose'", &["Red", "Blue"])?;
    asking.terminal.wait_for("Which colour?")?;
    system.run_as_user(["pagerctl", "answer", &asking.approval, "--answer", "Blue"])?;
    let told = asking.told_of("AskUserQuestion")?;
    assert!(!told.is_error && told.text.contains("Blue"), "{told:?}");
    asking.settled(&Settled { state: "answered", action: "answer", words: "Answered", ..ALLOWED })
}

fn plan(system: &System) -> Result<()> {
    let written = vec![Block::plan("# The plan\n\n1. Make it.\n")];
    let script = Script::turns([written, vec![Block::plan_is_made()], end()]);
    let arguments = "--permission-mode plan 'Plan it'";
    let asking = House::open(system)?.play(script, arguments, &["Accept edits", "Approve each"])?;
    assert_eq!(asking.property("Kind")?, "plan");
    assert!(asking.property("Input")?.contains("1. Make it."), "the person reads the whole plan");
    asking.terminal.wait_for("Here is Claude's plan")?;
    system.call_manager("Approve", &["s", &asking.approval])?;
    let told = asking.told_of("ExitPlanMode")?;
    assert!(!told.is_error, "{told:?}");
    asking.settled(&ALLOWED)
}

fn always(system: &System) -> Result<()> {
    let script = Script::turns([
        vec![Block::bash(GUARDED)],
        vec![Block::text("Once more."), Block::bash(GUARDED)],
        end(),
    ]);
    let asking = House::open(system)?.play(script, "'Make it twice'", &["Allow", "Deny"])?;
    let rule = asking.property("AlwaysRule")?;
    assert!(rule.contains("touch made"), "what it grants: {rule}");
    system.run_as_user(["pagerctl", "approve", "--always", "--yes", &asking.approval])?;
    asking.done()?;
    let requests = asking.model.requests();
    let results = requests.iter().map(Request::tool_results).max_by_key(Vec::len);
    assert!(results.is_some_and(|all| all.len() == 2 && all.iter().all(|one| !one.is_error)));
    assert_eq!(system.audit()?.len(), 1, "asked once");
    asking.settled(&Settled { action: "allow_always", words: "Always allowed", ..ALLOWED })
}

fn taken_back(system: &System) -> Result<()> {
    let script = Script::turns([vec![Block::bash(GUARDED)], end()]);
    let asking = House::open(system)?.play(script, "'Make it'", &["Allow", "Deny"])?;
    let rule = asking.property("AlwaysRule")?;
    let rule = rule.lines().next().context("nothing to grant")?;
    system.run_as_user(["pagerctl", "approve", "--always", "--yes", &asking.approval])?;
    asking.done()?;
    let next = system.start_claude(&asking.model, "'Make it'")?;
    next.wait_for("That is all.")?;
    assert_eq!(system.audit()?.len(), 1, "the next session did not ask");

    let grants = system.run_as_user(["pagerctl", "policy", "grants"])?;
    assert!(grants.contains(rule) && grants.contains(LOCAL_SETTINGS), "{grants}");
    system.run_as_user(["pagerctl", "policy", "revoke", &asking.approval[..6]])?;
    let settings = system.run_as_user(["cat", LOCAL_SETTINGS])?;
    assert!(!settings.contains("touch made"), "{settings}");
    let grants = system.run_as_user(["pagerctl", "policy", "grants"])?;
    assert!(grants.contains("Nothing is granted for good"), "{grants}");

    let later = system.start_claude(&asking.model, "'Make it'")?;
    later.wait_for("Do you want to proceed?")?;
    let entry = system.wait_for_journal(&["_SYSTEMD_USER_UNIT=pager.service"], |entry| {
        let approval = entry.get("PAGER_APPROVAL").and_then(|value| value.as_str());
        approval.is_some_and(|id| id != asking.approval) && !entry.contains_key("PAGER_DECISION")
    })?;
    let id = entry["PAGER_APPROVAL"].as_str().context("no id")?;
    system.run_as_user(["pagerctl", "approve", id])?;
    later.wait_for("That is all.")?;
    asking.house.bot.finish();
    Ok(())
}

fn subagent(system: &System) -> Result<()> {
    let script = Script::default()
        .with("Have it made", [vec![Block::subagent("Make it yourself")], end()])
        .with("Make it yourself", [vec![Block::bash(GUARDED)], vec![Block::text("Made.")]]);
    // Some releases let it work aside, and show a dialog only when nobody else has answered.
    let asking = House::open(system)?.play(script, "'Have it made'", &["Allow", "Deny"])?;
    system.run_as_user(["pagerctl", "approve", &asking.approval])?;
    asking.done()?;
    asking.settled(&ALLOWED)
}
