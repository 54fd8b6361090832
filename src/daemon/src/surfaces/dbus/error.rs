//! Errors by name: the one place where what the engine says becomes what a caller gets.

use pager_core::Refusal;

use crate::engine::{EngineError, FindError};
use crate::redaction;

/// What a call can fail with. The names are an interface: `org.pagerd.Pager1.Error.NotFound` and so
/// on, with a sentence for a person.
#[derive(Debug, Clone, PartialEq, zbus::DBusError)]
#[zbus(prefix = "org.pagerd.Pager1.Error")]
pub enum Error {
    /// The connection's own trouble.
    #[zbus(error)]
    ZBus(zbus::Error),
    /// There is no such object.
    NotFound(String),
    /// It exists and has been decided; the sentence says how, by whom and when.
    AlreadyResolved(String),
    /// The caller may not do this.
    NotAllowed(String),
    /// The person would have to authenticate, and nobody could ask them: with an authentication agent
    /// for the caller's process or session the same call may do.
    AuthenticationRequired(String),
    /// The caller lives with an agent, and what an agent runs answers nothing.
    SelfApproval(String),
    /// It makes no sense as asked.
    InvalidArgument(String),
    /// Nothing can be decided, as nothing can be written down.
    StoreUnavailable(String),
    /// The daemon cannot do this, or not now.
    Unavailable(String),
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let sentence = redaction::clean(&error.to_string()).into_owned();
        match error {
            EngineError::Refused(
                Refusal::NotFound(_) | Refusal::NoSession(_) | Refusal::Nobody(_),
            ) => Self::NotFound(sentence),
            EngineError::Refused(Refusal::AlreadyResolved(_)) => Self::AlreadyResolved(sentence),
            EngineError::Refused(Refusal::NotAllowed(_)) => Self::NotAllowed(sentence),
            EngineError::Refused(Refusal::InvalidArgument(_)) => Self::InvalidArgument(sentence),
            EngineError::StoreUnavailable(_) => Self::StoreUnavailable(sentence),
            EngineError::Stopped => Self::Unavailable(sentence),
        }
    }
}

impl From<FindError> for Error {
    fn from(error: FindError) -> Self {
        match error {
            FindError::NotFound(_) => Self::NotFound(error.to_string()),
            FindError::Ambiguous(_) => Self::InvalidArgument(error.to_string()),
            FindError::Engine(error) => error.into(),
        }
    }
}

/// For property getters, which D-Bus gives no errors of one's own.
pub(super) fn unreadable(error: impl std::fmt::Display) -> zbus::fdo::Error {
    zbus::fdo::Error::Failed(redaction::clean(&error.to_string()).into_owned())
}
