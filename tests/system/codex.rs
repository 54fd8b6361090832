//! Codex, with everything real: beside its own dialog where its shared app-server runs, and before
//! it where that does not.

use anyhow::{Context, Result};
use pager_tests::model_api::{Block, Script};
use pager_tests::system::System;
use pager_tests::system::codex::PATH;
use pager_tests::system::suite::Scenario;
use serde_json::json;

use crate::scene::{Asking, House, PERSON, Settled};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "codex_allowed_beside_its_dialog", run: allowed_beside },
    Scenario { name: "codex_denied_beside_its_dialog", run: denied_beside },
    Scenario { name: "codex_stopped_beside_its_dialog", run: stopped_beside },
    Scenario { name: "codex_questions_pass_the_policy", run: question_by_policy },
    Scenario { name: "codex_answered_at_its_dialog", run: answered_at_the_dialog },
    Scenario { name: "codex_left_at_its_dialog", run: left_at_the_dialog },
    Scenario { name: "codex_allowed_before_its_dialog", run: allowed_before },
    Scenario { name: "codex_denied_before_its_dialog", run: denied_before },
    Scenario { name: "codex_left_before_its_dialog", run: left_before },
    Scenario { name: "codex_asks_at_the_terminal_after_the_window", run: after_the_window },
];

/// What Codex's dialog asks.
const DIALOG: &str = "Would you like to run the following command?";

const ALLOWED: Settled =
    Settled { state: "allowed", action: "allow", by: "dbus:1000/busctl", words: "Allowed" };
const DENIED: Settled =
    Settled { state: "denied", action: "deny", by: "dbus:1000/busctl", words: "not on a Friday" };
const AT_THE_TERMINAL: Settled = Settled {
    state: "elsewhere",
    action: "elsewhere",
    by: "terminal",
    words: "Answered at the terminal",
};

/// Starts Codex on a command it must ask for, and returns once every door shows that.
fn ask<'a>(system: &'a System, window: &str, arguments: &str) -> Result<Asking<'a>> {
    let call = json!({"cmd": "touch made && echo ok", "sandbox_permissions": "require_escalated",
        "justification": "May I make it?"});
    let script = Script::turns([
        vec![Block::text("I make it."), Block::tool("exec_command", call)],
        vec![Block::text("That is all.")],
    ]);
    play(system, window, "", script, &["Allow", "Deny"], &format!("{arguments} 'Make it'"))
}

/// Starts Codex with this at the end of its configuration, and these arguments, and returns once every door shows what it asks.
fn play<'a>(
    system: &'a System,
    window: &str,
    config: &str,
    script: Script,
    buttons: &[&str],
    arguments: &str,
) -> Result<Asking<'a>> {
    let house = House::open(system)?;
    let setting = format!("[approvals]\ncodex_window = \"{window}\"\n");
    system.write_as_user("/home/user/.config/pager/pager.toml.d/codex.toml", setting)?;
    house.play_with(script, buttons, |model| {
        system.set_up_codex(model, config)?;
        let path = format!("PATH={PATH}");
        let hooks = |deed: &[&'static str]| {
            let mut argv = vec!["env", &path, "pagerctl", "hooks"];
            argv.extend(deed);
            argv.extend(["--agent", "codex"]);
            system.run_as_user(argv)
        };
        let doctor = || system.run_as_user(["env", &path, "pagerctl", "doctor", "codex-trust"]);
        hooks(&["install"]).err().context("Codex trusts what nobody has told it to")?;
        doctor().err().context("the doctor does not see that nothing is trusted")?;
        hooks(&["install", "--yes"])?;
        hooks(&["check"])?;
        doctor()?;
        system.start_codex(arguments)
    })
}

/// With the app-server, whose clients are all asked at once.
fn beside(system: &System) -> Result<Asking<'_>> {
    let asking = ask(system, "0s", "")?;
    asking.terminal.wait_for(DIALOG)?;
    Ok(asking)
}

/// Without it: Codex waits for its hook.
fn before(system: &System) -> Result<Asking<'_>> {
    ask(system, "10m", "--no-daemon")
}

fn done(asking: &Asking<'_>) -> Result<()> {
    let told = asking.told_of("exec_command")?;
    assert!(told.text.contains("ok"), "{told:?}");
    assert!(asking.made());
    Ok(())
}

fn allowed_beside(system: &System) -> Result<()> {
    let asking = beside(system)?;
    system.call_manager("Approve", &["s", &asking.approval])?;
    done(&asking)?;
    assert!(!asking.terminal.screen()?.contains(DIALOG));
    asking.settled(&ALLOWED)
}

fn denied_beside(system: &System) -> Result<()> {
    let asking = beside(system)?;
    system.call_manager("Deny", &["ss", &asking.approval, "not on a Friday"])?;
    let told = asking.told_of("exec_command")?;
    assert!(told.text.contains("rejected by user"), "{told:?}");
    // The answer has no room for the reason: it follows as the person's own words.
    asking.terminal.wait_for("not on a Friday")?;
    assert!(!asking.made());
    asking.settled(&DENIED)
}

