//! A panic with real agents and the real service manager: what it stops, what it cannot stop, and that
//! it holds until a person ends it.

use anyhow::{Context, Result, ensure};
use pager_tests::botapi::MessageView;
use pager_tests::closed::{eventually, permission_request};
use pager_tests::model_api::{Block, ModelApi, Script};
use pager_tests::system::System;
use pager_tests::system::pager::AUDIT;
use pager_tests::system::suite::Scenario;
use pager_tests::system::terminal::Terminal;
use serde_json::Value;

use crate::scene::{Asking, GUARDED, House, PERSON};
use crate::self_approval::selfish;

pub(crate) const SCENARIOS: &[Scenario] =
    &[Scenario { name: "a_panic_stops_the_agents_and_holds", run: panic }];

/// What the agent that still runs does in the background, once it is told to.
const SELFISH: &str = r#"#!/bin/sh
read -r go </home/user/id
{
    pagerctl panic --end --yes 2>&1
    echo "plain: $?"
    systemd-run --user --quiet --wait --pipe pagerctl panic --end --yes >/dev/null 2>&1
    echo "by the manager: $?"
} >/home/user/outcome
"#;

/// What is asked while everything is shut, by a hook that a person's own program runs.
const LATER: &str = "/home/user/later";

fn panic(system: &System) -> Result<()> {
    // One beside the terminal that started it, and two in units that are theirs alone.
    let asking = selfish(system, House::open(system)?, SELFISH)?;
    let script = Script::turns([vec![Block::bash(GUARDED)], vec![Block::text("That is all.")]]);
    let model = ModelApi::start(script)?;
    let alone = start(system, &model, "--unit=alone")?;
    let inside = start(system, &model, "--unit=inside --slice=pager-sessions.slice")?;
    let asked =
        eventually("three questions", || Some(waiting(system).ok()?).filter(|w| w.len() == 3))?;
    let prompt = |message: &MessageView| message.id == asking.message;
    let data = asking.house.message("the question", prompt).data()[0].to_owned();

    let said = ["pagerctl", "panic", "--reason", "the phone is gone", "--json"];
    let shut: Value = serde_json::from_str(&system.run_as_user(said)?)?;
    let stopped = shut["stopped"].to_string();
    for (unit, terminal) in [("alone.service", alone), ("inside.service", inside)] {
        ensure!(stopped.contains(&format!("{unit}: Claude Code in work (process")), "{shut}");
        let state = system.systemctl(["show", "--property=ActiveState", "--value", unit])?;
        ensure!(["inactive", "failed"].contains(&state.trim()), "{unit} is {state}");
        drop(terminal);
    }
    let slice = ["show", "--property=ActiveState", "--value", "pager-sessions.slice"];
    ensure!(system.systemctl(slice)?.trim() == "inactive");
    let left = shut["running"].as_array().context("no list")?;
    ensure!(
        left.len() == 1 && left[0].to_string().contains("among other programs in terminal"),
        "{shut}"
    );
    let agents = system.run_as_user(["pgrep", "--exact", "claude"])?;
    ensure!(left[0].to_string().contains(&format!("to end it: kill {}", agents.trim())), "{shut}");
    ensure!(shut["missing"] == serde_json::json!([]), "{shut}");
    nothing_was_allowed(&asking, &asked)?;
    let evidence = shut["evidence"].as_str().context("no folder")?;
    evidence_holds(&asking, evidence)?;
    holds(asking, evidence, &data, &asked)
}

fn start<'a>(system: &'a System, model: &ModelApi, options: &str) -> Result<Terminal<'a>> {
    let terminal = system.start_claude_in_a_unit(model, options, "'Make it'")?;
    terminal.wait_for("Do you want to proceed?")?;
    Ok(terminal)
}

/// Whatever waits.
fn waiting(system: &System) -> Result<Vec<String>> {
    let listed: Value = serde_json::from_str(&system.call_manager("ListApprovals", &[])?)?;
    let rows = listed["data"][0].as_array().context("no list")?;
    Ok(rows.iter().filter_map(|row| Some(row[0].as_str()?.to_owned())).collect())
}

/// Each question was cancelled, once, and the command that they are about has not run.
fn nothing_was_allowed(asking: &Asking<'_>, asked: &[String]) -> Result<()> {
    let system = asking.house.system;
    let audit = system.audit()?;
    for id in asked {
        let end = system.wait_for_end(id)?;
        ensure!(end["PAGER_DECISION"] == "cancel", "{end:?}");
        let records: Vec<_> = audit.iter().filter(|record| record["approval"] == **id).collect();
        ensure!(records.len() == 1 && records[0]["action"] == "cancel", "{records:?}");
        ensure!(records[0]["by"] == "dbus:1000/pagerctl", "{records:?}");
        let late = system.run_as_user(["pagerctl", "approve", id]).err().context("it counted")?;
        ensure!(late.to_string().contains("exit status: 3"), "{late:#}");
    }
    ensure!(!asking.made(), "the command has run");
    Ok(())
}

