//! Whether Claude Code asks at all: in some of its permission modes it answers itself, and what is not
//! asked reaches nobody.

use std::path::Path;

use serde::Deserialize;

use crate::commands::hooks::Agent;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::output::shown;

pub(super) static CHECK: Check = Check {
    id: "permission-mode",
    title: "Permission mode",
    group: Group::Agents,
    look: Look::Here(look),
};

/// What an administrator has set goes before everything of the person's.
/// <https://code.claude.com/docs/en/settings>
const MANAGED: &str = "/etc/claude-code/managed-settings.json";
/// The first release that was seen to begin in the auto mode where nothing else is set.
const AUTO_SINCE: (u32, u32, u32) = (2, 1, 329);

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    permissions: Permissions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permissions {
    default_mode: Option<String>,
}

fn look(_: &Scene) -> Found {
    let wiring = Agent::Claude.wiring()?;
    let release = wiring.release();
    let own = wiring.file();
    let set = set(own);
    if release.is_none() && set.is_none() {
        return Ok(Vec::new());
    }
    let (file, mode) = set.unzip();
    Ok(vec![judge(&shown(file.unwrap_or(own)), mode.as_deref(), release.as_deref())])
}

/// Whether a session that is started without a word of its mode begins in the auto mode unasked.
pub(crate) fn begins_in_auto() -> bool {
    let Ok(wiring) = Agent::Claude.wiring() else { return false };
    set(wiring.file()).is_none() && is_auto(wiring.release().as_deref())
}

/// The mode that is set, and where.
fn set(own: &Path) -> Option<(&Path, String)> {
    [Path::new(MANAGED), own].into_iter().find_map(|file| Some((file, mode(file)?)))
}

fn is_auto(release: Option<&str>) -> bool {
    release.and_then(super::agents::release).is_some_and(|release| release >= AUTO_SINCE)
}

/// The mode that a file of settings has. One that cannot be read is told by the check of the hooks.
fn mode(file: &Path) -> Option<String> {
    let settings: Settings = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    settings.permissions.default_mode
}

fn judge(file: &str, mode: Option<&str>, release: Option<&str>) -> Finding {
    let asks_first = "claude --permission-mode default, or in it Shift+Tab; for always: \
                      \"permissions\": {\"defaultMode\": \"default\"} in ";
    match mode {
        Some(mode @ ("default" | "plan")) => {
            Finding::ok(format!("{mode}, by {file}: Claude Code asks before it does anything"))
        }
        Some("acceptEdits") => Finding::ok(format!(
            "acceptEdits, by {file}: Claude Code writes files unasked, and asks for the rest"
        )),
        Some("auto") => Finding::ok(format!(
            "auto, by {file}: Claude Code asks only what its own check does not let pass"
        )),
        Some(mode) => Finding::warn(format!("{mode}, by {file}"))
            .means("Claude Code may do in it what nobody was asked about.")
            .fix(format!("{asks_first}{file}")),
        None if is_auto(release) => {
            Finding::warn("none is set, and this release of Claude Code then begins in auto")
                .means("In it Claude Code asks only what its own check does not let pass.")
                .fix(format!("{asks_first}{file}"))
        }
        None => Finding::ok("none is set: Claude Code asks before it does anything"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_mode_in_which_nobody_is_asked_is_told() {
        use Status::{Ok, Warn};
        for (mode, release, status) in [
            (Some("default"), Some("2.1.330"), Ok),
            (Some("plan"), None, Ok),
            (Some("acceptEdits"), Some("2.1.197"), Ok),
            (Some("auto"), Some("2.1.330"), Ok),
            (Some("bypassPermissions"), Some("2.1.197"), Warn),
            (Some("something new"), None, Warn),
            (None, Some("2.1.330"), Warn),
            (None, Some("2.1.197"), Ok),
            (None, None, Ok),
        ] {
            let found = judge("/home/me/.claude/settings.json", mode, release);
            assert_eq!(found.status, status, "{mode:?} {release:?}");
            assert_eq!(found.fix.is_some(), status == Warn);
        }
    }

    #[test]
    fn it_is_read_where_it_is_set() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("settings.json");
        assert_eq!(mode(&file), None);
        for (text, expected) in [
            ("{}", None),
            (r#"{"permissions": {"allow": []}}"#, None),
            (r#"{"permissions": {"defaultMode": "auto"}}"#, Some("auto")),
            ("{", None),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(mode(&file).as_deref(), expected, "{text}");
        }
    }
}
