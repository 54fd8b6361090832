//! Files: what is sent to the bot goes into a session's folder, and what is asked for comes from it.

mod album;
mod attachment;
mod fetch;
mod order;
mod under_way;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use pager_core::access::{Access, Action, Form, Why};
use pager_core::session::{Unclear, choose};
use pager_core::transfer::Wanted;
use pager_core::words::bytes;
use pager_core::{Actor, Command, Exchanged, News, Session};
use teloxide_core::types::Message;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::Door;
use super::gate::Seen;
use super::job::{Job, Parcel, UnderWay};
use crate::engine::EngineError;
use crate::files::Exchange;
use crate::redaction;
use album::{Added, Albums, Name, State};
use fetch::over;
use order::{Order, Put, USAGE};
pub(super) use under_way::noted;

/// How many files go each way at once.
const AT_ONCE: usize = 2;

/// What the door knows of files.
#[derive(Debug)]
pub(super) struct Files {
    exchange: Exchange,
    albums: Mutex<Albums<Part>>,
    fetching: Semaphore,
    sending: Arc<Semaphore>,
}

impl Files {
    pub(super) fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            albums: Mutex::default(),
            fetching: Semaphore::new(AT_ONCE),
            sending: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// One message of an album.
#[derive(Debug)]
struct Part {
    message: Message,
    /// Whether it says by itself that it may be taken.
    granted: bool,
}

/// Something to be done with files, which may take a while.
#[derive(Debug)]
pub(super) enum Work {
    /// What one message asks for.
    One(Box<Message>),
    /// What an album asks for, once it is whole.
    Album(Name),
}

/// Whether a message is about files: it has one, or it is the command.
pub(super) fn concerns(message: &Message, bot: &str) -> bool {
    order::is_command(message.text().unwrap_or_default(), bot) || attachment::of(message).is_some()
}

fn words(message: &Message) -> &str {
    message.text().or_else(|| message.caption()).unwrap_or_default()
}

impl Door {
    /// Judges a message that is about files, and says what there is to be done.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(super) async fn consider(
        &self,
        message: &Message,
        bot: &str,
    ) -> Result<Option<Work>, EngineError> {
        let ordered = order::is_command(words(message), bot);
        let form = if ordered { Form::Command("file") } else { Form::File };
        let album = message.media_group_id().map(|group| (message.chat.id.0, group.0.clone()));
        let granted = match self.judge_message(message, bot, form, Action::Files).await? {
            Access::Granted(_) => true,
            // Of an album only one part has the words that speak to the bot.
            Access::Refused(Why::NotAddressed) if album.is_some() => false,
            Access::Refused(Why::MayKnock) => {
                self.knocked(message).await?;
                return Ok(None);
            }
            Access::Refused(why) => {
                tracing::debug!("a file for the bot is not heeded: {why}");
                if let Some(answer) = why.answer().filter(|_| self.has_patience(message)) {
                    self.answer_to(message, answer.to_owned());
                }
                return Ok(None);
            }
        };
        let Some(name) = album else {
            let taken = self.has_patience(message);
            return Ok(taken.then(|| Work::One(Box::new(message.clone()))));
        };
        let part = Part { message: message.clone(), granted };
        Ok(match super::lock(&self.files.albums).add(&name, part, Instant::now()) {
            Added::First => Some(Work::Album(name)),
            Added::Another => None,
            Added::TooMany => {
                tracing::warn!("a part of an album was left out: there are too many at once");
                None
            }
        })
    }

    fn answer_to(&self, message: &Message, text: String) {
        self.later(Job::Say { chat: message.chat.id.0, text, to: Some(message.id.0) });
    }

