//! Whether Telegram knows the token, and what it lets the bot do.

use futures_util::future::FutureExt;

use crate::doctor::report::{Finding, Group};
use crate::doctor::{Check, Found, Look, Scene};
use crate::setup::bot::BotError;

pub(super) static CHECK: Check = Check {
    id: "bot",
    title: "Bot",
    group: Group::Telegram,
    look: Look::AsksDaemon(|s| look(s).boxed_local()),
};

/// What Telegram says of the bot.
#[derive(Debug, Clone)]
struct Facts {
    name: String,
    joins_groups: bool,
    /// Whether it gets all that is said in groups, and not only what is said to it.
    reads_all: bool,
}

/// What the configuration has of groups.
#[derive(Debug, Clone, Copy)]
struct Groups {
    listed: usize,
    /// In how many it need not be spoken to.
    without_mention: usize,
}

async fn look(scene: &Scene) -> Found {
    let (Some(bot), Some(config)) = (scene.bot().await, scene.config()) else {
        let unasked = Finding::ok(
            "not asked, nor for its webhook and chats: only the daemon can read the token; \
             \"telegram\" tells what it hears",
        );
        let elsewhere = scene.token_is_the_daemons_alone().await;
        return Ok(elsewhere.then_some(unasked).into_iter().collect());
    };
    let asked = bot?.me().await.map(|me| Facts {
        name: me.username().to_owned(),
        joins_groups: me.can_join_groups,
        reads_all: me.can_read_all_group_messages,
    });
    let groups = &config.telegram.groups;
    let without_mention = groups.values().filter(|group| !group.require_mention).count();
    Ok(judge(asked, Groups { listed: groups.len(), without_mention }))
}

/// What came of asking Telegram, where it brought nothing.
pub(super) fn refused(error: &BotError) -> Finding {
    let text = error.to_string();
    match error {
        BotError::Token => Finding::fail(text)
            .means("It was revoked, or is not the whole of it. Nobody is asked on Telegram.")
            .fix("pagerctl rotate-token"),
        BotError::Network { .. } => Finding::fail(text)
            .means("The daemon goes on trying, and nobody is asked on Telegram meanwhile.")
            .fix("look at the network, at a proxy, and at telegram.api_url"),
        BotError::NotTheApi(_) => Finding::fail(text)
            .means("Something else than the Bot API is at telegram.api_url.")
            .fix("pagerctl config get telegram.api_url"),
        BotError::TooMany(_) => Finding::warn(text)
            .means("Too much was asked of Telegram of late.")
            .fix("run this again later"),
        BotError::OtherPoller | BotError::Webhook | BotError::Chat(_) | BotError::Other(_) => {
            Finding::warn(text).means("Telegram does not answer what was asked.")
        }
    }
}

fn judge(asked: Result<Facts, BotError>, groups: Groups) -> Vec<Finding> {
    let facts = match asked {
        Ok(facts) => facts,
        Err(error) => return vec![refused(&error)],
    };
    let mut found = vec![Finding::ok(format!("Telegram knows the token: @{}", facts.name))];
    if groups.listed == 0 {
        return found;
    }
    if !facts.joins_groups {
        found.push(
            Finding::warn("the bot may not be added to groups, and the configuration has some")
                .means("It stays in those where it is, and comes into no other.")
                .fix("@BotFather: /setjoingroups, Enable"),
        );
    }
    found.push(match (facts.reads_all, groups.without_mention) {
        (false, 0) => Finding::ok("privacy mode is on: in groups it gets what is said to it"),
        (false, n) => Finding::warn(format!(
            "privacy mode is on, and {} require_mention = false",
            if n == 1 { "a group has".to_owned() } else { format!("{n} groups have") }
        ))
        .means(
            "Telegram gives the bot only commands, replies to it, and what names it, so the rest \
             is not heard there whatever the configuration says.",
        )
        .fix(
            "@BotFather: /setprivacy, Disable; then take the bot out of the group and add it again",
        ),
        (true, 0) => Finding::warn("privacy mode is off, and no group needs that")
            .means("The bot gets everything that is said in its groups, and passes it over.")
            .fix("@BotFather: /setprivacy, Enable"),
        (true, _) => Finding::ok("privacy mode is off, as require_mention = false needs it"),
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    fn statuses(reads_all: bool, joins_groups: bool, listed: usize, free: usize) -> Vec<Status> {
        let facts = Facts { name: "my_bot".to_owned(), joins_groups, reads_all };
        let found = judge(Ok(facts), Groups { listed, without_mention: free });
        found.iter().map(|finding| finding.status).collect()
    }

    #[test]
    fn privacy_mode_is_held_against_the_groups() {
        use Status::{Ok, Warn};
        assert_eq!(statuses(false, false, 0, 0), [Ok], "without groups it does not matter");
        assert_eq!(statuses(false, true, 1, 0), [Ok, Ok]);
        assert_eq!(statuses(false, true, 2, 1), [Ok, Warn]);
        assert_eq!(statuses(true, true, 2, 0), [Ok, Warn]);
        assert_eq!(statuses(true, true, 2, 1), [Ok, Ok]);
        assert_eq!(statuses(false, false, 1, 0), [Ok, Warn, Ok]);
    }

    #[test]
    fn a_token_that_is_not_known_fails() {
        for (error, status) in [
            (BotError::Token, Status::Fail),
            (BotError::NotTheApi("example.org".to_owned()), Status::Fail),
            (BotError::TooMany(3), Status::Warn),
        ] {
            assert_eq!(refused(&error).status, status);
        }
    }
}
