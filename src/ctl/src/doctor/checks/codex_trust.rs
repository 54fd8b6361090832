//! Whether Codex runs the hooks that are wired: it passes over what the person has not told it to
//! trust, and keeps that for itself.

use futures_util::future::FutureExt;

use crate::codex::{Codex, Seen, program};
use crate::commands::hooks::{Agent, trusted};
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look};
use crate::programs;

pub(super) static CHECK: Check = Check {
    id: "codex-trust",
    title: "Codex's trust",
    group: Group::Agents,
    look: Look::Asks(|_| look().boxed_local()),
};

async fn look() -> Found {
    let wiring = Agent::Codex.wiring()?;
    // What is not wired is told by the check of the hooks, and so is a file that cannot be read.
    let (Ok(codex), Ok(hook)) = (program(), programs::HOOK.find()) else { return Ok(Vec::new()) };
    let Ok(wired) = wiring.check(&hook) else { return Ok(Vec::new()) };
    if !wired.is_installed() {
        return Ok(Vec::new());
    }
    let seen = async { Codex::start(&codex, &wiring, &hook).await?.see(&wired).await };
    Ok(vec![judge(&seen.await?)])
}

fn judge(seen: &Seen) -> Finding {
    if seen.is_trusted() {
        return Finding::ok(trusted(seen));
    }
    Finding::fail(trusted(seen))
        .means("What Codex passes over does not ask: it goes by Codex's own dialog alone.")
        .fix("pagerctl hooks install --agent codex")
}
