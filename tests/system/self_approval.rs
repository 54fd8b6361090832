//! An agent that answers itself, in every way that is recognised, and a person who answers after it.

use anyhow::{Context, Result, ensure};
use pager_tests::model_api::{Block, Script};
use pager_tests::system::System;
use pager_tests::system::claude::{FOLDER, SETTINGS};
use pager_tests::system::suite::Scenario;
use pager_tests::system::terminal::Terminal;
use serde_json::json;

use crate::scene::{Asking, GUARDED, House};

pub(crate) const SCENARIOS: &[Scenario] =
    &[Scenario { name: "no_agent_approves_itself", run: no_agent_approves_itself }];

/// What the agent runs in the background, through its own Bash tool, once it is told what to approve.
const SELFISH: &str = r#"#!/bin/sh
read -r id terminal </home/user/id
clean="env -i PATH=$PATH HOME=$HOME XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR
    DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus"
approve='pagerctl approve "$1" >/dev/null 2>&1; echo $? >/home/user/status'
{
    pagerctl approve "$id" 2>&1
    echo "plain: $?"
    $clean pagerctl approve "$id" >/dev/null 2>&1
    echo "without its environment: $?"
    $clean setsid sh -c "($approve) &" sh "$id"
    read -r status </home/user/status
    echo "let go of: $status"
    systemd-run --user --quiet --wait --pipe pagerctl approve "$id" >/dev/null 2>&1
    echo "by the manager: $?"
    tmux -L "$terminal" run-shell -b "set -- $id; $approve"
    read -r status </home/user/status
    echo "by tmux: $status"
} >/home/user/outcome
"#;

fn no_agent_approves_itself(system: &System) -> Result<()> {
    let house = House::open(system)?;
    let asking = selfish(system, house, SELFISH)?;
    let id = &asking.approval;
    let terminal = asking.terminal.socket();
    system.run_as_user(["sh", "-c", "echo \"$*\" >/home/user/id", "sh", id, terminal])?;
    let outcome = system.run_as_user(["cat", "/home/user/outcome"])?;
    ensure!(outcome.contains("below the agent of session work"), "{outcome}");
    for way in ["plain", "without its environment", "let go of", "by the manager", "by tmux"] {
        ensure!(outcome.contains(&format!("\n{way}: 5\n")), "{way} was not refused:\n{outcome}");
    }
    ensure!(asking.property("State")? == "pending", "it was decided");

    let told = asking.house.message("the notice", |message| {
        message.text().contains("tried to approve itself, and was refused")
    });
    ensure!(told.text().contains(&id[..6]), "{}", told.text());
    let audit = system.audit()?;
    let refused = audit.iter().filter(|record| record["event"] == "approval.self_approval");
    let refused: Vec<_> = refused.collect();
    let first = refused.first().context("no record of it")?;
    ensure!(first["action"] == "refuse" && first["approval"] == id.as_str(), "{first:?}");

    // A terminal of the person's own, no different from the agent's.
    let terminal =
        Terminal::open(system, FOLDER, &format!("pagerctl approve {id}; echo \"it said $?\""))?;
    terminal.wait_for("it said 0")?;
    ensure!(asking.property("ResolvedBy")? == "dbus:1000/pagerctl");
    asking.terminal.wait_for("That is all.")?;
    ensure!(asking.made(), "the command did not run");
    Ok(())
}

/// Starts an agent that may run this script, and then asks for something.
pub(crate) fn selfish<'a>(
    system: &'a System,
    house: House<'a>,
    script: &str,
) -> Result<Asking<'a>> {
    system.run_as_user(["mkfifo", "/home/user/id", "/home/user/outcome", "/home/user/status"])?;
    system.write_as_user(&format!("{FOLDER}/selfish"), script)?;
    system.run_as_user(["chmod", "755", &format!("{FOLDER}/selfish")])?;
    let settings = system.run_as_user(["cat", SETTINGS])?;
    let mut settings: serde_json::Value = serde_json::from_str(&settings)?;
    settings["permissions"]["allow"] = json!(["Bash(./selfish)"]);
    system.write_as_user(SETTINGS, settings.to_string())?;
    let background = json!({"command": "./selfish", "run_in_background": true});
    let script = Script::turns([
        vec![Block::tool("Bash", background)],
        vec![Block::bash(GUARDED)],
        vec![Block::text("That is all.")],
    ]);
    let asking = house.play(script, "'Make it'", &["Allow", "Deny"])?;
    asking.terminal.wait_for("Do you want to proceed?")?;
    Ok(asking)
}
