//! Which variables of the environment change where things are.

use std::ffi::OsString;

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look};

pub(super) static CHECK: Check = Check {
    id: "environment",
    title: "Environment",
    group: Group::Configuration,
    look: Look::Here(look),
};

const VARIABLES: [&str; 7] = [
    "PAGER_HOOK_SOCKET",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
];

fn look(_: &crate::doctor::Scene) -> Found {
    let uid = rustix::process::getuid().as_raw();
    Ok(judge(|name| std::env::var_os(name), uid))
}

fn judge(lookup: impl Fn(&str) -> Option<OsString>, uid: u32) -> Vec<Finding> {
    let usual = |name: &str, value: &str| {
        let folder = format!("/run/user/{uid}");
        match name {
            "XDG_RUNTIME_DIR" => value == folder,
            "DBUS_SESSION_BUS_ADDRESS" => value == format!("unix:path={folder}/bus"),
            _ => false,
        }
    };
    let set = VARIABLES.into_iter().filter_map(|name| {
        let value = lookup(name).filter(|value| !value.is_empty())?;
        let value = value.to_string_lossy().into_owned();
        if usual(name, &value) {
            return None;
        }
        let relative = name != "DBUS_SESSION_BUS_ADDRESS" && !value.starts_with('/');
        let said = format!("{name} is {value}");
        Some(if relative {
            Finding::warn(said)
                .means("It is no absolute path, and passed over or read differently elsewhere.")
                .fix(format!("unset {name}, or set it to an absolute path"))
        } else {
            Finding::ok(said)
        })
    });
    let set: Vec<_> = set.collect();
    if set.is_empty() { vec![Finding::ok("nothing in it changes where things are")] } else { set }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn only_what_is_not_as_usual_is_told() {
        let with = |name: &'static str, value: &'static str| {
            judge(move |asked| (asked == name).then(|| value.into()), 1000).remove(0)
        };
        let nothing = "nothing in it changes where things are";
        assert_eq!(with("XDG_RUNTIME_DIR", "/run/user/1000").text, nothing);
        assert_eq!(with("XDG_RUNTIME_DIR", "").text, nothing);
        assert_eq!(with("XDG_STATE_HOME", "/s").text, "XDG_STATE_HOME is /s");
        assert_eq!(with("XDG_STATE_HOME", "s").status, Status::Warn);
    }
}
