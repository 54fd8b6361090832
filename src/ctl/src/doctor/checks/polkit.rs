//! polkit, where the policy has a yes wait for it.

use std::path::Path;

use futures_util::future::FutureExt;
use zbus::fdo::DBusProxy;

use crate::commands::policy;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "polkit",
    title: "polkit",
    group: Group::Host,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

const ACTIONS: &str = "/usr/share/polkit-1/actions/org.pagerd.pager1.policy";
const NAME: &str = "org.freedesktop.PolicyKit1";

async fn look(scene: &Scene) -> Found {
    let required = policy::check::own_requires_polkit();
    let present = match scene.system_bus().await {
        Err(_) => false,
        Ok(bus) => {
            let asked = async {
                let bus = DBusProxy::new(bus).await?;
                if bus.name_has_owner(NAME.try_into()?).await? {
                    return Ok(true);
                }
                let names = bus.list_activatable_names().await?;
                Ok::<_, zbus::Error>(names.iter().any(|name| name.as_str() == NAME))
            };
            asked.await.unwrap_or(false)
        }
    };
    Ok(judge(required, present, Path::new(ACTIONS).exists()))
}

fn judge(required: bool, present: bool, actions: bool) -> Vec<Finding> {
    vec![match (required, present, actions) {
        (_, true, true) => Finding::ok("it is there, and knows pager's actions"),
        (false, ..) => Finding::ok("not needed: no rule of the policy requires it"),
        (true, false, _) => Finding::fail("a rule of the policy requires polkit, which is not there")
            .means("What that rule is about can be denied, and allowed at the agent's terminal only.")
            .fix("install polkit, or take require = \"polkit\" out of policy.toml"),
        (true, true, false) => Finding::fail(format!("polkit does not know pager's actions: there is no {ACTIONS}"))
            .means("What the policy requires it for can be denied, and allowed at the agent's terminal only.")
            .fix("install pager whole, as a package or by `sudo make install`"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn it_is_missed_only_where_it_is_required() {
        assert_eq!(judge(false, false, false)[0].status, Status::Ok);
        assert_eq!(judge(true, true, true)[0].status, Status::Ok);
        assert_eq!(judge(true, false, true)[0].status, Status::Fail);
        assert_eq!(judge(true, true, false)[0].status, Status::Fail);
    }
}
