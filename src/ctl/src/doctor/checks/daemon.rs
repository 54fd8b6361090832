//! The daemon: whether it can be reached, and is the one that is installed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use futures_util::future::FutureExt;

use crate::daemon::Summary;
use crate::doctor::bus;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;
use crate::programs;

pub(super) static CHECK: Check = Check {
    id: "daemon",
    title: "Daemon",
    group: Group::Doors,
    look: Look::AsksDaemon(|scene| look(scene).boxed_local()),
};

const RESTART: &str = "systemctl --user restart pager.service";

async fn look(scene: &Scene) -> Found {
    let summary = scene.daemon().await;
    let replaced = match (summary, scene.is_usual()) {
        (Ok(_), true) => replaced(scene).await,
        _ => false,
    };
    // What is said of the files themselves is not said again.
    let known = scene.config().map(pager_config::Config::warnings).unwrap_or_default();
    Ok(judge(summary.as_ref(), env!("CARGO_PKG_VERSION"), replaced, &known))
}

/// Whether the program was exchanged since the daemon was started. Its own link below /proc cannot be
/// read: it lets nobody look into it.
async fn replaced(scene: &Scene) -> bool {
    let Ok(bus) = scene.session_bus().await else { return false };
    let Ok(service) = bus::unit(bus, "pager.service").await else { return false };
    let Ok(program) = programs::DAEMON.find() else { return false };
    is_newer(&program, service.started)
}

/// Whether a file was put there after this, in microseconds since the epoch.
fn is_newer(program: &Path, started: u64) -> bool {
    // The time of the change: that of the content is set by whoever unpacks a package.
    let changed = std::fs::metadata(program).ok().and_then(|stat| u64::try_from(stat.ctime()).ok());
    started > 0 && changed.is_some_and(|seconds| seconds.saturating_mul(1_000_000) > started)
}

fn judge(
    summary: Result<&Summary, &Failure>,
    own: &str,
    replaced: bool,
    known: &[String],
) -> Vec<Finding> {
    let summary = match summary {
        Ok(summary) => summary,
        Err(failure) => {
            let hint = failure.hint.as_deref();
            return vec![
                Finding::fail(&failure.what)
                    .means("No question reaches anybody but in the agent's own terminal.")
                    .fix(hint.unwrap_or("systemctl --user enable --now pager.socket")),
            ];
        }
    };
    let Summary { version, state, .. } = summary;
    let mut found = vec![if state != "ready" {
        Finding::fail(format!("pagerd {version} is {state}"))
            .means("It decides nothing until that is mended.")
            .fix("journalctl --user -u pager.service")
    } else if version != own {
        Finding::warn(format!("pagerd is {version}, pagerctl is {own}"))
            .means("The daemon was started before the installation changed. What waits goes on waiting.")
            .fix(RESTART)
    } else if replaced {
        Finding::warn(format!("pagerd {version} runs from a file that was replaced since"))
            .means("What runs is not what is installed. What waits goes on waiting.")
            .fix(RESTART)
    } else {
        Finding::ok(format!("pagerd {version} is ready"))
    }];
    let news = summary.warnings.iter().filter(|warning| !known.contains(warning));
    found.extend(news.map(|warning| {
        Finding::warn(warning)
            .means("It runs with a configuration that allows this.")
            .fix("systemctl --user reload pager.service")
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    fn summary(state: &str) -> Summary {
        Summary {
            version: "1.2.3".to_owned(),
            state: state.to_owned(),
            reached: "session-bus",
            telegram_state: "off".to_owned(),
            token_source: "file".to_owned(),
            pending_approvals: 0,
            active_sessions: 0,
            warnings: vec!["it is open".to_owned()],
            locked: None,
        }
    }

    #[test]
    fn what_runs_is_held_against_what_is_installed() {
        let known = ["it is open".to_owned()];
        let one = |state, own, replaced| {
            let found = judge(Ok(&summary(state)), own, replaced, &known);
            assert_eq!(found.len(), 1);
            found[0].status
        };
        assert_eq!(one("ready", "1.2.3", false), Status::Ok);
        assert_eq!(one("ready", "1.2.4", false), Status::Warn);
        assert_eq!(one("ready", "1.2.3", true), Status::Warn);
        assert_eq!(one("degraded", "1.2.3", false), Status::Fail);
        let failure = Failure::failed("it is not there");
        assert_eq!(judge(Err(&failure), "1.2.3", false, &[])[0].status, Status::Fail);
    }

    #[test]
    fn it_tells_what_it_is_warned_of_unless_the_files_say_so_too() {
        assert_eq!(judge(Ok(&summary("ready")), "1.2.3", false, &[])[1].text, "it is open");
    }

    #[test]
    fn a_file_of_after_the_start_is_another() {
        let program = tempfile::NamedTempFile::new().unwrap();
        assert!(is_newer(program.path(), 1));
        assert!(!is_newer(program.path(), u64::MAX));
        assert!(!is_newer(program.path(), 0), "nothing runs");
    }
}
