//! The package itself: what is there with it, and what is left without it.

use anyhow::Result;
use pager_tests::model_api::{Block, ModelApi, Script};
use pager_tests::system::suite::Scenario;
use pager_tests::system::{LIMIT, System};

use crate::scene::{GUARDED, House};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "the_journal_explains_what_it_tells", run: explained },
    Scenario { name: "with_pager_stopped_the_terminal_decides", run: stopped },
    Scenario { name: "with_pager_removed_the_terminal_decides", run: removed },
];

fn explained(system: &System) -> Result<()> {
    let asking = House::open(system)?.ask()?;
    let of = format!("PAGER_APPROVAL={}", asking.approval);
    let told = system.run_as_root(["journalctl", "--no-pager", "--catalog", &of])?;
    assert!(told.contains("A coding agent asks for permission"), "{told}");
    assert!(told.contains(&format!("pagerctl approve {}", asking.approval)), "{told}");
    Ok(())
}

fn stopped(system: &System) -> Result<()> {
    drop(House::open(system)?);
    system.systemctl(["stop", "pager.socket", "pager.service"])?;
    terminal_decides(system)
}

fn removed(system: &System) -> Result<()> {
    drop(House::open(system)?);
    system.run_as_root(["apt-get", "remove", "--yes", "pager"])?;
    let left = system.run_as_root(["sh", "-c", "ls /usr/bin/pager-hook 2>&1 || :"])?;
    assert!(left.contains("No such file"), "{left}");
    terminal_decides(system)
}

/// The hooks are still wired; the agent asks, is answered and goes on as if they were not.
pub(crate) fn terminal_decides(system: &System) -> Result<()> {
    let script = Script::turns([vec![Block::bash(GUARDED)], vec![Block::text("That is all.")]]);
    let model = ModelApi::start(script)?;
    let terminal = system.start_claude(&model, "'Make it'")?;
    terminal.wait_for("Do you want to proceed?")?;
    terminal.keys(&["1"])?;
    terminal.wait_for("That is all.")?;
    let told = model.wait_for_result("Bash", LIMIT)?;
    assert!(!told.is_error && told.text.contains("ok"), "{told:?}");
    Ok(())
}
