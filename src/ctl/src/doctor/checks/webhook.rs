//! Whether somebody else is given what people write to the bot.

use futures_util::future::FutureExt;

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};

pub(super) static CHECK: Check = Check {
    id: "webhook",
    title: "Webhook",
    group: Group::Telegram,
    look: Look::AsksDaemon(|scene| look(scene).boxed_local()),
};

async fn look(scene: &Scene) -> Found {
    let Some(bot) = scene.bot().await else { return Ok(Vec::new()) };
    // Why it does not answer is told by the check of the bot.
    Ok(bot?.webhook().await.map(|webhook| judge(webhook.as_deref())).unwrap_or_default())
}

fn judge(webhook: Option<&str>) -> Vec<Finding> {
    vec![match webhook {
        None => Finding::ok("none is set"),
        Some(host) => Finding::fail(format!("what people write to the bot goes to {host}"))
            .means("While a webhook is set, no answer of anybody's reaches pager.")
            .fix("pagerctl setup --delete-webhook"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn one_that_is_set_fails() {
        assert_eq!(judge(None)[0].status, Status::Ok);
        assert_eq!(judge(Some("example.org"))[0].status, Status::Fail);
    }
}
