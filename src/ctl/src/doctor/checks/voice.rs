//! The second package, which hears voice messages.

use std::path::{Path, PathBuf};

use super::agents::on_path;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;

pub(super) static CHECK: Check =
    Check { id: "voice", title: "Voice", group: Group::Host, look: Look::Here(look) };

fn look(_: &Scene) -> Found {
    let installed = PathBuf::from("/usr/libexec/pager-voice");
    Ok(judge(on_path("pager-voice").or(Some(installed).filter(|path| path.exists())).as_deref()))
}

fn judge(program: Option<&Path>) -> Vec<Finding> {
    vec![match program {
        None => Finding::ok("not installed: voice messages are not heard"),
        Some(program) => Finding::ok(format!("installed: {}", shown(program))),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_need_not_be_there() {
        assert!(judge(None)[0].text.starts_with("not installed"));
        assert!(judge(Some(Path::new("/v")))[0].text.ends_with("/v"));
    }
}
