//! What goes wrong while an agent waits: nothing of it allows, and nothing of it is forgotten.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use pager_tests::closed::{eventually, permission_request};
use pager_tests::system::System;
use pager_tests::system::suite::Scenario;

use crate::scene::{House, Settled};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "a_restart_keeps_what_waits", run: restarted },
    Scenario { name: "a_killed_daemon_keeps_what_waits", run: killed },
    Scenario { name: "sixty_that_wait_outlive_every_crash", run: killed_again_and_again },
    Scenario { name: "what_nobody_answers_stays_with_the_terminal", run: nobody_answers },
    Scenario { name: "an_agent_that_is_killed_leaves_nothing_waiting", run: agent_killed },
];

fn restarted(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    system.systemctl(["restart", "pager.service"])?;
    assert_eq!(asking.property("State")?, "pending");
    system.call_manager("Approve", &["s", &asking.approval])?;
    asking.done()?;
    let by = "dbus:1000/busctl";
    asking.settled(&Settled { state: "allowed", action: "allow", by, words: "Allowed" })
}

fn killed(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    let before = system.systemctl(["show", "--property=MainPID", "pager.service"])?;
    system.systemctl(["kill", "--signal=KILL", "pager.service"])?;
    // The call waits for the bus name, which the new daemon takes.
    system.call_manager("Deny", &["ss", &asking.approval, "after all"])?;
    let after = system.systemctl(["show", "--property=MainPID", "pager.service"])?;
    assert_ne!(before, after);
    let told = asking.told()?;
    assert!(told.is_error && told.text.contains("after all"), "{told:?}");
    assert!(!asking.made());
    let by = "dbus:1000/busctl";
    asking.settled(&Settled { state: "denied", action: "deny", by, words: "after all" })
}

fn nobody_answers(system: &System) -> Result<()> {
    let house = House::open(system)?;
    let shorter = "[approvals]\nwindow = \"10s\"\n";
    system.write_as_user("/home/user/.config/pager/pager.toml.d/window.toml", shorter)?;
    let asking = house.ask()?;
    let end = system.wait_for_end(&asking.approval)?;
    assert_eq!(end["PAGER_DECISION"], "expire");
    assert!(!asking.made());
    asking.terminal.keys(&["1"])?;
    asking.done()?;
    let words = "Expired";
    asking.settled(&Settled { state: "expired", action: "expire", by: "timeout", words })
}

fn agent_killed(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    system.run_as_user(["pkill", "--signal=KILL", "--exact", "claude"])?;
    let end = system.wait_for_end(&asking.approval)?;
    assert_eq!(end["PAGER_DECISION"], "cancel");
    assert!(!asking.made());
    let words = "the agent has gone";
    asking.settled(&Settled { state: "cancelled", action: "cancel", by: "", words })
}

/// Runs a hook for every event there is; what each is told comes into a file of its number. A script
/// of its own, as the service manager would put in what it takes for variables.
const AGENTS: &str = "cd /home/user/agents && for event in *.json; do \
                      pager-hook <$event >${event%.json}.told & done; wait\n";

fn killed_again_and_again(system: &System) -> Result<()> {
    let house = House::open(system)?;
    let all = 60;
    for number in 0..all {
        let event = permission_request(&format!("s{}", number / 5), &command(number));
        let path = format!("/home/user/agents/{number}.json");
        system.write_as_user(&path, event.to_string())?;
    }
    let script = "/home/user/agents/run";
    system.write_as_user(script, AGENTS)?;
    system.run_as_user(["systemd-run", "--user", "--unit=agents", "bash", script])?;
    let waiting =
        eventually("every question", || Some(waiting(system).ok()?).filter(|w| w.len() == all))?;
    for (turn, (number, approval)) in waiting.iter().enumerate() {
        if turn % 10 == 0 {
            // Those who wait are with the service manager, and nobody has to come back.
            let left = format!("NFileDescriptorStore={}", all - turn);
            eventually("the connections kept", || (stored(system).ok()? == left).then_some(()))?;
            system.systemctl(["kill", "--signal=KILL", "pager.service"])?;
        }
        // The call waits for the bus name, which the new daemon takes.
        match number % 2 {
            0 => system.call_manager("Approve", &["s", approval])?,
            _ => system.call_manager("Deny", &["ss", approval, "not so"])?,
        };
    }
    let state = ["show", "--property=ActiveState", "agents.service"];
    eventually("every agent's end", || {
        (system.systemctl(state).ok()?.trim() == "ActiveState=inactive").then_some(())
    })?;
    let audit = system.audit()?;
    for (number, approval) in &waiting {
        let path = format!("/home/user/agents/{number}.told");
        let told = system.run_as_user(["cat", &path])?;
        let action = ["allow", "deny"][number % 2];
        assert!(told.contains(&format!(r#""behavior":"{action}""#)), "{number}: {told}");
        let mut records = audit.iter().filter(|record| record["approval"] == **approval);
        assert_eq!(records.next().context("a record")?["action"], action);
        assert_eq!(records.next(), None, "one decision, one record");
    }
    house.bot.finish();
    Ok(())
}

fn command(number: usize) -> String {
    format!("touch made-{number}")
}

/// Which of them wait, by number, with their approvals.
fn waiting(system: &System) -> Result<BTreeMap<usize, String>> {
    let listed: serde_json::Value =
        serde_json::from_str(&system.call_manager("ListApprovals", &[])?)?;
    let rows = listed["data"][0].as_array().context("no list")?;
    let row = |row: &serde_json::Value| {
        let number = row[3].as_str()?.strip_prefix("touch made-")?.parse().ok()?;
        Some((number, row[0].as_str()?.to_owned()))
    };
    Ok(rows.iter().filter_map(row).collect())
}

fn stored(system: &System) -> Result<String> {
    let shown = system.systemctl(["show", "--property=NFileDescriptorStore", "pager.service"])?;
    Ok(shown.trim().to_owned())
}
