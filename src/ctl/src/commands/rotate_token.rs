//! `pagerctl rotate-token`: another token for the bot.

use std::path::PathBuf;

use pager_config::{Config, Loaded, Secret, Sources};
use pager_core::sanitize::one_line;
use serde::Serialize;

use crate::daemon::{Daemon, Target};
use crate::failure::{Failure, Status};
use crate::output::{Output, shown};
use crate::setup::bot::{Bot, BotError};
use crate::setup::files;
use crate::setup::keyring::{Attributes, Keyring};
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
    let daemon = match Daemon::connect(target).await {
        Ok(daemon) => Some(daemon),
        Err(failure) if failure.status == Status::Unreachable => None,
        Err(failure) => return Err(failure),
    };
    if let Some(daemon) = &daemon {
        replaceable(&daemon.manager().token_source().await?)?;
    }
    let place = Place::of(&loaded).await?;
    let api_url = &loaded.config.telegram.api_url;
    let old = place.token(&loaded.config).await?;
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
    place.put(&new).await?;
    if let Some(daemon) = &daemon {
        daemon.manager().reload().await?;
    }
    let old = match old {
        Some(old) => match Bot::new(&old, api_url)?.me().await {
            Ok(_) => Old::Works,
            Err(BotError::Token) => Old::Dead,
            Err(_) => Old::Unknown,
        },
        None => Old::Unknown,
    };
    let rotated =
        Rotated { bot: me.user.username.unwrap_or_default(), in_use: daemon.is_some(), old };
    output.done(&rotated, || text(&rotated, &place.shown()))
}

/// Refuses where the daemon takes its token from a place that is none of pagerctl's.
fn replaceable(source: &str) -> Result<(), Failure> {
    if source != "credential" {
        return Ok(());
    }
    let what = "the token in use is systemd's credential telegram-token: nothing was changed";
    Err(Failure::failed(what).with_hint(
        "put the new one where pager.service takes it from (`systemctl --user cat pager.service`, \
         LoadCredential=; an encrypted one is made by systemd-creds encrypt), then: systemctl --user \
         restart pager.service; and revoke the one before with @BotFather, /revoke",
    ))
}

fn text(rotated: &Rotated, place: &str) -> String {
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
    format!("The token of @{bot} is in {place}.\n{daemon}\n{old}")
}

/// What holds the token.
enum Place {
    File(files::Target),
    SecretService(Keyring, Attributes),
}

impl Place {
    async fn of(loaded: &Loaded) -> Result<Self, Failure> {
        let telegram = &loaded.config.telegram;
        if let Some(file) = &telegram.token_file {
            return Ok(Self::File(files::Target::look(file)?));
        }
        if let Some(attributes) = &telegram.token_secret_service {
            return Ok(Self::SecretService(Keyring::open().await?, attributes.clone()));
        }
        let origin = loaded.get("telegram.token").filter(|_| telegram.token.is_some());
        Err(match origin.map(|entry| entry.origin) {
            Some(origin) => Failure::failed(format!("the token stands in {origin} itself"))
                .with_hint(
                    "change it there, then: systemctl --user reload pager; or keep it in a file of \
                     its own, telegram.token_file",
                ),
            None => Failure::failed("there is no token in the configuration")
                .with_hint("pagerctl setup sets it up"),
        })
    }

    /// The token that is there; none where it is none, or cannot be read.
    async fn token(&self, config: &Config) -> Result<Option<Secret>, Failure> {
        match self {
            // Without systemd's credentials: what is replaced is the file.
            Self::File(_) => Ok(pager_config::read_token_from(config, None).ok()),
            Self::SecretService(keyring, attributes) => keyring.get(attributes).await,
        }
    }

    async fn put(&self, token: &Secret) -> Result<(), Failure> {
        match self {
            Self::File(file) => file.write(&format!("{}\n", token.expose()), |_| Ok(())),
            Self::SecretService(keyring, attributes) => keyring.put(attributes, token).await,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::File(file) => shown(file.path()),
            Self::SecretService(..) => "your keyring".to_owned(),
        }
    }
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
        let said = |in_use, old| text(&Rotated { bot: "pager_bot".to_owned(), in_use, old }, "/t");
        assert!(said(true, Old::Dead).ends_with("The token before is dead."));
        assert!(said(true, Old::Works).contains("STILL WORKS: revoke it"));
        assert!(said(false, Old::Unknown).starts_with("The token of @pager_bot is in /t."));
        assert!(said(false, Old::Unknown).contains("pagerd does not run"));
    }
}
