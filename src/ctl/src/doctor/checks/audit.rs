//! The audit log: one unbroken chain.

use crate::audit::Walk;
use crate::commands::audit;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;

pub(super) static CHECK: Check =
    Check { id: "audit", title: "Audit log", group: Group::State, look: Look::Here(look) };

pub(super) const FILE: &str = "audit.jsonl";

fn look(scene: &Scene) -> Found {
    let folder = scene.state_dir()?;
    if !folder.join(FILE).exists() {
        return Ok(vec![Finding::ok("nothing was ever written")]);
    }
    Ok(judge(&audit::verify::of(&folder)))
}

fn judge(walk: &Result<Walk, Failure>) -> Vec<Finding> {
    const VERIFY: &str = "pagerctl audit verify";
    vec![match walk {
        Ok(walk) if walk.breaks.is_empty() => {
            Finding::ok(format!("it is whole; its last record is {}", walk.first.end.short()))
        }
        Ok(walk) => {
            let sentences: Vec<_> = walk.breaks.iter().map(|it| it.problem.sentence()).collect();
            let text = sentences.join("\n");
            if walk.is_acknowledged() {
                Finding::warn(text)
                    .means("Somebody has said that they know of it. It stays a break.")
                    .fix(VERIFY)
            } else {
                Finding::fail(text)
                    .means(
                        "Something other than the daemon has changed it, or some of it was lost.",
                    )
                    .fix(VERIFY)
            }
        }
        Err(failure) => Finding::fail(&failure.what)
            .means("What was decided, and by whom, cannot be shown.")
            .fix(VERIFY),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_log_is_judged_by_its_chain() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(
            folder.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o700),
        )
        .unwrap();
        drop(pagerd::store::Store::open(folder.path()).unwrap());
        let log = folder.path().join(FILE);
        let status = || judge(&audit::verify::of(folder.path()))[0].status;
        assert_eq!(status(), Status::Ok);
        std::fs::write(&log, "{\"seq\": 1}\n").unwrap();
        assert_eq!(status(), Status::Fail);
        std::fs::remove_file(&log).unwrap();
        std::fs::create_dir(&log).unwrap();
        assert_eq!(status(), Status::Fail);
    }
}
