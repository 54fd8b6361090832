//! Who may do what: one judgement over where something comes from, who sent it, what kind of update
//! it is and what it asks for.
//!
//! Everything is closed unless a rule opens it. An empty list is nobody; what cannot be determined is
//! refused; a grant for direct messages is none for a group. People are numbers: names change hands.

mod judge;
mod mention;
mod pairing;
mod role;
mod rules;
mod window;

pub use mention::{InvalidMention, Pattern};
pub use pairing::{
    CODE_ALPHABET, CODE_LENGTH, Code, Knock, Pairing, Pairings, Principal, Rejected,
};
pub use role::{InvalidRole, Right, Rights, Role, RoleName};
pub use rules::{DirectPolicy, Group, Lists, Rules, Topic};
pub use window::{SlidingWindow, Wait};

use std::fmt;

/// Accounts of Telegram's that stand for no single person: anonymous administrators of groups, posts
/// in a channel's name, and Telegram's own.
pub const NOT_A_PERSON: [i64; 3] = [1_087_968_824, 136_817_688, 777_000];

/// What is asked, and everything that is known of how it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inquiry<'a> {
    /// Where.
    pub place: Place,
    /// By whom.
    pub sender: Sender,
    /// In which form.
    pub form: Form<'a>,
    /// Whether it speaks to the bot; only asked in groups.
    pub addressed: Addressed,
    /// What for.
    pub action: Action,
}

/// Where something comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This machine: D-Bus, the private socket, a notification, a terminal. The kernel has said that
    /// it is the same user.
    Host,
    /// A person's own chat with the bot, whose number is the person's.
    Direct {
        /// The chat's number.
        chat: i64,
    },
    /// A group or a supergroup.
    Group {
        /// The chat's number.
        chat: i64,
        /// The topic's, in a forum.
        topic: Option<i32>,
    },
    /// A channel.
    Channel,
    /// A kind of chat that is not known here.
    Unknown,
}

/// Who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The user of this machine.
    Host,
    /// A Telegram user.
    Person(i64),
    /// A bot, a channel, an anonymous administrator, or nobody who could be named.
    Nobody,
}

impl Sender {
    /// A Telegram account, which may be no person's.
    pub fn account(id: i64, is_bot: bool) -> Self {
        if is_bot || id <= 0 || NOT_A_PERSON.contains(&id) {
            Self::Nobody
        } else {
            Self::Person(id)
        }
    }
}

/// The form in which it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form<'a> {
    /// Words.
    Message,
    /// Words that were there already, changed.
    Edited,
    /// A tap on a button.
    Callback,
    /// A command, by its name without the slash.
    Command(&'a str),
    /// A document, a picture, a film.
    File,
    /// A voice message.
    Voice,
    /// A reaction.
    Reaction,
}

/// Whether something in a group speaks to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressed {
    /// It names the bot, replies to it, or fits a pattern of the group's.
    Yes,
    /// It does not.
    No,
    /// That cannot be told: the bot's own name is not known yet.
    Unknown,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// To see what waits and what runs.
    Look,
    /// To give an agent something to do.
    Prompt,
    /// To say yes, or to answer.
    Approve,
    /// To say no.
    Deny,
    /// To deny all that a session waits for, and end its turn.
    Stop,
    /// To let a paused session ask again, to end sessions, to change how they work.
    Manage,
    /// To send a file or to get one.
    Files,
    /// To stop everything.
    Panic,
    /// To change who may do what, or the bot's token: done on the machine itself, by nobody else.
    Govern,
}

impl Action {
    /// The right it takes; none where another rule decides.
    pub const fn right(self) -> Option<Right> {
        match self {
            Self::Prompt => Some(Right::Prompt),
            Self::Approve | Self::Deny | Self::Stop => Some(Right::Approve),
            Self::Manage => Some(Right::Manage),
            Self::Files => Some(Right::Files),
            Self::Look | Self::Panic | Self::Govern => None,
        }
    }

    /// Whether it counts against the limit of its sender: a no and a stop always get through.
    pub const fn is_limited(self) -> bool {
        !matches!(self, Self::Deny | Self::Stop | Self::Panic)
    }
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Access {
    /// They may, in this role.
    Granted(RoleName),
    /// They may not.
    Refused(Why),
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Everything is shut since a panic.
    Locked,
    /// It is not one person who speaks.
    NotAPerson,
    /// It is no chat in which anybody is heard.
    NoSuchPlace,
    /// Such updates are not heeded.
    Unhandled,
    /// Direct messages are off.
    DirectOff,
    /// Nobody knows them, and they may ask to be let in.
    MayKnock,
    /// Nobody knows them.
    Stranger,
    /// The group is not among those that are heard, or the topic is switched off.
    GroupOff,
    /// They are in no list of this group's that would allow it.
    NotInGroup,
    /// It does not speak to the bot, or that cannot be told.
    NotAddressed,
    /// The command is not one of this group's.
    NotHere,
    /// Their role does not have the right.
    NoRight(Right),
    /// They may ask for something, and see nothing.
    NotForGuests,
    /// Only an owner may.
    NotOwner,
    /// It is done on the machine itself.
    HostOnly,
}

impl Why {
    /// What the sender is told. Strangers and whoever was not spoken to are told nothing: an answer
    /// would say that somebody is here.
    pub const fn answer(self) -> Option<&'static str> {
        match self {
            Self::Locked
            | Self::NotAPerson
            | Self::NoSuchPlace
            | Self::Unhandled
            | Self::DirectOff
            | Self::MayKnock
            | Self::Stranger
            | Self::GroupOff
            | Self::NotInGroup
            | Self::NotAddressed => None,
            Self::NotHere => Some("This command is not used in this group."),
            Self::NoRight(right) => Some(right.missing()),
            Self::NotForGuests => Some("What runs here is not shown to guests."),
            Self::NotOwner => Some("Only an owner may do this."),
            Self::HostOnly => Some("This is done on the machine itself, never from a chat."),
        }
    }
}

impl Why {
    /// The reason as the journal and the audit log have it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Locked => "everything is shut since a panic",
            Self::NotAPerson => "it comes from no single person",
            Self::NoSuchPlace => "nobody is heard in such a chat",
            Self::Unhandled => "such updates are not heeded",
            Self::DirectOff => "direct messages are off",
            Self::MayKnock => "they are not known, and may ask to be let in",
            Self::Stranger => "they are not in allowed_users",
            Self::GroupOff => "the group is not listed, or the topic is off",
            Self::NotInGroup => "no list of this group names them",
            Self::NotAddressed => "it does not speak to the bot",
            Self::NotHere => "the command is not one of this group's",
            Self::NoRight(_) => "their role does not have the right",
            Self::NotForGuests => "a guest sees nothing",
            Self::NotOwner => "they are no owner",
            Self::HostOnly => "it is done on the machine itself",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests;
