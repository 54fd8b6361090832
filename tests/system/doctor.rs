//! What the doctor says to a person who has just set pager up, on a system as it is.

use anyhow::{Context, Result, ensure};
use pager_tests::system::suite::Scenario;
use pager_tests::system::{Input, System};
use serde_json::Value;

use crate::scene::House;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "the_doctor_has_nothing_to_mend_after_setup", run: after_setup },
    Scenario { name: "the_doctor_finds_what_is_off_and_mends_it", run: mended },
];

/// What the doctor reports, and with which exit status.
fn report(system: &System, more: &str) -> Result<(i32, Value)> {
    let script = format!("pagerctl doctor --json {more}; echo $?");
    let printed = system.run_as_user(["sh", "-c", &script])?;
    let (report, status) = printed.trim_end().rsplit_once('\n').context("nothing printed")?;
    let report = serde_json::from_str(report).with_context(|| report.to_owned())?;
    Ok((status.parse()?, report))
}

/// The checks with this status, by id and what they say.
fn with<'a>(report: &'a Value, status: &str) -> Vec<(&'a str, &'a str)> {
    let checks = report["checks"].as_array().into_iter().flatten();
    let these = checks.filter(|check| check["status"] == status);
    these
        .map(|check| {
            (check["id"].as_str().unwrap_or_default(), check["text"].as_str().unwrap_or_default())
        })
        .collect()
}

fn after_setup(system: &System) -> Result<()> {
    let house = House::open(system)?;
    let (status, report) = report(system, "")?;
    assert_eq!((status, with(&report, "fail")), (0, Vec::new()), "{report:#}");
    // Everything could be looked at: no check breaks on a real manager, bus, login and desktop.
    let broken = report["checks"].as_array().into_iter().flatten().filter(|check| {
        check["text"].as_str().is_some_and(|text| text.contains("could not be checked"))
    });
    assert_eq!(broken.count(), 0, "{report:#}");
    let fine: Vec<_> = with(&report, "ok").into_iter().map(|(id, _)| id).collect();
    for id in ["units", "sockets", "bus-name", "linger", "notifications", "token", "hooks", "audit"]
    {
        ensure!(fine.contains(&id), "{id} is not in order: {report:#}");
    }
    assert!(!report.to_string().contains(&house.bot.token()));
    house.bot.finish();
    Ok(())
}

fn mended(system: &System) -> Result<()> {
    let house = House::open(system)?;
    // The package has enabled it for everybody, setup for this person.
    system.run_as_root(["systemctl", "--global", "disable", "pager.socket"])?;
    system.systemctl(["disable", "--now", "pager.socket"])?;
    let token = system.run_as_user(["sh", "-c", "ls ~/.config/pager/*token*"])?;
    system.run_as_user(["chmod", "0644", token.trim()])?;
    let (status, before) = report(system, "")?;
    let failing: Vec<_> = with(&before, "fail").into_iter().map(|(id, _)| id).collect();
    assert_eq!(status, 1);
    ensure!(failing.contains(&"units") && failing.contains(&"token"), "{before:#}");

    system
        .run_with(system.command_as_user(["pagerctl", "doctor", "--fix", "--yes"]), Input::None)?;
    let (status, after) = report(system, "")?;
    assert_eq!((status, with(&after, "fail")), (0, Vec::new()), "{after:#}");
    assert_eq!(system.systemctl(["is-enabled", "pager.socket"])?.trim(), "enabled");
    let mode = system.run_as_user(["stat", "--format=%a", token.trim()])?;
    assert_eq!(mode.trim(), "600");
    house.bot.finish();
    Ok(())
}
