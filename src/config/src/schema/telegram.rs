//! `[telegram]`

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;
use url::{Host, Url};

use super::{Advice, Config, Key, Section};
use crate::input::{self, Refusal, quoted, show_duration};
use crate::secret::Secret;
use crate::token::{contains_token, looks_like_token};

/// The bot and the people who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telegram {
    /// The file that holds the bot's token. See [`crate::read_token`].
    pub token_file: Option<PathBuf>,
    /// The bot's token itself, from a file that only its owner can read.
    pub token: Option<Secret>,
    /// The Bot API server, without a slash at its end (but for a bare host's root).
    pub api_url: Url,
    /// The people who may answer and command. Empty is nobody.
    pub allowed_users: Vec<i64>,
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
    #[allow(clippy::expect_used, reason = "a constant, parsed by every test")]
    fn default() -> Self {
        Self {
            token_file: None,
            token: None,
            api_url: Url::parse("https://api.telegram.org").expect("a URL"),
            allowed_users: Vec::new(),
            chat: None,
            max_age: Duration::from_secs(10 * 60),
        }
    }
}

/// Telegram promises ids of at most 52 significant bits.
const PERSON: RangeInclusive<i64> = 1..=(1 << 52) - 1;

/// Accounts through which Telegram shows messages that are not of one person, and what they mean.
const NOT_A_PERSON: [(i64, &str); 3] = [
    (1_087_968_824, "every anonymous administrator of a group"),
    (136_817_688, "whoever posts in the name of a channel"),
    (777_000, "Telegram itself and the posts of linked channels"),
];

/// How somebody learns a number that no client shows.
const FIND_ID: &str = "ids are numeric, and names can change hands; `pagerctl setup` finds yours \
                       by a message you send to the bot";

pub(super) const SECTION: Section = Section {
    name: "telegram",
    keys: &[TOKEN_FILE, TOKEN, API_URL, ALLOWED_USERS, CHAT, MAX_AGE_KEY],
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

const ALLOWED_USERS: Key = Key {
    path: "telegram.allowed_users",
    expected: "an array of numeric user ids, such as [111111111]; an empty one is nobody",
    set: |config, input| {
        let mut users = Vec::new();
        let mut refusals = Vec::new();
        for value in input.array()? {
            match person(value) {
                Ok(id) => users.push(id),
                Err(refusal) => refusals.push(refusal),
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        config.telegram.allowed_users = users;
        Ok(())
    },
    show: |config| Some(config.telegram.allowed_users.clone().into()),
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

fn person(value: &Spanned<DeValue<'_>>) -> Result<i64, Refusal> {
    if let Some(text) = value.get_ref().as_str() {
        return Err(not_numeric(value, text));
    }
    let id = input::integer(value)?;
    if let Some((_, who)) = NOT_A_PERSON.iter().find(|(known, _)| *known == id) {
        return Err(input::refuse(value, format!("{id} stands for {who}, not for one person"))
            .hint(FIND_ID));
    }
    if id < 0 {
        return Err(input::refuse(value, format!("{id} is a group's id, not a person's"))
            .hint("only people can be allowed; a group may be the chat that messages go to"));
    }
    if !PERSON.contains(&id) {
        return Err(input::refuse(value, format!("{id} is not an id of Telegram's")).hint(FIND_ID));
    }
    Ok(id)
}

fn not_numeric(value: &Spanned<DeValue<'_>>, text: &str) -> Refusal {
    match text.parse::<i64>() {
        Ok(id) => input::refuse(value, "an id in quotes").hint(format!("write it without: {id}")),
        Err(_) => {
            input::refuse(value, format!("{} is not a numeric id", quoted(text))).hint(FIND_ID)
        }
    }
}

fn advise(config: &Config) -> Vec<Advice> {
    let Telegram { token_file, token, api_url, allowed_users, chat, max_age: _ } = &config.telegram;
    let mut advice = Vec::new();
    if token.is_some() && token_file.is_some() {
        advice.push(Advice {
            key: TOKEN.path,
            message: "this token is not used, since token_file is set as well".into(),
            hint: "leave out one of the two",
        });
    }
    let local = match api_url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if api_url.scheme() == "http" && !local {
        advice.push(Advice {
            key: API_URL.path,
            message: "the token and every question would cross the network unencrypted".into(),
            hint: "use https to any machine but this one",
        });
    }
    if let Some(chat) = chat.filter(|chat| *chat > 0 && !allowed_users.contains(chat)) {
        advice.push(Advice {
            key: CHAT.path,
            message: format!("{chat} would be sent questions, but is not in allowed_users"),
            hint: "add the id to allowed_users, or leave out chat to use the first of them",
        });
    }
    advice
}
