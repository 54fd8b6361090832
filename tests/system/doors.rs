//! The main job with everything real: the agent asks, a person answers at one of the doors.

use anyhow::{Context, Result};
use pager_tests::model_api::{Block, ModelApi, Script, ToolResult};
use pager_tests::system::claude::{SETTINGS, hooks};
use pager_tests::system::desktop::{Desktop, Notifications};
use pager_tests::system::pager::CONFIG;
use pager_tests::system::suite::Scenario;
use pager_tests::system::terminal::Terminal;
use pager_tests::system::{LIMIT, System};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "allowed_by_a_click_the_agent_goes_on", run: clicked },
    Scenario { name: "yes_at_the_terminal_settles_the_other_doors", run: yes_at_the_terminal },
    Scenario { name: "no_at_the_terminal_settles_the_other_doors", run: no_at_the_terminal },
    Scenario { name: "an_agent_that_is_killed_leaves_nothing_waiting", run: agent_killed },
    Scenario {
        name: "what_nobody_answers_expires_and_stays_with_the_terminal",
        run: nobody_answers,
    },
];

/// A Bash call that the agent asks permission for.
const GUARDED: &str = "touch made && curl -s http://127.0.0.1:9 ; echo ok";

/// The events that pager's hook is wired to.
const EVENTS: &[&str] = &[
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PermissionRequest",
    "Stop",
];

/// An agent that has asked and waits, with its dialog on the screen.
struct Asking<'a> {
    system: &'a System,
    model: ModelApi,
    terminal: Terminal<'a>,
    approval: String,
}

impl<'a> Asking<'a> {
    fn start(system: &'a System) -> Result<Self> {
        system.install_pager()?;
        let daemon = system.systemctl(["show", "--property=ActiveState", "pager.service"])?;
        assert_eq!(daemon.trim(), "ActiveState=inactive", "nothing has happened yet");
        system.set_up_claude()?;
        system.write_as_user(SETTINGS, hooks("pager-hook", EVENTS).to_string())?;
        let model = ModelApi::start(Script::turns([
            vec![Block::text("I make it."), Block::bash(GUARDED)],
            vec![Block::text("That is all.")],
        ]))?;
        let terminal = system.start_claude(&model, "Make it")?;
        let question = system.wait_for_question()?;
        terminal.wait_for("Do you want to proceed?")?;
        Ok(Self { system, model, terminal, approval: question.approval })
    }

    /// What the model was told, once the agent has come to rest.
    fn told(&self) -> Result<ToolResult> {
        let told = self.model.wait_for_result("Bash", LIMIT)?;
        self.terminal.wait_for("That is all.")?;
        Ok(told)
    }

    /// The journal's and the audit log's word of how it ended are one and the same.
    fn settled(&self, action: &str) -> Result<()> {
        let end = self.system.wait_for_end(&self.approval)?;
        assert_eq!(end["PAGER_DECISION"], action, "{end:?}");
        let audit = self.system.audit()?;
        let record = audit.iter().find(|record| record["approval"] == self.approval.as_str());
        let record = record.with_context(|| format!("no audit record in {audit:?}"))?;
        assert_eq!(record["action"], action);
        assert_eq!(record["by"], end["PAGER_ACTOR"]);
        assert_eq!(record["hash"], end["PAGER_AUDIT_HASH"]);
        assert_eq!(record["input_sha256"], end["PAGER_INPUT_SHA256"]);
        Ok(())
    }

    fn made(&self) -> bool {
        self.system.run_as_user(["test", "-e", "/home/user/work/made"]).is_ok()
    }
}

fn clicked(system: &System) -> Result<()> {
    let desktop = Desktop::start(system)?;
    let mut traffic = Notifications::watch(system)?;
    let asking = Asking::start(system)?;
    traffic.wait("Notify")?;
    desktop.click_action("Allow")?;
    let told = asking.told()?;
    assert!(!told.is_error && told.text.contains("ok"), "{told:?}");
    traffic.wait("NotificationClosed")?;
    asking.settled("allow")
}

fn yes_at_the_terminal(system: &System) -> Result<()> {
    let _desktop = Desktop::start(system)?;
    let mut traffic = Notifications::watch(system)?;
    let asking = Asking::start(system)?;
    traffic.wait("Notify")?;
    asking.terminal.keys(&["1"])?;
    let told = asking.told()?;
    assert!(!told.is_error && told.text.contains("ok"), "{told:?}");
    traffic.wait("CloseNotification")?;
    asking.settled("elsewhere")
}

fn no_at_the_terminal(system: &System) -> Result<()> {
    let asking = Asking::start(system)?;
    asking.terminal.keys(&["Escape"])?;
    asking.settled("elsewhere")?;
    assert!(!asking.made());
    Ok(())
}

fn agent_killed(system: &System) -> Result<()> {
    let asking = Asking::start(system)?;
    system.run_as_user(["pkill", "--signal=KILL", "--exact", "claude"])?;
    asking.settled("cancel")?;
    assert!(!asking.made());
    Ok(())
}

fn nobody_answers(system: &System) -> Result<()> {
    system.write_as_user(CONFIG, "[approvals]\nwindow = \"1s\"\n")?;
    let asking = Asking::start(system)?;
    asking.settled("expire")?;
    assert!(!asking.made());
    asking.terminal.keys(&["1"])?;
    let told = asking.told()?;
    assert!(!told.is_error, "the dialog remains, and is the person's: {told:?}");
    Ok(())
}