/// The evidence is the person's alone, whole, and without the token.
fn evidence_holds(asking: &Asking<'_>, evidence: &str) -> Result<()> {
    let system = asking.house.system;
    let mode = system.run_as_user(["stat", "--format=%a %U", evidence])?;
    ensure!(mode.trim() == "700 user", "{mode}");
    let script = "cd \"$1\" && sha256sum --check --quiet SHA256SUMS";
    system.run_as_user(["sh", "-c", script, "sh", evidence])?;
    let log = format!("{evidence}/audit.jsonl");
    system.run_as_user(["pagerctl", "audit", "verify", &log])?;
    let read = |name: &str| system.run_as_user(["cat", &format!("{evidence}/{name}")]);
    let journal = read("journal.json")?;
    ensure!(journal.contains(&asking.approval), "the question is not in the journal:\n{journal}");
    let config = read("config.txt")?;
    ensure!(config.contains("telegram.allowed_users = [111111111]"), "{config}");
    ensure!(read("panic.json")?.contains("the phone is gone"));
    let token = asking.house.bot.token();
    let (_, key) = token.split_once(':').context("no token")?;
    // What is sought is on no command line, which the journal would have.
    let found =
        system.run_as_user(["grep", "--recursive", "--fixed-strings", "--", &key[..20], evidence]);
    ensure!(found.err().context("the token is there")?.to_string().contains("exit status: 1"));
    Ok(())
}

/// Nothing but a person ends it: no restart, no chat and no agent.
fn holds(mut asking: Asking<'_>, evidence: &str, data: &str, asked: &[String]) -> Result<()> {
    let system = asking.house.system;
    let shown = asking.house.notified("everything from outside is shut", "panic")?;
    ensure!(shown.contains("3 approvals were cancelled"), "{shown}");
    let over = |message: &MessageView| {
        message.id == asking.message && message.text().contains("Cancelled: panic")
    };
    asking.house.message("the end", over);

    system.systemctl(["restart", "pager.service"])?;
    let status = system.run_as_user(["pagerctl", "status"])?;
    ensure!(status.contains("Everything from outside is shut since"), "{status}");
    let bundles = system.run_as_user(["ls", &format!("{evidence}/..")])?;
    ensure!(bundles.lines().count() == 1, "it was acted on again:\n{bundles}");

    let event = permission_request("later", "touch later");
    system.write_as_user(&format!("{LATER}.json"), event.to_string())?;
    let hook = format!("pager-hook <{LATER}.json >{LATER}.told");
    system.run_as_user(["systemd-run", "--user", "--quiet", "--unit=later", "sh", "-c", &hook])?;
    let later = eventually("the question", || waiting(system).ok()?.pop())?;
    let bot = &asking.house.bot;
    let person = bot.user(PERSON);
    let tap = person.forge(PERSON, asking.message, data);
    let told = bot.block_on(bot.wait_answer(&tap)).text;
    ensure!(told.starts_with("pager is locked since"), "{told}");
    let on_telegram =
        bot.view().find(PERSON, |message| message.text().contains("touch later")).is_some();
    ensure!(!on_telegram, "a question was asked outside");

    system.run_as_user(["sh", "-c", "echo go >/home/user/id"])?;
    let outcome = system.run_as_user(["cat", "/home/user/outcome"])?;
    ensure!(outcome.contains("below the agent of session work"), "{outcome}");
    for way in ["plain", "by the manager"] {
        ensure!(outcome.contains(&format!("{way}: 5\n")), "{way} was not refused:\n{outcome}");
    }
    let status = system.run_as_user(["pagerctl", "status"])?;
    ensure!(status.contains("Everything from outside is shut since"), "{status}");

    system.run_as_user(["pagerctl", "panic", "--end", "--yes"])?;
    let fits = |message: &MessageView| {
        message.text().contains("touch later") && message.labels().contains(&"Allow")
    };
    let question = asking.house.message("what was asked meanwhile", fits);
    let tap = person.tap(question.id, "Allow")?;
    bot.block_on(bot.wait_answer(&tap));
    ensure!(system.wait_for_end(&later)?["PAGER_DECISION"] == "allow");
    let told = eventually("the hook's answer", || {
        system.run_as_user(["cat", &format!("{LATER}.told")]).ok().filter(|told| !told.is_empty())
    })?;
    ensure!(told.contains(r#""behavior":"allow""#), "{told}");
    ensure!(!asking.made(), "the command has run");

    let expected: Vec<_> = ["panic.begun"]
        .into_iter()
        .chain(asked.iter().map(|_| "approval.resolved"))
        .chain(["panic.acted", "approval.misfit", "access.self_approval", "panic.ended"])
        .chain(["approval.resolved"])
        .collect();
    let mut events: Vec<_> = system
        .audit()?
        .iter()
        .filter_map(|record| Some(record["event"].as_str()?.to_owned()))
        .collect();
    events.dedup_by(|a, b| a == b && a == "access.self_approval");
    ensure!(events == expected, "{events:?}");
    system.run_as_user(["pagerctl", "audit", "verify", AUDIT])?;
    asking.terminal.keys(&["Escape"])?;
    asking.house.bot.finish();
    Ok(())
}
