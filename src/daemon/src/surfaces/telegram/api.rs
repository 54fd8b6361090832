//! Calls of the Bot API: teloxide's methods and types, carried by a client of ours.
//!
//! Teloxide's own client sleeps ten seconds inside a call that got a 5xx, makes the message it has
//! just sent part of whether sending succeeded, and names the token in its errors. Here a call ends
//! when its answer is there, only what is needed of an answer is read, and no text that leaves this
//! file holds the token.

mod download;

use std::borrow::Cow;
use std::error::Error as _;
use std::time::Duration;

use pager_config::{Secret, Url};
use pager_core::Sha256Hex;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use teloxide_core::payloads::SendDocument;
use teloxide_core::requests::Payload;
use teloxide_core::types::{LinkPreviewOptions, MessageId};

use crate::redaction;

/// The longest a call may take, on top of the time it is meant to wait.
const PATIENCE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(10);

/// No page that a command names is fetched for a picture of it.
pub(super) const NO_PREVIEW: LinkPreviewOptions = LinkPreviewOptions {
    is_disabled: true,
    url: None,
    prefer_small_media: false,
    prefer_large_media: false,
    show_above_text: false,
};

/// Why a call did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// 429: nothing more to that chat before this time is over.
    #[error("too many calls; the next one in {} s", .0.as_secs())]
    RetryAfter(Duration),
    /// The group has become a supergroup.
    #[error("the group is now chat {0}")]
    Migrated(i64),
    /// The token is not valid.
    #[error("the token is not valid")]
    Unauthorized,
    /// 409 by a webhook.
    #[error("a webhook is set for this bot; delete it (deleteWebhook), or use another bot")]
    Webhook,
    /// 409 by another poller.
    #[error("another program polls this bot; stop it, or use another bot")]
    OtherPoller,
    /// Any other answer that says no, for good.
    #[error("{0}")]
    Refused(String),
    /// No answer, or none of the Bot API's.
    #[error("{why}")]
    Unreachable {
        /// What happened.
        why: String,
        /// Whether the call may have had its effect all the same.
        perhaps_done: bool,
    },
}

impl Failure {
    /// The edit would change nothing: what is wanted is there.
    pub(super) fn is_not_modified(&self) -> bool {
        matches!(self, Self::Refused(why) if why.contains("message is not modified"))
    }

    /// The tap was answered before, or its time is over.
    pub(super) fn is_too_old(&self) -> bool {
        matches!(self, Self::Refused(why) if why.contains("query is too old"))
    }
}

/// What every answer has.
#[derive(Deserialize)]
struct Envelope<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

/// A file to be sent.
pub(super) struct Upload {
    pub(super) chat: i64,
    /// The message it is a reply to.
    pub(super) reply_to: i32,
    pub(super) file_name: String,
    pub(super) bytes: Vec<u8>,
    /// HTML.
    pub(super) caption: String,
}

/// The way to one bot.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    url: Url,
    token: Secret,
}

