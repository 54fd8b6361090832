//! Who did it, and through which door.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who asked for a change. Its text form (`telegram:111`, `dbus:1000/pagerctl`, `terminal`, …) is
/// what the audit log, D-Bus and the journal carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Actor {
    /// A Telegram user, by numeric id.
    Telegram {
        /// The user's id, never a name: names can be given away and taken.
        user: i64,
    },
    /// A caller on D-Bus or on the private socket.
    Dbus {
        /// The caller's user id, from the kernel.
        uid: u32,
        /// The name of the caller's program.
        program: String,
    },
    /// The person at the desktop, by a notification's action.
    Desktop,
    /// The person at the agent's own dialog.
    Terminal,
    /// A rule of the person's policy.
    Policy {
        /// The rule's name.
        rule: String,
    },
    /// The clock: nobody answered in time.
    Timeout,
    /// The agent itself: it reports, asks, or has gone.
    Agent,
    /// Pager itself, of its own records.
    Pager,
}

impl Actor {
    /// How a person is told who it was: "on Telegram (111111111)", "at the terminal".
    pub fn words(&self) -> String {
        match self {
            Self::Telegram { user } => format!("on Telegram ({user})"),
            Self::Dbus { program, .. } => format!("with {program}"),
            Self::Desktop => "on the desktop".to_owned(),
            Self::Terminal => "at the terminal".to_owned(),
            Self::Policy { rule } => format!("by policy rule {rule}"),
            Self::Timeout => "by nobody in time".to_owned(),
            Self::Agent => "by the agent".to_owned(),
            Self::Pager => "by pager".to_owned(),
        }
    }
}

impl Actor {
    /// Whether the two are one person, as far as can be told: whoever is at the machine is one,
    /// whichever of its doors they take.
    pub fn is_same_person(&self, other: &Self) -> bool {
        let here =
            |actor: &Self| matches!(actor, Self::Dbus { .. } | Self::Desktop | Self::Terminal);
        self == other || (here(self) && here(other))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Telegram { user } => write!(f, "telegram:{user}"),
            Self::Dbus { uid, program } => write!(f, "dbus:{uid}/{program}"),
            Self::Desktop => f.write_str("desktop"),
            Self::Terminal => f.write_str("terminal"),
            Self::Policy { rule } => write!(f, "policy:{rule}"),
            Self::Timeout => f.write_str("timeout"),
            Self::Agent => f.write_str("agent"),
            Self::Pager => f.write_str("pager"),
        }
    }
}

/// A text names no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no actor")]
pub struct InvalidActor(String);

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, InvalidActor> {
        let invalid = || InvalidActor(text.to_owned());
        match text.split_once(':') {
            None => match text {
                "desktop" => Ok(Self::Desktop),
                "terminal" => Ok(Self::Terminal),
                "timeout" => Ok(Self::Timeout),
                "agent" => Ok(Self::Agent),
                "pager" => Ok(Self::Pager),
                _ => Err(invalid()),
            },
            Some(("telegram", user)) => {
                user.parse().map(|user| Self::Telegram { user }).map_err(|_| invalid())
            }
            Some(("policy", rule)) => Ok(Self::Policy { rule: rule.to_owned() }),
            Some(("dbus", caller)) => {
                let (uid, program) = caller.split_once('/').ok_or_else(invalid)?;
                let uid = uid.parse().map_err(|_| invalid())?;
                Ok(Self::Dbus { uid, program: program.to_owned() })
            }
            Some(_) => Err(invalid()),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = InvalidActor;

    fn try_from(text: String) -> Result<Self, InvalidActor> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_actor_is_read_back_from_its_text() {
        let actors = [
            Actor::Telegram { user: 111_111_111 },
            Actor::Dbus { uid: 1000, program: "busctl".into() },
            Actor::Desktop,
            Actor::Terminal,
            Actor::Policy { rule: "no:secrets".into() },
            Actor::Timeout,
            Actor::Agent,
            Actor::Pager,
        ];
        for actor in actors {
            assert_eq!(actor.to_string().parse::<Actor>().unwrap(), actor);
        }
        for bad in ["", "telegram:", "telegram:me", "dbus:1000", "root", "slack:1"] {
            assert!(bad.parse::<Actor>().is_err(), "{bad}");
        }
    }
}
