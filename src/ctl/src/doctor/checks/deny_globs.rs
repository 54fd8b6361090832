//! Which files are never exchanged with a session's folder.

use pager_core::transfer::{DENIED, Transfer};

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "deny-globs",
    title: "Files never exchanged",
    group: Group::Configuration,
    look: Look::Here(look),
};

fn look(scene: &Scene) -> Found {
    let files = scene.config().map(|config| &config.files);
    Ok(files.map(|files| judge(files.enabled, &files.deny)).unwrap_or_default())
}

fn judge(enabled: bool, own: &[String]) -> Vec<Finding> {
    if !enabled {
        return vec![Finding::ok("no file is exchanged at all: files.enabled is false")];
    }
    vec![match Transfer::new(own.iter().map(String::as_str)) {
        Ok(_) if own.is_empty() => {
            Finding::ok(format!("{} built-in patterns, none of your own", DENIED.len()))
        }
        Ok(_) => {
            let own = own.join(", ");
            Finding::ok(format!("{} built-in patterns and yours: {own}", DENIED.len()))
        }
        Err(error) => Finding::fail(error.to_string())
            .means("No file is exchanged as long as a pattern of files.deny is none.")
            .fix("pagerctl config check"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn patterns_are_tried() {
        assert!(judge(false, &[])[0].text.contains("no file"));
        assert!(judge(true, &[])[0].text.contains("none of your own"));
        assert!(judge(true, &["*.sqlite".to_owned()])[0].text.ends_with("yours: *.sqlite"));
        assert_eq!(judge(true, &["[".to_owned()])[0].status, Status::Fail);
    }
}
