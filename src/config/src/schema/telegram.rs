//! `[telegram]`

mod groups;
mod observers;
mod people;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use pager_core::access::{DirectPolicy, Group, RoleName};
use url::{Host, Url};

use groups::GROUPS;
use observers::OBSERVERS;
pub use observers::Observer;
use people::{ALLOWED_USERS, DM_POLICY, ROLES, not_numeric};

use super::{Advice, Config, Key, Section};
use crate::fields;
use crate::input::{refuse, show_duration};
use crate::mask::{contains_token, looks_like_token};
use crate::secret::Secret;

/// The bot and the people who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telegram {
    /// The file that holds the bot's token. See [`crate::read_token`].
    pub token_file: Option<PathBuf>,
    /// What the Secret Service knows the bot's token by. See [`crate::read_token`].
    pub token_secret_service: Option<BTreeMap<String, String>>,
    /// The bot's token itself, from a file that only its owner can read.
    pub token: Option<Secret>,
    /// The Bot API server, without a slash at its end (but for a bare host's root).
    pub api_url: Url,
    /// The people who are known. Empty is nobody.
    pub allowed_users: Vec<i64>,
    /// Whether a literal `"*"` stands among them.
    pub anyone: bool,
    /// Who is heard in direct messages.
    pub dm_policy: DirectPolicy,
    /// What people are; who is known and not in here is an owner.
    pub roles: BTreeMap<i64, RoleName>,
    /// The groups that are heard.
    pub groups: BTreeMap<i64, Group>,
    /// The chats that are told what happens, and in which nobody is heard.
    pub observers: Vec<Observer>,
    /// The chat named for unprompted messages. See [`Telegram::chat`].
    pub chat: Option<i64>,
    /// How old a tap or a reply may be and still count.
    pub max_age: Duration,
}

impl Telegram {
    /// Where unprompted messages go: the chat named, or else the first person allowed.
    pub fn chat(&self) -> Option<i64> {
        self.chat.or_else(|| self.allowed_users.first().copied())
    }
}

impl Default for Telegram {
    #[expect(clippy::expect_used, reason = "a constant, parsed by every test")]
    fn default() -> Self {
        Self {
            token_file: None,
            token_secret_service: None,
            token: None,
            api_url: Url::parse("https://api.telegram.org").expect("a URL"),
            allowed_users: Vec::new(),
            anyone: false,
            dm_policy: DirectPolicy::default(),
            roles: BTreeMap::new(),
            groups: BTreeMap::new(),
            observers: Vec::new(),
            chat: None,
            max_age: Duration::from_secs(10 * 60),
        }
    }
}

pub(super) const SECTION: Section = Section {
    name: "telegram",
    keys: &[
        TOKEN_FILE,
        TOKEN_SECRET_SERVICE,
        TOKEN,
        API_URL,
        ALLOWED_USERS,
        DM_POLICY,
        ROLES,
        GROUPS,
        OBSERVERS,
        CHAT,
        MAX_AGE_KEY,
    ],
    advise,
};

const TOKEN_FILE: Key = Key {
    path: "telegram.token_file",
    expected: "the path of a file that holds the bot's token; a relative one begins in the folder \
               of this file",
    set: |config, input| {
        let path = input.path()?;
        if contains_token(&path.to_string_lossy()) {
            let refusal = input.refuse("this looks like a token, not like the path of a file");
            return Err(refusal.hint("put the token in a file of mode 0600 and name that").into());
        }
        config.telegram.token_file = Some(path);
        Ok(())
    },
    show: |config| {
        config.telegram.token_file.as_ref().map(|path| path.to_string_lossy().into_owned().into())
    },
};

const TOKEN_SECRET_SERVICE: Key = Key {
    path: "telegram.token_secret_service",
    expected: "a table of attributes such as { service = \"pager\" }",
    set: |config, input| {
        let mut attributes = BTreeMap::new();
        for (name, value) in fields::entries(input.value)? {
            let text = fields::text(value)?;
            if contains_token(text) {
                let refusal =
                    refuse(value, "this looks like a token, not like what it is stored by");
                return Err(refusal
                    .hint("store it with secret-tool, and name its attributes")
                    .into());
            }
            attributes.insert(name.to_owned(), text.to_owned());
        }
        if attributes.is_empty() {
            return Err(input.refuse("no attribute is what every secret has").into());
        }
        config.telegram.token_secret_service = Some(attributes);
        Ok(())
    },
    show: |config| {
        let attributes = config.telegram.token_secret_service.as_ref()?;
        let pairs = attributes.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        Some(toml::Value::Table(pairs.collect()))
    },
};

const TOKEN: Key = Key {
    path: "telegram.token",
    expected: "the bot's token as BotFather gave it, in quotes; better still, token_file",
    set: |config, input| {
        let text = input.string()?.trim();
        if let Err(why) = input.facts.may_hold_secret(input.user) {
            let refusal = input.refuse(format!("a token in a file that {why}"));
            let path = input.file.display();
            return Err(refusal
                .hint(format!(
                    "make it yours alone with `chmod 600 {path}`, or use token_file; \
                     and since others may have read the token, get a new one from BotFather"
                ))
                .into());
        }
        if !looks_like_token(text) {
            return Err(input.refuse("this does not have the form of a token").into());
        }
        config.telegram.token = Some(Secret::new(text));
        Ok(())
    },
    show: |config| config.telegram.token.as_ref().map(|_| Secret::REDACTED.into()),
};

