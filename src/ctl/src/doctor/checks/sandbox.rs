//! What an agent could be confined with.

use std::path::Path;

use super::agents::on_path;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;

pub(super) static CHECK: Check =
    Check { id: "sandbox", title: "Sandboxes", group: Group::Host, look: Look::Here(look) };

fn look(_: &Scene) -> Found {
    Ok(judge(on_path("bwrap").as_deref()))
}

/// For information: pager starts no agent in a sandbox.
fn judge(bwrap: Option<&Path>) -> Vec<Finding> {
    vec![match bwrap {
        Some(bwrap) => Finding::ok(format!("bubblewrap is there: {}", shown(bwrap))),
        None => Finding::ok("bubblewrap (bwrap) is not in PATH; pager does not need it"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn it_is_never_a_fault() {
        assert!(judge(Some(Path::new("/usr/bin/bwrap")))[0].text.ends_with("/usr/bin/bwrap"));
        assert_eq!(judge(None)[0].status, Status::Ok);
    }
}
