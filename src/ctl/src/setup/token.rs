//! Where the bot's token comes from. It is never in an argument, the environment, a log or an error.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use pager_config::{Config, Secret, TokenError, looks_like_token};

use crate::failure::Failure;
use crate::output::shown;
use crate::setup::keyring::Keyring;
use crate::talk;

/// Far more than any token.
const SIZE_MAX: u64 = 4096;

/// A token, and whether it has to be written down.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) is_new: bool,
}

/// Where the command line says the token is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// In this file.
    File(&'a Path),
    /// On standard input.
    Stdin,
    /// It does not say: the one that is configured, or one the person types.
    Ask,
}

/// The token that is configured, if it can be had.
pub(crate) async fn known(config: &Config) -> Result<Option<Secret>, Failure> {
    match pager_config::read_token(config) {
        Err(TokenError::InSecretService(attributes)) => {
            Keyring::open().await?.get(&attributes).await
        }
        token => Ok(token.ok()),
    }
}

/// Gets the token. One that is configured already need not be written down again.
pub(crate) async fn get(source: Source<'_>, config: &Config) -> Result<Token, Failure> {
    // A keyring that is not there is told of where the token would go there.
    let known = known(config).await.ok().flatten();
    let text = match source {
        Source::File(path) => {
            let file = std::fs::File::open(path);
            file.and_then(read).map_err(|error| {
                Failure::failed(format!("cannot read the token from {}: {error}", shown(path)))
            })?
        }
        Source::Stdin => read(io::stdin().lock()).map_err(|error| {
            Failure::failed(format!("cannot read the token from standard input: {error}"))
        })?,
        Source::Ask => match ask(known.is_some()).await? {
            Some(text) => text,
            None => known.as_ref().map(Secret::expose).unwrap_or_default().to_owned(),
        },
    };
    let secret = check(&text)?;
    Ok(Token { is_new: known.as_ref() != Some(&secret), secret })
}

/// Gets another token than the one that is configured: from standard input, or typed by the person.
pub(crate) async fn another() -> Result<Secret, Failure> {
    let text = if io::stdin().is_terminal() {
        talk::secret("New token (not shown): ").await?
    } else {
        read(io::stdin().lock()).map_err(|error| {
            Failure::failed(format!("cannot read the token from standard input: {error}"))
        })?
    };
    check(&text)
}

fn read(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(SIZE_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// What the person types; nothing where the known token is to be kept.
async fn ask(is_known: bool) -> Result<Option<String>, Failure> {
    if !talk::somebody_is_there() {
        if is_known {
            return Ok(None);
        }
        return Err(Failure::usage("no token, and no terminal to ask for it").with_hint(
            "give it with --token-file FILE or --token-stdin, or leave Telegram out with \
             --no-telegram",
        ));
    }
    let prompt = if is_known {
        "   Token (not shown; nothing keeps the one you have): "
    } else {
        "   Token (not shown): "
    };
    let text = talk::secret(prompt).await?;
    Ok(Some(text).filter(|text| !is_known || !text.trim().is_empty()))
}

fn check(text: &str) -> Result<Secret, Failure> {
    let text = text.trim();
    if !looks_like_token(text) {
        let what = if text.is_empty() { "nothing" } else { "something else" };
        return Err(Failure::failed(format!("a bot's token was expected, and {what} was given"))
            .with_hint(
                "it is what @BotFather gives: the bot's number, a colon, some 35 characters",
            ));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_token_is_not_repeated() {
        for text in ["", "  \n", "hunter2hunter2", "123456:tooshort"] {
            let error = check(text).unwrap_err().what;
            assert!(!error.contains("hunter2") && !error.contains("tooshort"), "{error}");
        }
        let token = format!(" 123456:{}\n", "a".repeat(35));
        assert_eq!(check(&token).unwrap().expose(), token.trim());
    }
}
