//! Whether policy.toml can be read.

use crate::commands::policy;
use crate::doctor::report::{Finding, Group, counted};
use crate::doctor::{Check, Look};
use crate::failure::Failure;

pub(super) static CHECK: Check = Check {
    id: "policy",
    title: "Policy",
    group: Group::Configuration,
    look: Look::Here(|_| Ok(judge(policy::check::own()))),
};

fn judge(own: Result<Option<(usize, usize)>, Failure>) -> Vec<Finding> {
    vec![match own {
        Ok(None) => Finding::ok("there is none: everything is asked, secrets are denied"),
        Ok(Some((rules, 0))) => Finding::ok(counted(rules, "rule")),
        Ok(Some((rules, warnings))) => Finding::warn(format!(
            "{}, and {}",
            counted(rules, "rule"),
            counted(warnings, "warning")
        ))
        .means("Some rule does not do what it seems to.")
        .fix("pagerctl policy check"),
        Err(failure) => Finding::fail(failure.what)
            .means(
                "A daemon that runs goes on with the policy it has read before; one that is \
                 started now asks of everything.",
            )
            .fix("pagerctl policy check"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_policy_is_judged_by_what_its_check_says() {
        for (own, status) in [
            (Ok(None), Status::Ok),
            (Ok(Some((3, 0))), Status::Ok),
            (Ok(Some((1, 2))), Status::Warn),
            (Err(Failure::failed("policy.toml:1:1: no")), Status::Fail),
        ] {
            assert_eq!(judge(own)[0].status, status);
        }
    }
}