impl Api {
    pub(super) fn new(token: Secret, url: Url) -> Result<Self, reqwest::Error> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            // A poll on a connection that died in a suspend must not wait out its time.
            .tcp_keepalive(Duration::from_secs(20))
            .tcp_keepalive_interval(Duration::from_secs(10))
            .tcp_keepalive_retries(3)
            // A prompt should find a connection that is up; a server ends it when it likes.
            .pool_idle_timeout(Duration::from_secs(600))
            // Wherever a redirect leads, the token must not go there.
            .redirect(redirect::Policy::none());
        let local = url
            .host_str()
            .is_some_and(|host| matches!(host, "localhost" | "[::1]") || host.starts_with("127."));
        if local {
            builder = builder.no_proxy();
        }
        redaction::learn(&token);
        Ok(Self { client: builder.build()?, url, token })
    }

    /// The bot's id: the public part of its token.
    pub(super) fn bot_id(&self) -> &str {
        self.token.expose().split(':').next().unwrap_or_default()
    }

    /// The digest of the token, by which another one is known.
    pub(super) fn token_digest(&self) -> Sha256Hex {
        Sha256Hex::of(self.token.expose().as_bytes())
    }

    /// Sends a file. Its time grows with its size: a phone's connection may be all there is.
    pub(super) async fn upload(&self, upload: Upload) -> Result<i32, Failure> {
        let Upload { chat, reply_to, file_name, bytes, caption } = upload;
        let time = Duration::from_secs(u64::try_from(bytes.len() >> 15).unwrap_or(u64::MAX));
        let reply = serde_json::json!({
            "message_id": reply_to, "allow_sending_without_reply": true,
        });
        let form = Form::new()
            .text("chat_id", chat.to_string())
            .text("caption", redaction::clean(&caption).into_owned())
            .text("parse_mode", "HTML")
            .text("disable_content_type_detection", "true")
            .text("reply_parameters", reply.to_string())
            .part("document", Part::bytes(bytes).file_name(file_name));
        let request = self.post(SendDocument::NAME).timeout(PATIENCE + time).multipart(form);
        self.send(request, SendDocument::NAME).await.map(|MessageId(message)| message)
    }

    /// Makes a call and reads of its result what `T` wants.
    pub(super) async fn call<P, T>(&self, payload: &P) -> Result<T, Failure>
    where
        P: Payload + Serialize,
        T: DeserializeOwned,
    {
        let patience = PATIENCE + payload.timeout_hint().unwrap_or_default();
        let mut payload = serde_json::to_value(payload)
            .map_err(|error| Failure::Refused(format!("{} cannot be written: {error}", P::NAME)))?;
        without_secrets(&mut payload);
        self.send(self.post(P::NAME).timeout(patience).json(&payload), P::NAME).await
    }

    fn post(&self, method: &str) -> RequestBuilder {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&format!("bot{}", self.token.expose())).push(method);
        }
        self.client.post(url)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        method: &str,
    ) -> Result<T, Failure> {
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        match serde_json::from_slice::<Envelope<'_>>(&body) {
            Ok(Envelope { ok: true, result: Some(result), .. }) => {
                serde_json::from_str(result.get()).map_err(|error| Failure::Unreachable {
                    why: format!("the server's answer to {method} cannot be read: {error}"),
                    perhaps_done: true,
                })
            }
            Ok(answer) if !answer.ok => Err(refusal(status, answer)),
            _ => Err(Failure::Unreachable {
                why: format!("the server answered {} with no Bot API's answer", status.as_u16()),
                perhaps_done: true,
            }),
        }
    }
}

fn refusal(status: StatusCode, answer: Envelope<'_>) -> Failure {
    let code = answer.error_code.unwrap_or(status.as_u16());
    let why = clean(&answer.description.unwrap_or_default());
    let parameters = answer.parameters.as_ref();
    if let Some(to) = parameters.and_then(|parameters| parameters.migrate_to_chat_id) {
        return Failure::Migrated(to);
    }
    match code {
        429 => {
            let seconds = parameters.and_then(|parameters| parameters.retry_after);
            Failure::RetryAfter(Duration::from_secs(seconds.unwrap_or(1).max(1)))
        }
        401 => Failure::Unauthorized,
        // A token that has not even the right form.
        404 if why == "Not Found" => Failure::Unauthorized,
        409 if why.to_ascii_lowercase().contains("webhook") => Failure::Webhook,
        409 => Failure::OtherPoller,
        500.. => Failure::Unreachable {
            why: format!("the server answered {code} {why}"),
            perhaps_done: true,
        },
        _ => Failure::Refused(why),
    }
}

fn unreachable(error: reqwest::Error) -> Failure {
    let perhaps_done = !error.is_connect();
    let error = error.without_url();
    // The outer error says which step failed, the innermost why.
    let mut why = if error.is_timeout() { "timed out".to_owned() } else { error.to_string() };
    let mut source = error.source();
    while let Some(error) = source {
        why = error.to_string();
        source = error.source();
    }
    Failure::Unreachable { why: clean(&why), perhaps_done }
}

/// Text of others, short and without secrets, whoever put them there.
fn clean(text: &str) -> String {
    redaction::line(text, 200)
}

/// What of a call a person reads.
const WORDS: [&str; 5] = ["text", "caption", "description", "input_field_placeholder", "title"];

/// Takes secrets out of everything in a call that a person reads: the last net, whoever wrote it.
fn without_secrets(payload: &mut Value) {
    match payload {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if WORDS.contains(&name.as_str()) => {
                        if let Cow::Owned(clean) = redaction::clean(text) {
                            *text = clean;
                        }
                    }
                    value => without_secrets(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_secrets),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
