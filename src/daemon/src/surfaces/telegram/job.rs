//! What the outbox is left to do.

use std::sync::Arc;

use pager_core::ApprovalId;
use pager_core::access::Code;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::api::Failure;
use super::dialogue::{Place, Purpose};

/// Something to be done that need not outlive the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// Say something in a chat.
    Say {
        /// Where.
        chat: i64,
        /// Plain text.
        text: String,
        /// The message it is a reply to.
        to: Option<i32>,
    },
    /// Tell a stranger the code by which they can be let in.
    Invite {
        /// Their number, which is their chat's as well.
        user: i64,
        /// The code.
        code: Code,
    },
    /// Tell somebody that their exchange of files came to no end.
    Interrupted(UnderWay),
    /// A message of a settled approval turned up that does not show it yet.
    Settle(ApprovalId),
    /// What an approval's messages offer may have changed.
    Draw(ApprovalId),
    /// Ask for words.
    Prompt {
        /// About which approval.
        id: ApprovalId,
        /// Where.
        chat: i64,
        /// The message that asks for the verdict.
        message: i32,
        /// What the words are to be.
        purpose: Purpose,
    },
    /// Take a message back that asks for words.
    Retract {
        /// About which approval it asks.
        id: ApprovalId,
        /// The message.
        place: Place,
    },
    /// Send the whole of what is asked as a file.
    Details {
        /// Of which approval.
        id: ApprovalId,
        /// Where to.
        chat: i64,
        /// The message that asks for the verdict.
        message: i32,
    },
    /// A file was sent, or not.
    Uploaded {
        /// Of which approval.
        id: ApprovalId,
        /// Where to.
        chat: i64,
        /// The message that asks for the verdict.
        message: i32,
        /// Whether the file has all that is asked.
        whole: bool,
        /// The message that has the file.
        result: Result<i32, Failure>,
    },
    /// Send a file of a session's folder.
    Deliver {
        /// Where to.
        chat: i64,
        /// The message that asks for it.
        to: i32,
        /// The file.
        parcel: Arc<Parcel>,
    },
    /// Such a file was sent, or not.
    Delivered {
        /// Where to.
        chat: i64,
        /// The message that asks for it.
        to: i32,
        /// The file.
        parcel: Arc<Parcel>,
        /// The message that has it.
        result: Result<i32, Failure>,
    },
}

/// An exchange of files that was begun, as it is noted until it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnderWay {
    /// Where.
    pub(super) chat: i64,
    /// The message that asks for it; of an album, the first.
    pub(super) message: i32,
    /// What it is, for whoever asked.
    pub(super) what: String,
}

impl UnderWay {
    /// What whoever asked is told where it came to no end.
    pub(super) fn words(&self) -> String {
        format!("The transfer of {} was interrupted; send it again.", self.what)
    }
}

/// A file that is to be sent to somebody.
#[derive(Debug)]
pub(super) struct Parcel {
    /// Its path in the session's folder.
    pub(super) path: String,
    pub(super) file_name: String,
    pub(super) bytes: Vec<u8>,
    /// Not too many are in memory at once.
    _turn: OwnedSemaphorePermit,
}

impl Parcel {
    /// A file that goes while it has its turn.
    pub(super) fn new(
        path: String,
        file_name: String,
        bytes: Vec<u8>,
        turn: OwnedSemaphorePermit,
    ) -> Self {
        Self { path, file_name, bytes, _turn: turn }
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Parcel {}
