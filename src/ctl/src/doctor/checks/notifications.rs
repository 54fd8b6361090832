//! The desktop's notifications: whether somebody shows them, and with what.

use std::time::Duration;

use futures_util::future::FutureExt;
use tokio::time::timeout;

use crate::doctor::bus::NotificationsProxy;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "notifications",
    title: "Notifications",
    group: Group::Doors,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

/// A server that is started by being asked may wait for a screen that there is none of.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

async fn look(scene: &Scene) -> Found {
    if scene.config().is_some_and(|config| !config.desktop.enabled) {
        return Ok(vec![Finding::ok("switched off: desktop.enabled is false")]);
    }
    let Ok(bus) = scene.session_bus().await else { return Ok(judge(None)) };
    let asked = async {
        let server = NotificationsProxy::new(bus).await?;
        let (name, _, version, _) = server.get_server_information().await?;
        Ok::<_, zbus::Error>((format!("{name} {version}"), server.get_capabilities().await?))
    };
    Ok(judge(timeout(ANSWERS_WITHIN, asked).await.ok().and_then(Result::ok)))
}

fn judge(server: Option<(String, Vec<String>)>) -> Vec<Finding> {
    let Some((name, abilities)) = server else {
        return vec![
            Finding::warn("nobody shows any")
                .means("Every other place works. On a machine without a desktop that is as it should be.")
                .fix("run a notification daemon, or set desktop.enabled = false"),
        ];
    };
    let can = |ability: &str| abilities.iter().any(|it| it == ability);
    if !can("actions") {
        return vec![
            Finding::warn(format!("{name} has no buttons"))
                .means(
                    "Questions are shown there, and answered with pagerctl, on Telegram or at the \
                        agent's terminal.",
                )
                .fix("pagerctl list"),
        ];
    }
    let lacks = [
        ("body", "the text below the title"),
        ("persistence", "keeping them until they are answered"),
    ];
    let lacks: Vec<_> =
        lacks.into_iter().filter(|(ability, _)| !can(ability)).map(|(_, what)| what).collect();
    vec![match lacks.as_slice() {
        [] => Finding::ok(format!("{name}, with buttons")),
        lacks => Finding::ok(format!("{name}, with buttons, without {}", lacks.join(" and "))),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_server_without_buttons_is_warned_of() {
        let server = |abilities: &[&str]| {
            let abilities = abilities.iter().map(|&it| it.to_owned()).collect();
            judge(Some(("dunst 1.9".to_owned(), abilities))).remove(0)
        };
        let full = server(&["actions", "body", "persistence"]);
        assert_eq!((full.status, full.text.as_str()), (Status::Ok, "dunst 1.9, with buttons"));
        assert!(server(&["actions", "body"]).text.contains("without keeping them"));
        assert_eq!(server(&["body"]).status, Status::Warn);
        assert_eq!(judge(None)[0].status, Status::Warn);
    }
}
