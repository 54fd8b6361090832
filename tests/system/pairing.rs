//! A stranger who writes to the bot: announced on the desktop, refused to the agent, let in by the
//! person.

use anyhow::{Context, Result, ensure};
use pager_tests::botapi::MessageView;
use pager_tests::system::System;
use pager_tests::system::suite::Scenario;

use crate::scene::House;
use crate::self_approval::selfish;

pub(crate) const SCENARIOS: &[Scenario] =
    &[Scenario { name: "a_stranger_is_let_in_by_the_person_alone", run: let_in_by_the_person }];

const STRANGER: i64 = 222_222_222;

/// What the agent runs in the background, through its own Bash tool, once it is told the code.
const SELFISH: &str = r#"#!/bin/sh
read -r code </home/user/id
{
    pagerctl pair approve "$code" 2>&1
    echo "approved: $?"
    pagerctl pair list 2>&1
} >/home/user/outcome
"#;

fn let_in_by_the_person(system: &System) -> Result<()> {
    let mut asking = selfish(system, House::open(system)?, SELFISH)?;
    let stranger = asking.house.bot.user(STRANGER);
    stranger.send("hello");
    let bot = &asking.house.bot;
    let fits = |message: &MessageView| message.from_bot && message.text().contains("Your code: ");
    let told = bot.block_on(bot.wait_message(STRANGER, "the code", fits));
    let code = told.text().lines().find_map(|line| line.strip_prefix("Your code: "));
    let code = code.context("a message without a code")?.to_owned();

    let shown = asking.house.notified("wants to use your bot", "stranger")?;
    let bot = &asking.house.bot;
    ensure!(shown.contains("222222222") && shown.contains("Turn away"), "{shown}");
    ensure!(!shown.contains(&code), "the code is for the stranger alone");

    system.run_as_user(["sh", "-c", "echo \"$1\" >/home/user/id", "sh", &code])?;
    let outcome = system.run_as_user(["cat", "/home/user/outcome"])?;
    ensure!(outcome.contains("below the agent of session work"), "{outcome}");
    ensure!(outcome.contains("approved: 5\n"), "{outcome}");
    ensure!(!outcome.contains(&code), "the list tells the code:\n{outcome}");
    let audit = system.audit()?;
    let refused = audit.iter().find(|record| record["event"] == "access.self_approval");
    ensure!(refused.context("no record of it")?["action"] == "refuse");

    // As it was read out, in two halves.
    let code = code.to_lowercase();
    let (start, end) = code.split_at(code.len() / 2);
    let said = system.run_as_user(["pagerctl", "pair", "approve", start, end])?;
    ensure!(said.contains("222222222 may use your bot, as "), "{said}");
    let audit = system.audit()?;
    let granted = audit.iter().find(|record| record["event"] == "access.granted");
    ensure!(granted.context("no record of it")?["by"] == "dbus:1000/pagerctl");

    let asked = stranger.send("/status");
    let fits = |message: &MessageView| message.from_bot && message.id > asked;
    let heard = bot.block_on(bot.wait_message(STRANGER, "the status", fits));
    ensure!(!heard.text().contains("Your code"), "{}", heard.text());
    asking.terminal.keys(&["Escape"])?;
    asking.house.bot.finish();
    Ok(())
}