    /// Does it, and answers.
    pub(super) async fn exchange(&self, work: Work, bot: &str, noted: UnderWay) {
        let parts = match work {
            Work::One(message) => vec![*message],
            Work::Album(name) => self.whole(&name).await,
        };
        let lead = parts.iter().find(|part| !words(part).is_empty()).or(parts.first());
        let answer = match lead {
            Some(lead) => self.obey(lead, &parts, bot).await,
            None => None,
        };
        // Of a file that is on its way to somebody the outbox sees the end.
        let is_sent = answer.is_none() && lead.is_some_and(|lead| lead.id.0 == noted.message);
        if !is_sent {
            self.ended(noted.chat, noted.message).await;
        }
        if let (Some(lead), Some(answer)) = (lead, answer) {
            self.answer_to(lead, answer);
        }
    }

    /// Does what is said with some files; the answer, where it is not one of them.
    async fn obey(&self, lead: &Message, parts: &[Message], bot: &str) -> Option<String> {
        let said = words(lead);
        let order = if order::is_command(said, bot) {
            Order::read(said)
        } else if said.starts_with('/') {
            None
        } else {
            Some(Order::Put(Put::default()))
        };
        match order {
            None => Some(USAGE.to_owned()),
            Some(Order::Get { path, session }) => {
                self.get(lead, &path, session.as_deref()).await.err()
            }
            Some(Order::Put(put)) => {
                // The command alone is about the file that it replies to.
                let about = match lead.reply_to_message() {
                    Some(original) if attachment::of(lead).is_none() => vec![original.clone()],
                    _ => parts.to_vec(),
                };
                Some(self.put(lead, &about, &put).await.unwrap_or_else(|why| why))
            }
        }
    }

    /// The parts of an album, once no more come, if whoever sent it may.
    async fn whole(&self, name: &Name) -> Vec<Message> {
        let parts = loop {
            let state = super::lock(&self.files.albums).take(name, Instant::now());
            match state {
                State::Until(at) => tokio::time::sleep_until(at).await,
                State::Whole(parts) => break parts,
            }
        };
        let sender = |part: &Part| Seen::of_message(&part.message).sender;
        let Some(lead) = parts.iter().find(|part| part.granted) else { return Vec::new() };
        if !self.has_patience(&lead.message) {
            return Vec::new();
        }
        let theirs = sender(lead);
        parts.into_iter().filter(|part| sender(part) == theirs).map(|part| part.message).collect()
    }