const API_URL: Key = Key {
    path: "telegram.api_url",
    expected: "an http or https URL in quotes, such as \"https://api.telegram.org\"",
    set: |config, input| {
        config.telegram.api_url = input.http_url()?;
        Ok(())
    },
    show: |config| Some(config.telegram.api_url.as_str().trim_end_matches('/').into()),
};

const CHAT: Key = Key {
    path: "telegram.chat",
    expected: "the numeric id of a chat; a person's is their user id, a group's is negative",
    set: |config, input| {
        if let Some(text) = input.value.get_ref().as_str() {
            return Err(not_numeric(input.value, text).into());
        }
        config.telegram.chat = match input.integer()? {
            0 => return Err(input.refuse("no chat has the id 0").into()),
            id => Some(id),
        };
        Ok(())
    },
    show: |config| config.telegram.chat().map(toml::Value::from),
};

/// A poll takes up to a minute, and how old a tap is is known no better than from poll to poll.
const MAX_AGE: RangeInclusive<Duration> =
    Duration::from_secs(5 * 60)..=Duration::from_secs(24 * 60 * 60);

const MAX_AGE_KEY: Key = Key {
    path: "telegram.max_age",
    expected: "a duration from 5m to 24h in quotes, such as \"10m\" or \"1h\"",
    set: |config, input| {
        config.telegram.max_age = input.duration(MAX_AGE)?;
        Ok(())
    },
    show: |config| Some(show_duration(config.telegram.max_age)),
};

fn advise(config: &Config) -> Vec<Advice> {
    let telegram = &config.telegram;
    let mut advice = Vec::new();
    if telegram.token.is_some() && telegram.token_file.is_some() {
        advice.push(Advice {
            key: TOKEN.path,
            message: "this token is not used, since token_file is set as well".into(),
            hint: "leave out one of the two",
        });
    }
    let local = match telegram.api_url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if telegram.api_url.scheme() == "http" && !local {
        advice.push(Advice {
            key: API_URL.path,
            message: "the token and every question would cross the network unencrypted".into(),
            hint: "use https to any machine but this one",
        });
    }
    advice.extend(advise_on_people(config));
    advice
}

/// What is allowed, but lets in fewer or more than it may seem to.
fn advise_on_people(config: &Config) -> Vec<Advice> {
    let telegram = &config.telegram;
    let mut advice = Vec::new();
    let mut advise = |key: Key, message: String, hint| {
        advice.push(Advice { key: key.path, message, hint });
    };
    match (telegram.dm_policy, telegram.anyone) {
        (DirectPolicy::Open, true) => advise(
            DM_POLICY,
            "everybody on Telegram may write to the bot, and prompt agents as a guest".into(),
            "use \"pairing\" unless that is what you want",
        ),
        (DirectPolicy::Open, false) => advise(
            DM_POLICY,
            "nothing is open without \"*\" in allowed_users".into(),
            "add \"*\" to allowed_users, or use \"allowlist\"",
        ),
        (_, true) => advise(
            ALLOWED_USERS,
            "\"*\" does nothing unless dm_policy is \"open\"".into(),
            "leave it out",
        ),
        _ => {}
    }
    if let Some(chat) = telegram.chat {
        if chat > 0 && !telegram.allowed_users.contains(&chat) {
            advise(
                CHAT,
                format!("{chat} would be sent questions, but is not in allowed_users"),
                "add the id to allowed_users, or leave out chat to use the first of them",
            );
        }
        if chat < 0 && !telegram.groups.contains_key(&chat) {
            advise(
                CHAT,
                format!("{chat} would be sent questions, but nobody is heard in that group"),
                "add [telegram.groups.\"…\"] with approve = [those who may answer]",
            );
        }
    }
    for observer in telegram.observers.iter().filter(|observer| observer.token_file.is_none()) {
        let chat = observer.chat;
        let heard = telegram.allowed_users.contains(&chat) || telegram.groups.contains_key(&chat);
        if heard || telegram.chat() == Some(chat) {
            advise(
                OBSERVERS,
                format!("{chat} is an observer, so nobody is heard in that chat"),
                "name another chat, or give the observer a bot of its own by token_file",
            );
        }
    }
    for (id, role) in &telegram.roles {
        if !telegram.allowed_users.contains(id) {
            advise(
                ROLES,
                format!("{id} is {role}, but is not in allowed_users"),
                "add the id to allowed_users: a role alone lets nobody in",
            );
        }
        if !config.access.roles.contains_key(role) {
            advise(
                ROLES,
                format!("there is no role {role}, so {id} may do nothing"),
                "add [access.roles] with its rights, or use a role that there is",
            );
        }
    }
    advice
}
