//! The clock: approvals expire by it, pairing codes do, and records are dated by it.

use futures_util::future::FutureExt;
use jiff::Timestamp;

use crate::doctor::bus::Properties;
use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "clock",
    title: "Clock",
    group: Group::Host,
    look: Look::Asks(|scene| look(scene).boxed_local()),
};

async fn look(scene: &Scene) -> Found {
    const OWNER: &str = "org.freedesktop.timedate1";
    let synchronized = match scene.system_bus().await {
        Err(_) => None,
        Ok(bus) => Properties::of(bus, OWNER, "/org/freedesktop/timedate1", OWNER)
            .await
            .ok()
            .and_then(|properties| properties.get("NTPSynchronized")),
    };
    // The program was built before it can run.
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let built = program.and_then(|stat| stat.modified()).ok();
    let built = built.and_then(|time| Timestamp::try_from(time).ok());
    Ok(judge(Timestamp::now(), built, synchronized))
}

fn judge(now: Timestamp, built: Option<Timestamp>, synchronized: Option<bool>) -> Vec<Finding> {
    if let Some(built) = built.filter(|built| now < *built) {
        let found =
            Finding::fail(format!("it is {now:.0}, before this pager was made ({built:.0})"));
        let found = found.means(
            "Telegram's certificates may be refused, and questions expire at another time than \
             they should.",
        );
        return vec![found.fix("set the clock: timedatectl set-ntp true")];
    }
    vec![match synchronized {
        Some(true) => Finding::ok("it is kept right by the network"),
        Some(false) => Finding::warn("it is not kept right by the network")
            .means(
                "Taps on Telegram count for some minutes only: a clock that is off refuses them.",
            )
            .fix("timedatectl set-ntp true"),
        None => Finding::ok("whether the network keeps it right is not known here"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn a_clock_of_before_the_release_fails() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let built = Some(time("2026-11-21T00:00:00Z"));
        let at = |now, synchronized| judge(time(now), built, synchronized)[0].status;
        assert_eq!(at("1970-01-01T00:00:00Z", Some(true)), Status::Fail);
        assert_eq!(at("2026-11-22T00:00:00Z", Some(true)), Status::Ok);
        assert_eq!(at("2026-11-22T00:00:00Z", Some(false)), Status::Warn);
        assert_eq!(at("2026-11-22T00:00:00Z", None), Status::Ok);
        assert_eq!(judge(time("1970-01-01T00:00:00Z"), None, None)[0].status, Status::Ok);
    }
}
