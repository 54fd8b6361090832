//! Whether the kernel lets a user make namespaces, which is what confines an agent without root.

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "user-namespaces",
    title: "User namespaces",
    group: Group::Host,
    look: Look::Here(look),
};

/// What the kernel's switches say; none for one that it does not have.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    /// `kernel.unprivileged_userns_clone`, of Debian's kernels.
    clone: Option<u64>,
    /// `user.max_user_namespaces`
    most: Option<u64>,
    /// `kernel.apparmor_restrict_unprivileged_userns`
    restricted: Option<u64>,
}

fn look(_: &Scene) -> Found {
    let switch = |path: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/{path}")).ok()?;
        text.trim().parse().ok()
    };
    Ok(judge(Facts {
        clone: switch("kernel/unprivileged_userns_clone"),
        most: switch("user/max_user_namespaces"),
        restricted: switch("kernel/apparmor_restrict_unprivileged_userns"),
    }))
}

/// The daemon itself needs none.
fn judge(facts: Facts) -> Vec<Finding> {
    vec![Finding::ok(if facts.clone == Some(0) {
        "forbidden to users (kernel.unprivileged_userns_clone = 0): agents cannot be confined by them"
    } else if facts.most == Some(0) {
        "forbidden (user.max_user_namespaces = 0): agents cannot be confined by them"
    } else if facts.restricted == Some(1) {
        "for programs with an AppArmor profile only: agents can be confined by bwrap where that has one"
    } else if facts.most.is_none() {
        "the kernel does not say whether there are any"
    } else {
        "there are: agents can be confined by them"
    })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn each_switch_is_told_and_none_is_a_fault() {
        let open = Facts { most: Some(100), ..Facts::default() };
        for (facts, word) in [
            (open, "can be confined by them"),
            (Facts::default(), "does not say"),
            (Facts { clone: Some(0), ..open }, "userns_clone"),
            (Facts { most: Some(0), ..open }, "max_user"),
            (Facts { restricted: Some(1), ..open }, "AppArmor"),
        ] {
            let found = judge(facts).remove(0);
            assert!(found.text.contains(word) && found.status == Status::Ok, "{}", found.text);
        }
    }
}
