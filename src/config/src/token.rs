//! The bot's token: where it is kept, and whether it may be taken from there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::file::{self, FileError, Links};
use crate::mask::looks_like_token;
use crate::schema::Config;
use crate::secret::Secret;
use crate::way::{Viewer, WayError};

/// The name of the systemd credential that holds the token.
const CREDENTIAL: &str = "telegram-token";

/// Why there is no token. None of these texts holds any part of what a file contains.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No place for a token is named.
    #[error(
        "no token for Telegram: none of the credential telegram-token, telegram.token_file and \
         telegram.token_secret_service is set; `pagerctl setup` sets it up"
    )]
    NotSet,
    /// It is in the Secret Service, which is asked by the daemon.
    #[error("the token is in the Secret Service, which only the daemon asks")]
    InSecretService(BTreeMap<String, String>),
    /// The place that is named cannot be read.
    #[error("token file {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: FileError,
    },
    /// The file belongs to somebody else, who can put another token there.
    #[error(
        "token file {path}: belongs to uid {owner}, not to you; `chown` it to you, mode 0600, and get \
         a new token from BotFather, since somebody may have read this one"
    )]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Its owner's numeric id.
        owner: u32,
    },
    /// Others can read or write the file.
    #[error(
        "token file {path}: mode {mode:04o} lets others at it; `chmod 600` it, and get a new token \
         from BotFather, since somebody may have read this one"
    )]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else could put another file in its place.
    #[error("token file {path}: {error}")]
    Way {
        /// The file.
        path: PathBuf,
        /// Where, and what to do.
        #[source]
        error: WayError,
    },
    /// The text in the file is not a token.
    #[error("token file {path}: holds no token; it must hold only what BotFather gave")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// Where a token is taken from; that there is one in there is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenSource {
    /// The systemd credential `telegram-token`.
    Credential,
    /// The file that `telegram.token_file` names.
    File,
    /// The Secret Service.
    SecretService,
    /// The configuration itself.
    Config,
    /// No place is named.
    #[default]
    None,
}

impl TokenSource {
    /// The place [`read_token`] takes the token from.
    pub fn of(config: &Config) -> Self {
        Self::with(config, credentials().as_deref())
    }

    /// The place [`read_token_from`] takes it from.
    pub fn with(config: &Config, credentials: Option<&Path>) -> Self {
        let telegram = &config.telegram;
        let credential = credentials.map(|folder| folder.join(CREDENTIAL));
        if credential.is_some_and(|path| path.symlink_metadata().is_ok()) {
            Self::Credential
        } else if telegram.token_file.is_some() {
            Self::File
        } else if telegram.token_secret_service.is_some() {
            Self::SecretService
        } else if telegram.token.is_some() {
            Self::Config
        } else {
            Self::None
        }
    }

    /// Its word: credential, file, secret-service, config or none.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::File => "file",
            Self::SecretService => "secret-service",
            Self::Config => "config",
            Self::None => "none",
        }
    }
}

/// Finds the bot's token: the systemd credential `telegram-token` first, then
/// `telegram.token_file`, then `telegram.token_secret_service`, then `telegram.token`.
///
/// The Secret Service is not asked here: [`TokenError::InSecretService`] says by what.
///
/// A place that is named but holds no usable token is an error; the next one is not tried, so that
/// a mistake is seen and not hidden by an older token.
pub fn read_token(config: &Config) -> Result<Secret, TokenError> {
    read_token_from(config, credentials().as_deref())
}

/// The folder of systemd's credentials.
fn credentials() -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    folder.filter(|folder| folder.is_absolute())
}

/// Does what [`read_token`] does, with the folder of systemd's credentials given.
pub fn read_token_from(config: &Config, credentials: Option<&Path>) -> Result<Secret, TokenError> {
    if let Some(folder) = credentials {
        let path = folder.join(CREDENTIAL);
        match file::read(&path, Links::Refuse) {
            // The folder is systemd's own: where the mode is wider than 0400, it is the mask of the
            // access list by which systemd lets in this user alone.
            Ok((bytes, _)) => return parse(&path, &bytes),
            Err(FileError::Missing) => {}
            Err(error) => return Err(TokenError::Unreadable { path, error }),
        }
    }
    if let Some(path) = &config.telegram.token_file {
        let path = path.clone();
        let viewer = Viewer::this();
        if let Err(error) = viewer.check(&path) {
            return Err(TokenError::Way { path, error });
        }
        return match file::read(&path, Links::Refuse) {
            Err(error) => Err(TokenError::Unreadable { path, error }),
            Ok((_, facts)) if facts.owner != viewer.user => {
                Err(TokenError::ForeignOwner { path, owner: facts.owner })
            }
            Ok((_, facts)) if facts.mode & 0o077 != 0 => {
                Err(TokenError::TooOpen { path, mode: facts.mode })
            }
            Ok((bytes, _)) => parse(&path, &bytes),
        };
    }
    if let Some(attributes) = &config.telegram.token_secret_service {
        return Err(TokenError::InSecretService(attributes.clone()));
    }
    config.telegram.token.clone().ok_or(TokenError::NotSet)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Secret, TokenError> {
    let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
    if !looks_like_token(text) {
        return Err(TokenError::Malformed { path: path.to_owned() });
    }
    Ok(Secret::new(text))
}
