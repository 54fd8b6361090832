//! The machine around it: the user manager, and whether it outlives a logout.

use super::Finding;
use crate::setup::service;

pub(super) fn look() -> Vec<Finding> {
    const CHECK: &str = "systemd";
    if !service::user_manager() {
        return vec![
            Finding::warning(
                CHECK,
                "there is no user manager: nothing starts pagerd or watches it",
            )
            .hint("run pagerd by hand, with --runtime-dir"),
        ];
    }
    let mut found = Vec::new();
    found.push(if service::is_enabled() {
        Finding::ok(CHECK, "pager.socket is enabled")
    } else {
        Finding::problem(CHECK, "pager.socket is not enabled: no agent reaches pager")
            .hint("systemctl --user enable --now pager.socket")
    });
    found.push(match service::lingers() {
        Ok(true) => Finding::ok(CHECK, "it goes on when you log out"),
        Ok(false) => {
            Finding::ok(CHECK, "it ends when you log out; loginctl enable-linger keeps it")
        }
        Err(failure) => {
            Finding::warning(CHECK, format!("whether it ends when you log out: {}", failure.what))
        }
    });
    found
}
