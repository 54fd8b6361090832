//! What goes wrong while an agent waits: nothing of it allows, and nothing of it is forgotten.

use anyhow::Result;
use pager_tests::system::System;
use pager_tests::system::suite::Scenario;

use crate::scene::{House, Settled};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "a_restart_keeps_what_waits", run: restarted },
    Scenario { name: "a_killed_daemon_keeps_what_waits", run: killed },
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
