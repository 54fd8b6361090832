//! The units of the user manager: there, enabled, and as they are on the disk.

use futures_util::future::FutureExt;

use crate::doctor::bus::{self, Unit};
use crate::doctor::fix::Mend;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;
use crate::setup::service;

pub(super) static CHECK: Check = Check {
    id: "units",
    title: "Units",
    group: Group::Doors,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

async fn look(scene: &Scene) -> Found {
    if !scene.is_usual() {
        return Ok(vec![Finding::ok("not looked at: the daemon was named by its folder")]);
    }
    if !service::user_manager() {
        return Ok(vec![
            Finding::warn("there is no user manager")
                .means("Nothing starts pagerd, and nothing watches it.")
                .fix("log in by systemd-logind, or run pagerd by hand: pagerd --runtime-dir DIR"),
        ]);
    }
    let (socket, service) = units(scene).await?;
    Ok(judge(&socket, &service))
}

/// The two units, as the user manager has them.
pub(super) async fn units(scene: &Scene) -> Result<(Unit, Unit), Failure> {
    let bus = scene.session_bus().await.map_err(Failure::failed)?;
    let asked = async {
        let socket = bus::unit(bus, "pager.socket").await?;
        Ok::<_, zbus::Error>((socket, bus::unit(bus, "pager.service").await?))
    };
    let failed = |error| Failure::failed(format!("the user manager does not tell: {error}"));
    asked.await.map_err(failed)
}

fn judge(socket: &Unit, service: &Unit) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, unit) in [("pager.socket", socket), ("pager.service", service)] {
        match unit.load_state.as_str() {
            "loaded" => {}
            "masked" => found.push(
                Finding::fail(format!("{name} is masked"))
                    .means("It cannot be started by anything.")
                    .fix(format!("systemctl --user unmask {name}")),
            ),
            "not-found" => found.push(
                Finding::fail(format!("{name} is not installed"))
                    .means("The user manager looks for it in vain.")
                    .fix("install pager whole, then: systemctl --user daemon-reload"),
            ),
            other => found.push(
                Finding::fail(format!("{name} cannot be loaded: {other}"))
                    .means("Something in its file, or in a drop-in, is wrong.")
                    .fix(format!("systemctl --user status {name}")),
            ),
        }
        if unit.needs_reload {
            found.push(
                Finding::warn(format!("{name} is newer on the disk than the one in use"))
                    .means("It was installed or edited, and the user manager was not told.")
                    .fix(
                        "systemctl --user daemon-reload && systemctl --user restart pager.service",
                    ),
            );
        }
    }
    if socket.load_state != "loaded" {
        return found;
    }
    let enabled = matches!(socket.file_state.as_str(), "enabled" | "static" | "linked" | "alias");
    match (enabled, socket.active_state.as_str()) {
        (true, "active") => found.push(Finding::ok("pager.socket is enabled, and listened on")),
        (false, "active") => found.push(
            Finding::warn(format!("pager.socket is {}, but listened on now", said(socket)))
                .means("After the next login it is not, and no agent reaches pager.")
                .mend(Mend::Enable),
        ),
        (_, "failed") => found.push(
            Finding::fail("pager.socket has failed")
                .means("The daemon could not be started several times; no agent reaches pager.")
                .fix("systemctl --user reset-failed pager.socket pager.service && systemctl --user start pager.socket"),
        ),
        (_, state) => found.push(
            Finding::fail(format!("pager.socket is {} and {state}", said(socket)))
                .means("Nobody listens on the hook socket: no agent reaches pager.")
                .mend(Mend::Enable),
        ),
    }
    if service.active_state == "failed" {
        found.push(
            Finding::fail("pager.service has failed")
                .means("It was started and ended at once.")
                .fix("journalctl --user -u pager.service"),
        );
    }
    found
}

fn said(unit: &Unit) -> &str {
    if unit.file_state.is_empty() { "not enabled" } else { &unit.file_state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    fn unit(file_state: &str, active_state: &str) -> Unit {
        Unit {
            load_state: "loaded".to_owned(),
            file_state: file_state.to_owned(),
            active_state: active_state.to_owned(),
            ..Unit::default()
        }
    }

    #[test]
    fn an_enabled_socket_that_listens_is_in_order() {
        let found = judge(&unit("enabled", "active"), &unit("static", "active"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].status, Status::Ok);
    }

    #[test]
    fn one_that_is_not_enabled_can_be_mended() {
        for (file, active, status) in [
            ("disabled", "inactive", Status::Fail),
            ("enabled", "inactive", Status::Fail),
            ("disabled", "active", Status::Warn),
        ] {
            let found = judge(&unit(file, active), &unit("static", "inactive")).remove(0);
            assert_eq!((found.status, found.mend), (status, Some(Mend::Enable)), "{file} {active}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_unit_is_named() {
        let fine = || unit("enabled", "active");
        let says = |socket: Unit, service: Unit, text: &str| {
            let found = judge(&socket, &service);
            assert!(found.iter().any(|it| it.text.contains(text) && it.fix.is_some()), "{found:?}");
        };
        says(fine(), Unit { needs_reload: true, ..fine() }, "pager.service is newer on the disk");
        says(Unit { load_state: "masked".to_owned(), ..fine() }, fine(), "pager.socket is masked");
        says(Unit { load_state: "not-found".to_owned(), ..fine() }, fine(), "not installed");
        says(Unit { load_state: "bad-setting".to_owned(), ..fine() }, fine(), "bad-setting");
        says(unit("enabled", "failed"), fine(), "pager.socket has failed");
        says(fine(), unit("static", "failed"), "pager.service has failed");
    }
}
