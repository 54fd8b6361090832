//! The Bot API as setup needs it, with errors a person can act on. No error holds the token: the
//! address of a request does, so nothing is printed of a failed request but its causes.

use std::error::Error as _;
use std::time::Duration;

use pager_config::{Secret, Url};
use pager_core::sanitize::one_line;
use teloxide_core::payloads::GetUpdatesSetters;
use teloxide_core::requests::{Request, Requester};
use teloxide_core::types::{AllowedUpdate, ChatAction, ChatId, Me, UpdateId, UpdateKind};
use teloxide_core::{ApiError, RequestError};

use crate::failure::Failure;
use crate::setup::pairing::Incoming;

/// How long an answer may take that Telegram does not hold back on purpose.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long Telegram may hold a poll back.
pub(crate) const POLL: Duration = Duration::from_secs(25);
/// The longest piece of a server's text that is shown.
const TEXT_MAX: usize = 300;

/// A bot whose token is known.
pub(crate) struct Bot {
    inner: teloxide_core::Bot,
    token: Secret,
    server: String,
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BotError {
    /// The server does not know the token.
    #[error("Telegram does not know this token")]
    Token,
    /// Somebody else polls.
    #[error("another program asks Telegram for this bot's messages")]
    OtherPoller,
    /// Messages go to a webhook.
    #[error("this bot's messages go to a webhook")]
    Webhook,
    /// The chat is not there for the bot.
    #[error("the bot may not write there: {0}")]
    Chat(String),
    /// Too many calls.
    #[error("Telegram wants no call for {0} seconds")]
    TooMany(u64),
    /// The server could not be reached, or is in trouble itself.
    #[error("{server} cannot be reached: {why}")]
    Network {
        /// Which server.
        server: String,
        /// The causes.
        why: String,
    },
    /// Something else answered.
    #[error("{0} does not answer as the Bot API does")]
    NotTheApi(String),
    /// Any other refusal.
    #[error("Telegram refuses: {0}")]
    Other(String),
}

impl BotError {
    /// Whether the same call may work in a moment.
    pub(crate) fn may_pass(&self) -> Option<Duration> {
        match self {
            Self::TooMany(seconds) => Some(Duration::from_secs(*seconds)),
            Self::Network { .. } => Some(Duration::from_secs(2)),
            _ => None,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Token => Some(
                "copy it whole from @BotFather (/mybots, API Token); one that was revoked is \
                 of no use any more",
            ),
            Self::OtherPoller => Some(
                "most likely a pagerd, here or on another machine: stop it, \
                 `systemctl --user stop pager.socket pager.service`, and try again; \
                 or name yourself with --user ID",
            ),
            Self::Network { .. } => Some("look at the network, at a proxy, and at --api-url"),
            Self::NotTheApi(_) => Some("look at --api-url (telegram.api_url)"),
            Self::Webhook | Self::Chat(_) | Self::TooMany(_) | Self::Other(_) => None,
        }
    }
}

impl From<BotError> for Failure {
    fn from(error: BotError) -> Self {
        let hint = error.hint();
        let failure = Self::failed(error);
        match hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

impl Bot {
    /// The bot with this token on this server.
    pub(crate) fn new(token: &Secret, api_url: &Url) -> Result<Self, Failure> {
        let client = reqwest::Client::builder()
            .connect_timeout(PATIENCE)
            .timeout(POLL + PATIENCE)
            .build()
            .map_err(|error| Failure::failed(format!("no HTTP client: {}", causes(&error))))?;
        let inner = teloxide_core::Bot::with_client(token.expose(), client);
        let server = api_url.host_str().unwrap_or("the server").to_owned();
        Ok(Self { inner: inner.set_api_url(api_url.clone()), token: token.clone(), server })
    }

    /// Who the bot is.
    pub(crate) async fn me(&self) -> Result<Me, BotError> {
        self.call(self.inner.get_me()).await
    }

    /// The webhook its messages go to, if there is one.
    pub(crate) async fn webhook(&self) -> Result<Option<String>, BotError> {
        let info = self.call(self.inner.get_webhook_info()).await?;
        Ok(info.url.map(|url| {
            // The path of a webhook is often its secret.
            url.host_str().unwrap_or("an address without a host").to_owned()
        }))
    }

    /// Takes the webhook away; what waits stays.
    pub(crate) async fn delete_webhook(&self) -> Result<(), BotError> {
        self.call(self.inner.delete_webhook()).await.map(drop)
    }

    /// The messages after `last`, waiting up to `wait` for one; and the new last.
    pub(crate) async fn messages(
        &self,
        last: Option<UpdateId>,
        wait: Duration,
    ) -> Result<(Vec<Incoming>, Option<UpdateId>), BotError> {
        let mut request = self.inner.get_updates().allowed_updates([AllowedUpdate::Message]);
        request = request.timeout(u32::try_from(wait.min(POLL).as_secs()).unwrap_or(0));
        if let Some(last) = last {
            request = request.offset(last.as_offset());
        }
        let updates = self.call(request).await?;
        let newest = updates.last().map(|update| update.id).or(last);
        let messages = updates.into_iter().filter_map(|update| match update.kind {
            UpdateKind::Message(message) => Incoming::of(&message),
            _ => None,
        });
        Ok((messages.collect(), newest))
    }

    /// The name of a person or the title of a chat that the bot knows.
    pub(crate) async fn name_of(&self, user: i64) -> Result<String, BotError> {
        let chat = self.call(self.inner.get_chat(ChatId(user))).await?;
        let names = [chat.title(), chat.first_name(), chat.last_name()];
        Ok(names.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }

    /// Fails if the bot may not write to somebody, as long as they have not started it. They see
    /// that the bot "is typing" at most.
    pub(crate) async fn reach(&self, user: i64) -> Result<(), BotError> {
        let typing = self.inner.send_chat_action(ChatId(user), ChatAction::Typing);
        self.call(typing).await.map(drop)
    }

    /// Sends a plain message.
    pub(crate) async fn send(&self, chat: i64, text: &str) -> Result<(), BotError> {
        self.call(self.inner.send_message(ChatId(chat), text)).await.map(drop)
    }

    async fn call<R: Request<Err = RequestError>>(
        &self,
        request: R,
    ) -> Result<<R::Payload as teloxide_core::requests::Payload>::Output, BotError> {
        request.send_ref().await.map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &RequestError) -> BotError {
        match error {
            RequestError::Api(ApiError::InvalidToken) => BotError::Token,
            RequestError::Api(ApiError::TerminatedByOtherGetUpdates) => BotError::OtherPoller,
            RequestError::Api(ApiError::CantGetUpdates) => BotError::Webhook,
            RequestError::Api(
                error @ (ApiError::BotBlocked
                | ApiError::ChatNotFound
                | ApiError::UserDeactivated
                | ApiError::CantInitiateConversation),
            ) => BotError::Chat(self.safe(&error.to_string())),
            RequestError::Api(ApiError::Unknown(text)) if text.contains("webhook is active") => {
                BotError::Webhook
            }
            // Such as "bot can't initiate conversation with a user".
            RequestError::Api(ApiError::Unknown(text)) if text.starts_with("Forbidden: ") => {
                BotError::Chat(self.safe(text))
            }
            RequestError::Api(ApiError::Unknown(text)) => BotError::Other(self.safe(text)),
            RequestError::Api(error) => BotError::Other(self.safe(&error.to_string())),
            RequestError::MigrateToChatId(_) => {
                BotError::Chat("the group has become another chat".to_owned())
            }
            RequestError::RetryAfter(seconds) => BotError::TooMany(seconds.seconds().into()),
            RequestError::Network(error) => BotError::Network {
                server: self.server.clone(),
                why: self.safe(&if error.is_timeout() {
                    "no answer in time".to_owned()
                } else {
                    causes(error.as_ref())
                }),
            },
            RequestError::InvalidJson { .. } => BotError::NotTheApi(self.server.clone()),
            RequestError::Io(error) => BotError::Network {
                server: self.server.clone(),
                why: self.safe(&error.to_string()),
            },
        }
    }

    /// A text from outside, fit to be printed, without the token whatever it is.
    fn safe(&self, text: &str) -> String {
        one_line(&text.replace(self.token.expose(), Secret::REDACTED), TEXT_MAX)
    }
}

/// What lies behind an error of the client's; its own text has the address in it.
fn causes(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    if causes.is_empty() { "the request failed".to_owned() } else { causes.join(": ") }
}
