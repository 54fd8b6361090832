//! The name on the session bus: whose it is, and whether asking for it starts the daemon.

use futures_util::future::FutureExt;
use zbus::fdo::DBusProxy;

use crate::daemon::BUS_NAME;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::failure::Failure;

pub(super) static CHECK: Check = Check {
    id: "bus-name",
    title: "Bus name",
    group: Group::Doors,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

/// What the bus says of the name.
#[derive(Debug, Clone)]
struct Facts {
    owner: Option<Owner>,
    activatable: bool,
}

#[derive(Debug, Clone)]
struct Owner {
    pid: u32,
    /// The control group it runs in, which has the unit's name in it.
    group: String,
}

async fn look(scene: &Scene) -> Found {
    if !scene.is_usual() {
        return Ok(Vec::new());
    }
    let bus = match scene.session_bus().await {
        Ok(bus) => bus,
        Err(why) => {
            return Ok(vec![
                Finding::warn(why)
                    .means(
                        "Desktop programs do not reach pager, and no notification is shown. \
                            Hooks, Telegram and pagerctl work without it.",
                    )
                    .fix("install and start a session bus, such as dbus-user-session"),
            ]);
        }
    };
    let ask = async {
        let bus = DBusProxy::new(bus).await?;
        let activatable = bus.list_activatable_names().await?;
        let activatable = activatable.iter().any(|name| name.as_str() == BUS_NAME);
        let owner = match bus.get_connection_unix_process_id(BUS_NAME.try_into()?).await {
            Ok(pid) => {
                let group = std::fs::read_to_string(format!("/proc/{pid}/cgroup"));
                Some(Owner { pid, group: group.unwrap_or_default() })
            }
            Err(_) => None,
        };
        Ok::<_, zbus::Error>(Facts { owner, activatable })
    };
    let facts =
        ask.await.map_err(|error| Failure::failed(format!("the bus does not tell: {error}")))?;
    Ok(judge(&facts))
}

fn judge(facts: &Facts) -> Vec<Finding> {
    let mut found = vec![match &facts.owner {
        None if facts.activatable => {
            Finding::ok(format!("nobody has {BUS_NAME} now; asking for it starts the daemon"))
        }
        None => Finding::warn(format!("nobody has {BUS_NAME}"))
            .means("Desktop programs do not reach pager until the daemon runs.")
            .fix("systemctl --user start pager.service"),
        Some(owner) if owner.group.trim_end().ends_with("/pager.service") => {
            Finding::ok(format!("{BUS_NAME} is pager.service's"))
        }
        Some(owner) => Finding::warn(format!(
            "process {} has {BUS_NAME}, and is not pager.service",
            owner.pid
        ))
        .means(
            "It may be a pagerd that was started by hand; the user manager's cannot have it then.",
        )
        .fix(format!("ps -p {}", owner.pid)),
    }];
    if !facts.activatable {
        found.push(
            Finding::warn("asking for the name does not start the daemon")
                .means("The bus knows no activation file of pager's.")
                .fix("install pager whole, then log in again"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn the_name_is_the_services_and_starts_it() {
        let owner = |group: &str| Some(Owner { pid: 7, group: group.to_owned() });
        let statuses = |owner, activatable| {
            let found = judge(&Facts { owner, activatable });
            found.iter().map(|it| it.status).collect::<Vec<_>>()
        };
        let service = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/pager.service\n";
        assert_eq!(statuses(owner(service), true), [Status::Ok]);
        assert_eq!(statuses(owner("0::/user.slice/session-1.scope\n"), true), [Status::Warn]);
        assert_eq!(statuses(None, true), [Status::Ok]);
        assert_eq!(statuses(None, false), [Status::Warn, Status::Warn]);
    }
}
