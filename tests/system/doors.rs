//! The main job with everything real: the agent asks, a person answers at one of the doors, the
//! agent goes on, and every other door shows it.

use anyhow::Result;
use pager_tests::system::System;
use pager_tests::system::suite::Scenario;

use crate::scene::{House, PERSON, Settled};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "allowed_over_the_bus", run: allowed_over_the_bus },
    Scenario { name: "denied_over_the_bus_the_model_is_told_why", run: denied_over_the_bus },
    Scenario { name: "allowed_by_pagerctl", run: allowed_by_pagerctl },
    Scenario { name: "denied_by_pagerctl", run: denied_by_pagerctl },
    Scenario { name: "allowed_on_telegram", run: allowed_on_telegram },
    Scenario { name: "denied_on_telegram", run: denied_on_telegram },
    Scenario { name: "allowed_by_a_click_on_the_notification", run: allowed_by_a_click },
    Scenario { name: "yes_at_the_terminal", run: yes_at_the_terminal },
    Scenario { name: "no_at_the_terminal", run: no_at_the_terminal },
];

const ALLOWED: Settled =
    Settled { state: "allowed", action: "allow", by: "dbus:1000/", words: "Allowed" };
const DENIED: Settled =
    Settled { state: "denied", action: "deny", by: "dbus:1000/", words: "Denied" };
const AT_THE_TERMINAL: Settled = Settled {
    state: "elsewhere",
    action: "elsewhere",
    by: "terminal",
    words: "Answered at the terminal",
};

fn allowed_over_the_bus(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    system.call_manager("Approve", &["s", &asking.approval])?;
    asking.done()?;
    asking.settled(&Settled { by: "dbus:1000/busctl", ..ALLOWED })
}

fn denied_over_the_bus(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    system.call_manager("Deny", &["ss", &asking.approval, "not on a Friday"])?;
    let told = asking.told()?;
    assert!(told.is_error && told.text.contains("not on a Friday"), "{told:?}");
    assert!(!asking.made());
    asking.settled(&Settled { words: "not on a Friday", ..DENIED })
}

fn allowed_by_pagerctl(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    let waiting = system.run_as_user(["pagerctl"])?;
    assert!(waiting.contains("touch made"), "{waiting}");
    system.run_as_user(["pagerctl", "approve", &asking.approval[..6]])?;
    asking.done()?;
    asking.settled(&Settled { by: "dbus:1000/pagerctl", ..ALLOWED })
}

fn denied_by_pagerctl(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    system.run_as_user([
        "pagerctl",
        "deny",
        &asking.approval,
        "--message",
        "$HOME, sweet \"$HOME\"",
    ])?;
    let told = asking.told()?;
    assert!(told.is_error && told.text.contains("$HOME, sweet \"$HOME\""), "{told:?}");
    assert!(!asking.made());
    asking.settled(&DENIED)
}

fn allowed_on_telegram(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    let bot = &asking.house.bot;
    let tap = bot.user(PERSON).tap(asking.message, "Allow")?;
    bot.block_on(bot.wait_answer(&tap));
    asking.done()?;
    asking.settled(&Settled { by: "telegram:111111111", ..ALLOWED })
}

fn denied_on_telegram(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    let bot = &asking.house.bot;
    let tap = bot.user(PERSON).tap(asking.message, "Deny")?;
    bot.block_on(bot.wait_answer(&tap));
    let told = asking.told()?;
    assert!(told.is_error, "{told:?}");
    assert!(!asking.made());
    asking.settled(&Settled { by: "telegram:111111111", ..DENIED })
}

fn allowed_by_a_click(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    asking.house.desktop.click_action("Allow")?;
    asking.done()?;
    asking.settled(&Settled { by: "desktop", ..ALLOWED })
}

fn yes_at_the_terminal(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    asking.terminal.keys(&["1"])?;
    asking.done()?;
    asking.settled(&AT_THE_TERMINAL)
}

fn no_at_the_terminal(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    asking.terminal.keys(&["Escape"])?;
    asking
        .terminal
        .wait_until("the dialog to close", |screen| !screen.contains("Do you want to proceed?"))?;
    assert!(!asking.made());
    asking.settled(&AT_THE_TERMINAL)
}
