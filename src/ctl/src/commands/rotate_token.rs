//! `pagerctl rotate-token`: another token for the bot.

use std::path::{Path, PathBuf};

use pager_config::{Loaded, Secret, Sources};
use pager_core::sanitize::one_line;
use serde::Serialize;

use crate::daemon::{Daemon, Target};
use crate::failure::{Failure, Status};
use crate::output::{Output, shown};
use crate::setup::bot::{Bot, BotError};
use crate::setup::files;
use crate::setup::token;

/// `pagerctl rotate-token`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Take the token of another bot than the one before.
    #[arg(long)]
    other_bot: bool,
    /// Read this configuration file instead of all others.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What was done.
#[derive(Debug, Serialize)]
pub(super) struct Rotated {
    /// The bot's name.
    pub(super) bot: String,
    /// Whether a daemon uses the new token by now.
    pub(super) in_use: bool,
    /// What became of the old one.
    pub(super) old: Old,
}

/// What became of the old token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Old {
    /// The server does not know it any more.
    Dead,
    /// It still works.
    Works,
    /// That could not be found out, or there was none.
    Unknown,
}

pub(crate) async fn run(args: &Args, target: &Target, output: &Output) -> Result<(), Failure> {
    let sources = Sources::choose(args.config.as_deref()).map_err(Failure::failed)?;
    let loaded = pager_config::load(&sources)
        .map_err(|errors| Failure::failed(format!("the configuration is wrong:\n{errors}")))?;
    let file = files::Target::look(place(&loaded)?)?;
    let api_url = &loaded.config.telegram.api_url;
    // Without systemd's credentials: what is replaced is the file.
    let old = pager_config::read_token_from(&loaded.config, None).ok();
    let new = token::another().await?;
    if old.as_ref() == Some(&new) {
        return Err(Failure::failed("this is the token that is in use")
            .with_hint("@BotFather gives another one: /revoke"));
    }
    let me = Bot::new(&new, api_url)?.me().await?;
    if !args.other_bot && old.as_ref().is_some_and(|old| number(old) != number(&new)) {
        return Err(Failure::failed("this is the token of another bot: nothing was changed")
            .with_hint("if that is meant, say --other-bot"));
    }
    file.write(&format!("{}\n", new.expose()), |_| Ok(()))?;
    let in_use = match Daemon::connect(target).await {
        Ok(daemon) => {
            daemon.manager().reload().await?;
            true
        }
        Err(failure) if failure.status == Status::Unreachable => false,
        Err(failure) => return Err(failure),
    };
    let old = match old {
        Some(old) => match Bot::new(&old, api_url)?.me().await {
            Ok(_) => Old::Works,
            Err(BotError::Token) => Old::Dead,
            Err(_) => Old::Unknown,
        },
        None => Old::Unknown,
    };
    let rotated = Rotated { bot: me.user.username.unwrap_or_default(), in_use, old };
    output.done(&rotated, || text(&rotated, file.path()))
}

fn text(rotated: &Rotated, file: &Path) -> String {
    let daemon = if rotated.in_use {
        "pagerd uses it; what waits has new buttons, and none of before counts."
    } else {
        "pagerd does not run; it will use it when it starts."
    };
    let old = match rotated.old {
        Old::Dead => "The token before is dead.",
        Old::Works => "The token before STILL WORKS: revoke it with @BotFather, /revoke.",
        Old::Unknown => {
            "Whether the token before still works is not known: revoke it with @BotFather, /revoke."
        }
    };
    let bot = one_line(&rotated.bot, 64);
    format!("The token of @{bot} is in {}.\n{daemon}\n{old}", shown(file))
}

/// The file that holds the token.
fn place(loaded: &Loaded) -> Result<&Path, Failure> {
    if let Some(file) = &loaded.config.telegram.token_file {
        return Ok(file);
    }
    if loaded.config.telegram.token_secret_service.is_some() {
        return Err(Failure::failed("the token is in the Secret Service").with_hint(
            "store the new one there under the same attributes, with secret-tool store, then: \
             systemctl --user reload pager",
        ));
    }
    let typed = loaded.config.telegram.token.is_some();
    let origin = loaded.get("telegram.token").filter(|_| typed).map(|entry| entry.origin);
    Err(match origin {
        Some(origin) => Failure::failed(format!("the token stands in {origin} itself")).with_hint(
            "change it there, then: systemctl --user reload pager; or keep it in a \
                        file of its own, telegram.token_file",
        ),
        None => Failure::failed("the token is in no file that pagerctl can write").with_hint(
            "a credential is replaced where it is kept, then: systemctl --user restart pager; \
             pagerd(8) tells where that is",
        ),
    })
}

/// The bot's number, with which its token begins.
fn number(token: &Secret) -> &str {
    token.expose().split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_a_token_but_what_became_of_it() {
        let said = |in_use, old| {
            text(&Rotated { bot: "pager_bot".to_owned(), in_use, old }, Path::new("/t"))
        };
        assert!(said(true, Old::Dead).ends_with("The token before is dead."));
        assert!(said(true, Old::Works).contains("STILL WORKS: revoke it"));
        assert!(said(false, Old::Unknown).contains("pagerd does not run"));
    }
}
