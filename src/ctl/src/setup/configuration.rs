//! What setup writes: the token in a file of its own, the rest in pager.toml.

use std::path::Path;

use pager_config::{Config, Origin, Sources, Url};

use super::edit::{Place, Wanted, edit};
use super::files::Target;
use super::keyring::Attributes;
use super::token::Token;
use crate::failure::Failure;
use crate::output::{say, shown};

/// The name of the token's file, beside pager.toml.
const TOKEN_FILE: &str = "telegram-token";

/// The files to be written, looked at before anybody is asked anything.
pub(crate) struct Files {
    sources: Sources,
    main: Target,
    token: Target,
    is_only: bool,
}

impl Files {
    /// Looks at them; one that must be left alone is an error now.
    pub(crate) fn look(config: Option<&Path>) -> Result<Self, Failure> {
        let sources = Sources::choose(config).map_err(Failure::failed)?;
        let main = sources.main_file().ok_or_else(|| Failure::failed("no configuration file"))?;
        let token = main.with_file_name(TOKEN_FILE);
        let is_only = config.is_some();
        Ok(Self { sources, main: Target::look(&main)?, token: Target::look(&token)?, is_only })
    }

    /// What is configured so far.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        if self.is_only && !self.main.exists() {
            return Ok(Config::default());
        }
        let loaded = pager_config::load(&self.sources).map_err(|errors| {
            Failure::failed(format!("the configuration is wrong, and left alone:\n{errors}"))
                .with_hint("correct it, and try again")
        })?;
        Ok(loaded.config)
    }

    /// Enters the token, the server and the person, and tells what was written. A token that is in
    /// the keyring by these attributes has been put there before.
    pub(crate) fn write(
        &self,
        token: &Token,
        keyring: Option<&Attributes>,
        api_url: Option<&Url>,
        user: i64,
    ) -> Result<(), Failure> {
        let wanted = Wanted {
            // Beside pager.toml, wherever that is.
            token: match keyring {
                Some(attributes) => Place::SecretService(attributes.clone()),
                None if token.is_new => Place::File(TOKEN_FILE.to_owned()),
                None => Place::Kept,
            },
            api_url: api_url.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            user,
            chat: user,
        };
        let path = shown(self.main.path());
        let edited = edit(self.main.text(), &wanted)
            .map_err(|error| Failure::failed(format!("{path}: {error}; left alone")))?;
        if token.is_new && keyring.is_none() {
            self.token.write(&format!("{}\n", token.secret.expose()), |_| Ok(()))?;
            say(format!("   Wrote the token to {} (mode 0600).", shown(self.token.path())))?;
        }
        if edited.changes.is_empty() {
            say(format!("   {path} says all of it already."))?;
        } else {
            let backup = self.main.back_up()?;
            self.main.write(&edited.text, |draft| prove(draft, user))?;
            say(format!("   Wrote {path} (mode 0600):"))?;
            for change in &edited.changes {
                say(format!("     {change}"))?;
            }
            if let Some(backup) = backup {
                say(format!("   The file as it was: {}", shown(&backup)))?;
            }
        }
        if keyring.is_some() && self.token.exists() {
            let path = shown(self.token.path());
            say(format!("   {path} is not used any more: remove it, since it holds a token."))?;
        }
        self.tell_overrides()
    }

    /// Another file may have the last word.
    fn tell_overrides(&self) -> Result<(), Failure> {
        let loaded = pager_config::load(&self.sources).map_err(Failure::failed)?;
        for entry in loaded.entries() {
            let Origin::File { path, .. } = &entry.origin else { continue };
            if path != self.main.path() && entry.key.starts_with("telegram.") {
                say(format!("   Note: {} is set by {} and wins.", entry.key, shown(path)))?;
            }
        }
        Ok(())
    }
}

/// Loads a draft as the daemon would: nothing is put in place that it would refuse.
fn prove(draft: &Path, user: i64) -> Result<(), Failure> {
    let loaded = pager_config::load(&Sources::single(draft)).map_err(|errors| {
        Failure::failed(format!(
            "the new configuration would be refused, so none is written:\n{errors}"
        ))
    })?;
    let telegram = loaded.config.telegram;
    if telegram.allowed_users.contains(&user) && telegram.chat() == Some(user) {
        return Ok(());
    }
    Err(Failure::failed("the new configuration would say something else, so none is written")
        .with_hint("please report the layout of your pager.toml"))
}
