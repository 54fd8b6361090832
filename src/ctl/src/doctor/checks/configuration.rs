//! Whether pager.toml can be read, and what in it is allowed and likely a mistake.

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;

pub(super) static CHECK: Check = Check {
    id: "configuration",
    title: "Configuration",
    group: Group::Configuration,
    look: Look::Here(look),
};

fn look(scene: &Scene) -> Found {
    let loaded = scene.loaded().map(|loaded| {
        let files: Vec<_> = loaded.files.iter().map(|file| shown(file)).collect();
        let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        (files, warnings)
    });
    Ok(judge(loaded))
}

fn judge(loaded: Result<(Vec<String>, Vec<String>), &str>) -> Vec<Finding> {
    match loaded {
        Err(errors) => vec![
            Finding::fail(errors)
                .means(
                    "A daemon that runs goes on with what it has read before, and one that is \
                     started now does not start.",
                )
                .fix("pagerctl config check"),
        ],
        Ok((files, warnings)) => {
            let read = match files.as_slice() {
                [] => Finding::ok("there is no file: every key has its default"),
                files => Finding::ok(files.join(", ")),
            };
            let warnings = warnings.into_iter().map(|warning| {
                Finding::warn(warning)
                    .means("This is allowed, and likely not meant.")
                    .fix("pagerctl config show")
            });
            [read].into_iter().chain(warnings).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn what_is_wrong_fails_and_what_is_doubtful_is_warned_of() {
        let status = |loaded| judge(loaded).iter().map(|it| it.status).collect::<Vec<_>>();
        assert_eq!(status(Err("pager.toml:1:2: no")), [Status::Fail]);
        assert_eq!(status(Ok((Vec::new(), Vec::new()))), [Status::Ok]);
        let doubtful = Ok((vec!["/pager.toml".to_owned()], vec!["telegram.chat: x".to_owned()]));
        assert_eq!(status(doubtful), [Status::Ok, Status::Warn]);
    }
}