fn stopped_beside(system: &System) -> Result<()> {
    let asking = beside(system)?;
    system.call_manager("DenyAndStop", &["ss", &asking.approval, ""])?;
    asking.terminal.wait_for("Conversation interrupted")?;
    assert!(!asking.made());
    asking.settled(&Settled { words: "Denied", ..DENIED })
}

/// What the app-server asks itself, and no hook asks.
fn question_by_policy(system: &System) -> Result<()> {
    let options = json!([{"label": "Red", "description": "warm"},
        {"label": "Blue", "description": "cold"}]);
    let call = json!({"questions": [{"id": "colour", "header": "Colour",
        "question": "Which colour?", "options": options}]});
    let script = Script::turns([
        vec![Block::tool("request_user_input", call)],
        vec![Block::text("That is all.")],
    ]);
    let rule = "[[rule]]\nname = \"away\"\nverdict = \"ask\"\ntool = \"request_user_input\"\n\
                require = \"remote\"\n";
    system.run_as_user(["mkdir", "--parents", "/home/user/.config/pager"])?;
    system.write_as_user("/home/user/.config/pager/policy.toml", rule)?;
    let config = "[features]\ndefault_mode_request_user_input = true\n";
    let asking = play(system, "0s", config, script, &["Red", "Blue"], "'Choose'")?;
    asking.terminal.wait_for("Which colour?")?;
    assert_eq!(asking.property("Require")?, "remote");
    assert_eq!(asking.property("Summary")?, "Colour: Which colour?");
    let answer = ["sa{sas}", &asking.approval, "1", "Which colour?", "1", "Blue"];
    let here = system.call_manager("Answer", &answer);
    let refused = format!("{:#}", here.err().context("answered from here")?);
    assert!(refused.contains("away"), "{refused}");

    let bot = &asking.house.bot;
    let message = asking.house.message("the question", |message| message.id == asking.message);
    assert!(!message.text().contains("another program"), "{}", message.text());
    let tap = bot.user(PERSON).tap(asking.message, "Blue")?;
    bot.block_on(bot.wait_answer(&tap));
    let told = asking.told_of("request_user_input")?;
    assert!(told.text.contains("Blue"), "{told:?}");
    let words = "Answered";
    asking.settled(&Settled {
        state: "answered",
        action: "answer",
        by: "telegram:111111111",
        words,
    })
}

fn answered_at_the_dialog(system: &System) -> Result<()> {
    let asking = beside(system)?;
    asking.terminal.keys(&["y"])?;
    done(&asking)?;
    asking.settled(&AT_THE_TERMINAL)
}

fn left_at_the_dialog(system: &System) -> Result<()> {
    let asking = beside(system)?;
    asking.terminal.keys(&["Escape"])?;
    asking.terminal.wait_for("Conversation interrupted")?;
    assert!(!asking.made());
    asking.settled(&AT_THE_TERMINAL)
}

fn allowed_before(system: &System) -> Result<()> {
    let asking = before(system)?;
    let bot = &asking.house.bot;
    let tap = bot.user(PERSON).tap(asking.message, "Allow")?;
    bot.block_on(bot.wait_answer(&tap));
    done(&asking)?;
    asking.settled(&Settled { by: "telegram:111111111", ..ALLOWED })
}

fn denied_before(system: &System) -> Result<()> {
    let asking = before(system)?;
    let stopped = system.call_manager("DenyAndStop", &["ss", &asking.approval, ""]);
    let refused = format!("{:#}", stopped.err().context("the hook has no word for it")?);
    assert!(refused.contains("press Esc"), "{refused}");
    system.call_manager("Deny", &["ss", &asking.approval, "not on a Friday"])?;
    let told = asking.told_of("exec_command")?;
    assert!(told.text.contains("not on a Friday"), "{told:?}");
    assert!(!asking.made());
    asking.settled(&DENIED)
}

fn left_before(system: &System) -> Result<()> {
    let asking = before(system)?;
    asking.terminal.keys(&["Escape"])?;
    asking.terminal.wait_for("Conversation interrupted")?;
    assert!(!asking.made());
    asking.settled(&AT_THE_TERMINAL)
}

fn after_the_window(system: &System) -> Result<()> {
    let asking = ask(system, "5s", "--no-daemon")?;
    let end = system.wait_for_end(&asking.approval)?;
    assert_eq!(end["PAGER_DECISION"], "expire");
    asking.terminal.wait_for(DIALOG)?;
    assert!(!asking.made());
    asking.terminal.keys(&["y"])?;
    done(&asking)?;
    let words = "Expired";
    asking.settled(&Settled { state: "expired", action: "expire", by: "timeout", words })
}
