//! What has been said of an approval and decides nothing yet: a second tap that is waited for, a
//! reason that was asked for, answers half given. It is kept in the store, so that a restart changes
//! nothing of it.

use pager_core::ApprovalId;
use serde::{Deserialize, Serialize};

use super::Door;
use super::form::Form;
use crate::engine::EngineError;
use crate::store::{Store, StoreError};

/// Under which names the notes of all this stand.
const DIALOGUES: &str = "telegram.dialogue";
const ANCHORS: &str = "telegram.anchor";

/// A message of one bot's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) bot: String,
    pub(super) chat: i64,
    pub(super) message: i32,
}

impl Place {
    fn slot(&self) -> String {
        format!("{}:{}:{}", self.bot, self.chat, self.message)
    }
}

/// What a reply to a message of ours is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// The message asks for a verdict, or is the file with the whole of what it asks.
    Verdict,
    /// The message asks for the reason of a no.
    Reason,
    /// The message asks for an answer in somebody's own words, to the question of that number.
    Answer(u16),
}

/// A message that asks for words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Prompt {
    #[serde(flatten)]
    pub(super) place: Place,
    pub(super) purpose: Purpose,
}

/// What has been said of one approval so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dialogue {
    /// Whether the second tap for "always" is waited for.
    #[serde(default)]
    pub(super) confirming: bool,
    /// By which bots, and in which chats, the whole was sent as a file.
    #[serde(default)]
    pub(super) shown: Vec<(String, i64)>,
    /// What people have chosen so far.
    #[serde(default)]
    pub(super) form: Form,
    /// The messages that ask for words.
    #[serde(default)]
    pub(super) prompts: Vec<Prompt>,
}

impl Dialogue {
    /// Whether the whole was sent to this chat as a file.
    pub(super) fn is_shown(&self, bot: &str, chat: i64) -> bool {
        self.shown.iter().any(|(by, to)| by == bot && *to == chat)
    }
}

/// The dialogue about an approval; an empty one where nothing was said.
pub(super) fn dialogue(store: &Store, id: &ApprovalId) -> Result<Dialogue, StoreError> {
    let notes = store.notes(DIALOGUES, id)?;
    Ok(notes.into_iter().next().map(|(_, dialogue)| dialogue).unwrap_or_default())
}

/// Remembers what a reply to this message is about.
pub(super) fn anchor(
    store: &mut Store,
    id: &ApprovalId,
    place: &Place,
    purpose: Purpose,
) -> Result<(), StoreError> {
    store.put_note(ANCHORS, id, &place.slot(), &purpose)
}

impl Door {
    pub(super) fn place(&self, chat: i64, message: i32) -> Place {
        Place { bot: self.api.bot_id().to_owned(), chat, message }
    }

    pub(super) async fn dialogue(&self, id: ApprovalId) -> Result<Dialogue, EngineError> {
        self.handle.with_store(move |store, _| dialogue(store, &id)).await
    }

    /// Changes the dialogue in one step, so that of two people at once neither undoes the other's.
    pub(super) async fn converse<T: Send + 'static>(
        &self,
        id: ApprovalId,
        change: impl FnOnce(&mut Dialogue) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        self.handle
            .with_store(move |store, _| {
                let mut dialogue = dialogue(store, &id)?;
                let before = dialogue.clone();
                let result = change(&mut dialogue);
                if dialogue != before {
                    store.put_note(DIALOGUES, &id, "", &dialogue)?;
                }
                Ok(result)
            })
            .await
    }

    /// What a reply to this message is about; none if the message is none that asks.
    pub(super) async fn anchored(
        &self,
        place: &Place,
    ) -> Result<Option<(ApprovalId, Purpose)>, EngineError> {
        let slot = place.slot();
        self.handle.with_store(move |store, _| store.find_note(ANCHORS, &slot)).await
    }

    /// Forgets the dialogue, which is over; where replies belong stays known.
    pub(super) async fn end_dialogue(&self, id: ApprovalId) -> Result<(), EngineError> {
        self.handle.with_store(move |store, _| store.drop_notes(DIALOGUES, &id)).await
    }
}
