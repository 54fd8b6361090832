//! Whether everything from outside is shut.

use futures_util::future::FutureExt;

use crate::daemon::Lock;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::time::date;

pub(super) static CHECK: Check = Check {
    id: "panic-lock",
    title: "Panic",
    group: Group::Doors,
    look: Look::AsksDaemon(|scene| look(scene).boxed_local()),
};

async fn look(scene: &Scene) -> Found {
    let summary = scene.daemon().await.as_ref();
    Ok(summary.map(|summary| judge(summary.locked.as_ref())).unwrap_or_default())
}

fn judge(lock: Option<&Lock>) -> Vec<Finding> {
    vec![match lock {
        None => Finding::ok("nothing is shut"),
        Some(lock) => Finding::warn(format!(
            "everything from outside is shut since {}, by {}",
            date(lock.since),
            lock.by
        ))
        .means("No chat is heard. That stays so until it is ended on this machine.")
        .fix("pagerctl panic --end"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_lock_is_warned_of_with_the_way_out() {
        assert_eq!(judge(None)[0].status, Status::Ok);
        let since = "2026-01-02T03:04:05Z".parse().unwrap();
        let lock = Lock { since, by: "telegram:111111111".to_owned() };
        let found = judge(Some(&lock)).remove(0);
        assert_eq!(found.status, Status::Warn);
        assert_eq!(found.fix.as_deref(), Some("pagerctl panic --end"));
    }
}
