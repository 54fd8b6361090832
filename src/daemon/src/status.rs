//! The one line of `systemctl status`: what waits, and what is not as it should be.

use tokio::sync::watch;

use crate::engine::{Handle, Health};
use crate::host::notify;

/// Keeps the line true until the engine stops.
pub async fn keep(
    handle: Handle,
    mut telegram: watch::Receiver<String>,
    mut policy: watch::Receiver<Option<String>>,
) {
    let mut published = handle.published();
    let mut health = handle.health();
    let mut last = String::new();
    loop {
        let Ok((waiting, sessions)) = handle
            .with_store(|_, machine| {
                let live =
                    machine.sessions().filter(|session| session.phase != pager_core::Phase::Ended);
                Ok((machine.pending().count(), live.count()))
            })
            .await
        else {
            return;
        };
        let mut line = format!("{waiting} waiting, {sessions} {}", plural(sessions, "session"));
        let state = telegram.borrow_and_update().clone();
        if state != "off" {
            line.push_str(&format!("; Telegram: {state}"));
        }
        if policy.borrow_and_update().is_some() {
            line.push_str("; policy.toml is wrong: see `pagerctl policy check`");
        }
        if let Health::Degraded { why } = &*health.borrow_and_update() {
            line = format!("degraded, nothing can be decided: {why}");
        }
        if line != last {
            notify::status(&line);
            last = line;
        }
        let alive = tokio::select! {
            changed = published.changed() => changed.is_ok(),
            changed = health.changed() => changed.is_ok(),
            changed = telegram.changed() => changed.is_ok(),
            changed = policy.changed() => changed.is_ok(),
        };
        if !alive {
            return;
        }
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
