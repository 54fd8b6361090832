//! A yes that takes the person's own password, with the real polkit and its agent for terminals.

use anyhow::{Context, Result};
use pager_tests::model_api::{Block, Script};
use pager_tests::system::System;
use pager_tests::system::claude::FOLDER;
use pager_tests::system::suite::Scenario;
use pager_tests::system::terminal::Terminal;

use crate::scene::{GUARDED, House, Settled};

pub(crate) const SCENARIOS: &[Scenario] =
    &[Scenario { name: "a_yes_takes_the_persons_password", run: password }];

const POLICY: &str = r#"
[[rule]]
name = "making"
verdict = "ask"
command = ["touch made"]
require = "polkit"
"#;

const PASSWORD: &str = "correct horse";

fn password(system: &System) -> Result<()> {
    system.run_as_root(["sh", "-c", &format!("echo 'user:{PASSWORD}' | chpasswd")])?;
    system.write_as_user("/home/user/.config/pager/policy.toml", POLICY)?;
    let script = Script::turns([vec![Block::bash(GUARDED)], vec![Block::text("That is all.")]]);
    // No yes is offered where it would not count.
    let asking = House::open(system)?.play(script, "'Make it'", &["Deny"])?;
    let id = &asking.approval;
    assert_eq!(asking.property("Require")?, "polkit");

    let refused = system.run_as_user(["pagerctl", "approve", id]).err().context("it was taken")?;
    let refused = refused.to_string();
    assert!(refused.contains("no authentication agent could ask you"), "{refused}");
    assert!(refused.contains("do it in a terminal"), "{refused}");

    let approve = |options: &str| {
        Terminal::open(system, FOLDER, &format!("pagerctl approve {options} {id}; echo it said $?"))
    };
    approve("--no-ask-password")?.wait_for("it said 5")?;
    let terminal = approve("")?;
    let prompt = terminal.wait_for("Password:")?;
    assert!(prompt.contains("touch made"), "what it is for: {prompt}");
    terminal.type_text("wrong")?;
    terminal.keys(&["Enter"])?;
    let screen = terminal.wait_for("it said 5")?;
    assert!(screen.contains("you did not authenticate"), "{screen}");
    assert_eq!(asking.property("State")?, "pending");

    let terminal = approve("")?;
    terminal.wait_for("Password:")?;
    terminal.type_text(PASSWORD)?;
    terminal.keys(&["Enter"])?;
    terminal.wait_for("it said 0")?;
    asking.done()?;
    asking.settled(&Settled {
        state: "allowed",
        action: "allow",
        by: "dbus:1000/pagerctl",
        words: "Allowed",
    })
}
