//! What the other scenarios build on works without pager: the manager, the bus, the journal, the
//! agent and its dialog, the notification server and a click on it.

use anyhow::{Context, Result};
use pager_tests::model_api::{Block, ModelApi, Script};
use pager_tests::system::claude::{SETTINGS, hooks};
use pager_tests::system::desktop::{Desktop, Notifications};
use pager_tests::system::suite::Scenario;
use pager_tests::system::{LIMIT, System};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "a_user_has_a_manager_a_bus_and_a_journal", run: manager_bus_journal },
    Scenario { name: "the_agent_asks_and_is_answered_at_the_terminal", run: terminal },
    Scenario { name: "an_action_of_a_notification_is_chosen_by_a_click", run: click },
];

/// A Bash call that the agent asks permission for.
const GUARDED: &str = "touch made && curl -s http://127.0.0.1:9 ; echo ok";

fn manager_bus_journal(system: &System) -> Result<()> {
    let unit = system.run_as_user(["cat", "/proc/self/cgroup"])?;
    assert!(unit.contains("/user@1000.service/app.slice/"), "not in a unit of the user's: {unit}");
    let names = system.run_as_user(["busctl", "--user", "--acquired", "list"])?;
    assert!(names.contains("org.freedesktop.systemd1"), "no manager on the bus: {names}");
    let logged =
        system.run_as_user(["sh", "-c", "v='$HOME is plain'; echo \"$v\" | logger -t probe"]);
    logged.context("writing to the journal")?;
    let entry = system.wait_for_journal(&["SYSLOG_IDENTIFIER=probe"], |_| true)?;
    assert_eq!(entry["MESSAGE"], "$HOME is plain");
    assert_eq!(entry["_UID"], "1000");
    Ok(())
}

fn terminal(system: &System) -> Result<()> {
    let model = ModelApi::start(Script::turns([
        vec![Block::text("I make it."), Block::bash(GUARDED)],
        vec![Block::text("It is made.")],
    ]))?;
    system.set_up_claude()?;
    let log = "/home/user/hooks.jsonl";
    let settings = hooks(&format!("cat >>{log}; echo >>{log}"), &["PermissionRequest", "Stop"]);
    system.write_as_user(SETTINGS, settings.to_string())?;
    let terminal = system.start_claude(&model, "'Make it'")?;
    terminal.wait_for("Do you want to proceed?")?;
    terminal.keys(&["1"])?;
    terminal.wait_for("It is made.")?;
    let told = model.wait_for_result("Bash", LIMIT)?;
    assert!(!told.is_error && told.text.contains("ok"), "{told:?}");
    let asked = system.run_as_user(["cat", log])?;
    let asked = asked.lines().next().context("no hook ran")?;
    let asked: serde_json::Value = serde_json::from_str(asked).context(asked.to_owned())?;
    assert_eq!(asked["hook_event_name"], "PermissionRequest");
    assert_eq!(asked["tool_input"]["command"], GUARDED);
    system.run_as_user(["test", "-e", "/home/user/work/made"])?;
    Ok(())
}

fn click(system: &System) -> Result<()> {
    let desktop = Desktop::start(system)?;
    let mut traffic = Notifications::watch(system)?;
    let mut asking = system.command_as_user([
        "notify-send",
        "--wait",
        "--action=allow=Allow",
        "--action=deny=Deny",
        "May I?",
    ]);
    let asking = asking.stdout(std::process::Stdio::piped()).spawn()?;
    let shown = traffic.wait("Notify")?;
    assert_eq!(shown[5], serde_json::json!(["allow", "Allow", "deny", "Deny"]));
    desktop.click_action("Deny")?;
    let invoked = traffic.wait("ActionInvoked")?;
    assert_eq!(invoked[1], "deny");
    let answer = asking.wait_with_output()?;
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "deny");
    Ok(())
}
