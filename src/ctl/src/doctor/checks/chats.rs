//! Whether the chats of the configuration are there for the bot.

use std::collections::BTreeSet;

use futures_util::future::FutureExt;
use futures_util::stream::{self, StreamExt};
use pager_config::Config;
use pager_core::sanitize::one_line;

use super::bot::refused;
use crate::doctor::report::{Finding, Group, counted};
use crate::doctor::{Check, Found, Look, Scene};
use crate::setup::bot::BotError;

pub(super) static CHECK: Check = Check {
    id: "chats",
    title: "Chats",
    group: Group::Telegram,
    look: Look::AsksDaemon(|scene| look(scene).boxed_local()),
};

/// More than anybody is asked in; the rest is not looked at.
const MOST: usize = 20;

async fn look(scene: &Scene) -> Found {
    let (Some(bot), Some(config)) = (scene.bot().await, scene.config()) else {
        return Ok(Vec::new());
    };
    let bot = bot?;
    if bot.me().await.is_err() {
        // That is told by the check of the bot.
        return Ok(Vec::new());
    }
    let asking =
        chats(config).into_iter().take(MOST).map(async |chat| (chat, bot.name_of(chat).await));
    let asked: Vec<_> = stream::iter(asking).buffered(4).collect().await;
    Ok(judge(config.telegram.chat(), &asked))
}

/// Where people are asked, heard, or told things by this bot.
fn chats(config: &Config) -> BTreeSet<i64> {
    let telegram = &config.telegram;
    let observers = telegram.observers.iter().filter(|observer| observer.token_file.is_none());
    let groups = telegram.groups.keys().copied();
    groups.chain(telegram.chat()).chain(observers.map(|observer| observer.chat)).collect()
}

fn judge(main: Option<i64>, asked: &[(i64, Result<String, BotError>)]) -> Vec<Finding> {
    let Some(main) = main else {
        return vec![
            Finding::warn("no chat is known in which somebody is asked")
                .means("Questions are asked of nobody on Telegram.")
                .fix("put your numeric id into telegram.allowed_users, or run pagerctl setup"),
        ];
    };
    let mut found = Vec::new();
    let mut reached = Vec::new();
    for (chat, answer) in asked {
        match answer {
            Ok(name) if name.is_empty() => reached.push(chat.to_string()),
            Ok(name) => reached.push(format!("{chat} ({})", one_line(name, 60))),
            Err(BotError::Chat(why)) if *chat == main => found.push(
                Finding::fail(format!("chat {chat} is not there for the bot: {why}"))
                    .means("Questions go there, and nobody sees them.")
                    .fix("write /start to the bot from there, or set telegram.chat"),
            ),
            Err(BotError::Chat(why)) => found.push(
                Finding::warn(format!("chat {chat} is not there for the bot: {why}"))
                    .means("It is in the configuration, and nothing reaches it.")
                    .fix("add the bot there, or take the chat out of pager.toml"),
            ),
            Err(error) => found.push(refused(error)),
        }
    }
    if !reached.is_empty() {
        let text = format!("{} reached: {}", counted(reached.len(), "chat"), reached.join(", "));
        found.insert(0, Finding::ok(text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Status;

    #[test]
    fn the_chat_in_which_somebody_is_asked_must_be_there() {
        let gone = || Err(BotError::Chat("chat not found".to_owned()));
        let statuses = |asked: &[_]| {
            judge(Some(1), asked).iter().map(|found| found.status).collect::<Vec<_>>()
        };
        assert_eq!(judge(None, &[])[0].status, Status::Warn);
        assert_eq!(statuses(&[(1, Ok("Ada".to_owned()))]), [Status::Ok]);
        assert_eq!(statuses(&[(1, gone())]), [Status::Fail]);
        assert_eq!(statuses(&[(1, Ok(String::new())), (-100, gone())]), [Status::Ok, Status::Warn]);
    }

    #[test]
    fn all_chats_of_this_bot_are_asked_for_once() {
        let mut config = Config::default();
        config.telegram.allowed_users = vec![7, 8];
        config.telegram.groups.insert(-100, pager_core::access::Group::default());
        assert_eq!(chats(&config), [-100, 7].into());
    }
}