    /// The session somebody means: the one they name, the one whose message they reply to, or the
    /// only one.
    async fn meant(&self, message: &Message, name: Option<&str>) -> Result<Session, String> {
        let name = name.map(str::to_owned);
        let found = async {
            let replied = message.reply_to_message().filter(|_| name.is_none());
            let about = match replied {
                Some(original) => {
                    let place = self.place(message.chat.id.0, original.id.0);
                    self.anchored(&place).await?
                }
                None => None,
            };
            let approval = match about {
                Some((id, _)) => self.handle.approval(id).await?,
                None => None,
            };
            self.handle
                .with_store(move |_, machine| {
                    let theirs = approval.and_then(|approval| machine.session(&approval.session));
                    Ok(match theirs {
                        Some(session) => Ok(session.clone()),
                        None => choose(machine.sessions(), name.as_deref()).cloned(),
                    })
                })
                .await
        };
        match found.await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(unclear @ Unclear::Several(_))) => Err(format!(
                "{unclear}\nName it behind the path, or reply to one of its messages. {USAGE}"
            )),
            Ok(Err(unclear)) => Err(unclear.to_string()),
            Err(error) => Err(format!("Nothing was done: {error}.")),
        }
    }

    /// Writes down what was exchanged.
    async fn record(
        &self,
        message: &Message,
        session: &Session,
        news: News,
    ) -> Result<(), EngineError> {
        let by = Actor::Telegram { user: Seen::of_message(message).user() };
        let report = Command::Report { session: Some(session.id.clone()), news };
        self.handle.submit(by, report).await.map(drop)
    }

    /// Puts files into a session's folder; tells what became of each.
    async fn put(&self, lead: &Message, parts: &[Message], put: &Put) -> Result<String, String> {
        if parts.iter().all(|part| attachment::of(part).is_none()) {
            return Err(USAGE.to_owned());
        }
        let session = self.meant(lead, put.session.as_deref()).await?;
        let label = redaction::line(&session.label, 60);
        let one = parts.len() == 1;
        let mut results = Vec::new();
        for attachment in parts.iter().filter_map(attachment::of) {
            let shown = redaction::line(&attachment.name, 120);
            results.push(match self.put_one(lead, &session, attachment, put, one).await {
                Ok((path, size)) => Ok(format!("{path}: {}", bytes(size))),
                Err(why) => Err(format!("{shown}: {why}")),
            });
        }
        if let [result] = results.as_slice() {
            return Ok(match result {
                Ok(stored) => format!("Stored in {label}: {stored}."),
                Err(refused) => format!("Not stored: {refused}."),
            });
        }
        let stored = results.iter().filter(|result| result.is_ok()).count();
        let mut text = format!("Stored {stored} of {} files in {label}:", results.len());
        for result in &results {
            text.push_str(&match result {
                Ok(stored) => format!("\n{stored}"),
                Err(refused) => format!("\nNot stored: {refused}"),
            });
        }
        Ok(text)
    }

    async fn put_one(
        &self,
        lead: &Message,
        session: &Session,
        attachment: attachment::Attachment,
        put: &Put,
        one: bool,
    ) -> Result<(String, u64), String> {
        let path = match put.path.as_deref() {
            None => attachment.name.clone(),
            Some(folder) if folder == "." || folder.ends_with('/') => {
                format!("{}/{}", folder.trim_end_matches('/'), attachment.name)
            }
            Some(path) if one => path.to_owned(),
            Some(_) => return Err("several files go into a folder: end its path with /".to_owned()),
        };
        let wanted = Wanted::read(&path).map_err(|refused| refused.to_string())?;
        let path = wanted.path().display().to_string();
        let Ok(_turn) = self.files.fetching.acquire().await else {
            return Err("pager is stopping".to_owned());
        };
        let folder = PathBuf::from(&session.cwd);
        let stored = self.fetch(attachment, folder, wanted, put.overwrite).await?;
        let (size, shown) = (stored.size, redaction::line(&path, 200));
        let file = Exchanged { path, size, sha256: stored.sha256 };
        match self.record(lead, session, News::FileReceived { file }).await {
            Ok(()) => Ok((shown, size)),
            Err(error) => {
                tracing::error!("a file was put into a session's folder, unrecorded: {error}");
                Err(format!("it is there, but that could not be written down: {error}"))
            }
        }
    }

    /// Has a file of a session's folder sent to whoever asks.
    async fn get(&self, lead: &Message, path: &str, session: Option<&str>) -> Result<(), String> {
        let unsent = |why: String| format!("Not sent: {}: {why}.", redaction::line(path, 200));
        let wanted = Wanted::read(path).map_err(|refused| format!("Not sent: {refused}."))?;
        let session = self.meant(lead, session).await?;
        let Ok(turn) = Arc::clone(&self.files.sending).acquire_owned().await else {
            return Err(unsent("pager is stopping".to_owned()));
        };
        let (exchange, folder) = (self.files.exchange.clone(), PathBuf::from(&session.cwd));
        let read = {
            let wanted = wanted.clone();
            spawn_blocking(move || exchange.read(&folder, &wanted)).await
        };
        let taken = over(read).map_err(unsent)?;
        let path = wanted.path().display().to_string();
        let size = u64::try_from(taken.bytes.len()).unwrap_or(u64::MAX);
        let file = Exchanged { path: path.clone(), size, sha256: taken.sha256 };
        // Before it goes: what cannot be written down does not go.
        let recorded = self.record(lead, &session, News::FileSent { file }).await;
        recorded.map_err(|error| unsent(error.to_string()))?;
        let name = wanted.path().file_name().unwrap_or_default();
        let file_name = name.to_string_lossy().into_owned();
        let parcel = Arc::new(Parcel::new(path, file_name, taken.bytes, turn));
        self.later(Job::Deliver { chat: lead.chat.id.0, to: lead.id.0, parcel });
        Ok(())
    }
}
