//! The daemon: whether it can be reached, is of this release, and does what it is told to.

use super::Finding;
use crate::commands::panic::locked;
use crate::daemon::{Daemon, Summary, Target};

const CHECK: &str = "daemon";
const TELEGRAM: &str = "Telegram";

/// Looks; of what its configuration had better not allow, only what was not said of the files.
pub(super) async fn look(target: &Target, said: &[String]) -> Vec<Finding> {
    let summary = match Daemon::connect(target).await {
        Ok(daemon) => daemon.summary().await,
        Err(failure) => Err(failure),
    };
    match summary {
        Ok(summary) => {
            let news = summary.warnings.iter().filter(|warning| !said.contains(warning));
            let warnings = news.map(|warning| Finding::warning(CHECK, warning));
            let locked = summary.locked.as_ref().map(|lock| Finding::warning(CHECK, locked(lock)));
            let found = [itself(&summary), telegram(&summary)];
            found.into_iter().chain(locked).chain(warnings).collect()
        }
        Err(failure) => vec![Finding::failure(CHECK, &failure)],
    }
}

fn itself(summary: &Summary) -> Finding {
    let Summary { version, state, .. } = summary;
    let own = env!("CARGO_PKG_VERSION");
    if state != "ready" {
        return Finding::problem(CHECK, format!("pagerd {version} is {state}"))
            .hint("journalctl --user -u pager.service says why");
    }
    if version != own {
        return Finding::warning(CHECK, format!("pagerd is {version}, pagerctl is {own}"))
            .hint("systemctl --user restart pager.service; what waits goes on waiting");
    }
    Finding::ok(CHECK, format!("pagerd {version} is ready"))
}

fn telegram(summary: &Summary) -> Finding {
    match summary.telegram_state.as_str() {
        "off" => Finding::warning(TELEGRAM, "is off: nobody is asked on a phone")
            .hint("pagerctl setup sets it up"),
        "connecting" => Finding::warning(TELEGRAM, "has not answered yet"),
        fine if fine.starts_with("connected ") && !fine.contains(", but ") => {
            Finding::ok(TELEGRAM, fine)
        }
        other => {
            Finding::problem(TELEGRAM, other).hint("journalctl --user -u pager.service tells more")
        }
    }
}
