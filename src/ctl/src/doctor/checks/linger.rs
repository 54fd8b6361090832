//! Whether the user manager goes on when the person has logged out.

use futures_util::future::FutureExt;

use crate::doctor::bus::{LoginManagerProxy, Properties};
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "linger",
    title: "After logout",
    group: Group::Host,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

async fn look(scene: &Scene) -> Found {
    let Ok(bus) = scene.system_bus().await else { return Ok(judge(None)) };
    let asked = async {
        let uid = rustix::process::getuid().as_raw();
        let path = LoginManagerProxy::new(bus).await?.get_user(uid).await?;
        const OWNER: &str = "org.freedesktop.login1";
        Properties::of(bus, OWNER, &path, "org.freedesktop.login1.User").await
    };
    Ok(judge(asked.await.ok().and_then(|user| user.get("Linger"))))
}

fn judge(lingers: Option<bool>) -> Vec<Finding> {
    vec![match lingers {
        Some(true) => Finding::ok("it goes on when you log out"),
        Some(false) => Finding::ok(
            "it ends when you log out, as your agents do; loginctl enable-linger keeps it",
        ),
        None => Finding::ok("whether it ends when you log out is not known: logind does not tell"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_words() {
        assert!(judge(Some(true))[0].text.contains("goes on"));
        assert!(judge(Some(false))[0].text.contains("enable-linger"));
        assert!(judge(None)[0].text.contains("not known"));
    }
}
