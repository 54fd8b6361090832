//! How the daemon does with Telegram: whether it is heard there, and whether another program takes
//! the bot's messages.

use futures_util::future::FutureExt;

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "telegram",
    title: "Telegram",
    group: Group::Telegram,
    look: Look::AsksDaemon(|scene| look(scene).boxed_local()),
};

async fn look(scene: &Scene) -> Found {
    // That it cannot be reached is told by its own check.
    let Ok(summary) = scene.daemon().await else { return Ok(Vec::new()) };
    Ok(judge(&summary.telegram_state, scene.telegram_is_wanted()))
}

fn judge(state: &str, wanted: bool) -> Vec<Finding> {
    const LOG: &str = "journalctl --user -u pager.service";
    vec![match state {
        "off" if wanted => Finding::fail("the configuration has a token, and the daemon has none")
            .means("It has read the configuration before the token was there.")
            .fix("systemctl --user reload pager.service"),
        "off" => Finding::warn("is off").means("Nobody is asked on a phone.").fix("pagerctl setup"),
        "connecting" => Finding::warn("has not answered the daemon yet")
            .means("It may have been started this moment.")
            .fix("pagerctl doctor telegram"),
        "unauthorized" => Finding::fail("does not know the token of the daemon")
            .means("Nobody is asked on a phone until it has another.")
            .fix("pagerctl rotate-token"),
        conflict if conflict.starts_with("conflict") => Finding::fail(conflict)
            .means(
                "Telegram gives what people write to one program only. As long as another takes \
                 it, answers are lost to pager at random.",
            )
            .fix("stop the other program, or give pager a bot of its own: pagerctl rotate-token --other-bot"),
        fine if fine.starts_with("connected ") && !fine.contains(", but ") => Finding::ok(fine),
        partly if partly.starts_with("connected ") => Finding::fail(partly)
            .means("Some of what was to be said there was not.")
            .fix(LOG),
        other => Finding::fail(other)
            .means("The daemon goes on trying, and nobody is asked there meanwhile.")
            .fix(LOG),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn every_state_of_the_daemon_has_its_word() {
        use pagerd::surfaces::telegram::TelegramState as State;
        let bot = || "my_bot".to_owned();
        let why = || "why".to_owned();
        for (state, status) in [
            (State::Off, Status::Warn),
            (State::Connecting, Status::Warn),
            (State::Connected { bot: bot(), trouble: None }, Status::Ok),
            (State::Connected { bot: bot(), trouble: Some(why()) }, Status::Fail),
            (State::Unreachable { why: why() }, Status::Fail),
            (State::Conflict { why: why() }, Status::Fail),
            (State::Unauthorized, Status::Fail),
        ] {
            let found = judge(&state.to_string(), false).remove(0);
            assert_eq!(found.status, status, "{state}");
            assert_eq!(found.fix.is_none(), status == Status::Ok);
        }
        assert_eq!(judge("off", true)[0].status, Status::Fail);
    }
}
