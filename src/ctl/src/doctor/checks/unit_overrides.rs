//! Whether somebody has changed the units: by drop-ins, or by copies that hide the installed ones.

use std::path::Path;

use futures_util::future::FutureExt;

use super::units::units;
use crate::doctor::bus::Unit;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::setup::service;

pub(super) static CHECK: Check = Check {
    id: "unit-overrides",
    title: "Changed units",
    group: Group::Doors,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

async fn look(scene: &Scene) -> Found {
    if !scene.is_usual() || !service::user_manager() {
        return Ok(Vec::new());
    }
    let (socket, service) = units(scene).await?;
    let home = scene.paths.home().unwrap_or(Path::new("/nonexistent"));
    let installed = |name: &str| {
        let folders = ["/usr/lib/systemd/user", "/usr/local/lib/systemd/user"];
        folders.iter().any(|folder| Path::new(folder).join(name).exists())
    };
    let units = [("pager.socket", &socket), ("pager.service", &service)];
    let mut found: Vec<_> =
        units.iter().flat_map(|(name, unit)| judge(name, unit, home, installed(name))).collect();
    if found.is_empty() {
        found.push(Finding::ok("none: they are as they were installed"));
    }
    Ok(found)
}

fn judge(name: &str, unit: &Unit, home: &Path, installed: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let fragment = Path::new(&unit.fragment);
    let system = Path::new("/etc").join("systemd");
    if installed && (fragment.starts_with(home) || fragment.starts_with(&system)) {
        found.push(
            Finding::warn(format!("{} hides the installed {name}", unit.fragment))
                .means("An upgrade changes the installed one, and this stays in use.")
                .fix(format!("move {} away, then: systemctl --user daemon-reload", unit.fragment)),
        );
    }
    // Those of the distribution come with it.
    let own = |path: &&String| !Path::new(path).starts_with("/usr");
    for drop_in in unit.drop_ins.iter().filter(own) {
        found.push(Finding::ok(format!("{name} is changed by {drop_in}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn copies_are_warned_of_and_drop_ins_told() {
        let home = Path::new("/home/me");
        let at = |fragment: &str, drop_in: &str| Unit {
            fragment: fragment.to_owned(),
            drop_ins: vec![drop_in.to_owned()],
            ..Unit::default()
        };
        let usual = at("/usr/lib/systemd/user/pager.service", "/usr/lib/x.d/10.conf");
        assert_eq!(judge("pager.service", &usual, home, true), []);
        let copy = at("/home/me/.config/systemd/user/pager.service", "/home/me/x.d/10.conf");
        let statuses = |installed| {
            let found = judge("pager.service", &copy, home, installed);
            found.iter().map(|it| it.status).collect::<Vec<_>>()
        };
        assert_eq!(statuses(true), [Status::Warn, Status::Ok]);
        assert_eq!(statuses(false), [Status::Ok], "`make install` below a home hides nothing");
    }
}
