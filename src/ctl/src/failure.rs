//! What went wrong, for a person and for a script: the one place where errors become exit statuses.

use std::borrow::Cow;
use std::fmt::Display;
use std::process::ExitCode;

use pager_core::sanitize::visible;

/// The exit statuses; they are an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It did not work.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// It exists, but no longer waits or runs.
    Settled = 3,
    /// There is no such approval or session.
    NotFound = 4,
    /// Not allowed.
    Refused = 5,
    /// The daemon cannot be reached.
    Unreachable = 69,
    /// Whoever read our output has left: what a shell says of a program that ended by SIGPIPE.
    ReaderGone = 141,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    /// What happened.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) hint: Option<Cow<'static, str>>,
}

impl Failure {
    pub(crate) fn new(status: Status, what: impl AsRef<str>) -> Self {
        // Some of it was written by an agent.
        Self {
            status,
            what: visible(what.as_ref()).into_owned(),
            hint: hint(status).map(Cow::Borrowed),
        }
    }

    /// It did not work, for this reason.
    pub(crate) fn failed(what: impl Display) -> Self {
        Self::new(Status::Failed, what.to_string())
    }

    /// The command line makes no sense.
    pub(crate) fn usage(what: impl Display) -> Self {
        Self::new(Status::Usage, what.to_string())
    }

    /// It did not work, and everything about it has been said.
    pub(crate) fn told() -> Self {
        Self::new(Status::Failed, "")
    }

    /// Says what to do about it.
    pub(crate) fn with_hint(self, hint: impl AsRef<str>) -> Self {
        Self { hint: Some(visible(hint.as_ref()).into_owned().into()), ..self }
    }
}

fn hint(status: Status) -> Option<&'static str> {
    match status {
        Status::NotFound => Some("pagerctl list shows what waits, pagerctl sessions the sessions"),
        Status::Unreachable => Some(
            "systemctl --user enable --now pager.socket starts pager; \
             of a pagerd started by hand, give the folder with --runtime-dir",
        ),
        Status::Failed | Status::Usage | Status::Settled | Status::Refused | Status::ReaderGone => {
            None
        }
    }
}

impl From<zbus::Error> for Failure {
    fn from(error: zbus::Error) -> Self {
        match &error {
            zbus::Error::MethodError(name, text, _) => {
                let text = text.as_deref().unwrap_or(name.as_str());
                Self::new(status_of(name), text)
            }
            zbus::Error::InputOutput(_) => {
                Self::new(Status::Unreachable, format!("the connection to pagerd broke: {error}"))
            }
            zbus::Error::FDO(error) => (**error).clone().into(),
            _ => Self::new(Status::Failed, format!("cannot make out what pagerd says: {error}")),
        }
    }
}

impl From<zbus::fdo::Error> for Failure {
    fn from(error: zbus::fdo::Error) -> Self {
        match error {
            zbus::fdo::Error::ZBus(error) => error.into(),
            error => {
                let name = zbus::DBusError::name(&error);
                let text = zbus::DBusError::description(&error).unwrap_or(name.as_str());
                Self::new(status_of(&name), text)
            }
        }
    }
}

/// What the error of this name means for a script.
fn status_of(name: &str) -> Status {
    if let Some(own) = name.strip_prefix("org.pagerd.Pager1.Error.") {
        return match own {
            "NotFound" => Status::NotFound,
            "AlreadyResolved" => Status::Settled,
            "NotAllowed" | "AuthenticationRequired" | "SelfApproval" => Status::Refused,
            _ => Status::Failed,
        };
    }
    match name.strip_prefix("org.freedesktop.DBus.Error.") {
        Some("UnknownObject") => Status::NotFound,
        Some("AccessDenied") => Status::Refused,
        Some(
            "ServiceUnknown" | "NameHasNoOwner" | "NoReply" | "Disconnected" | "NoServer"
            | "TimedOut" | "Timeout",
        ) => Status::Unreachable,
        Some(other) if other.starts_with("Spawn.") => Status::Unreachable,
        _ => Status::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_contract_has_its_status() {
        for (name, status) in [
            ("org.pagerd.Pager1.Error.NotFound", 4),
            ("org.pagerd.Pager1.Error.AlreadyResolved", 3),
            ("org.pagerd.Pager1.Error.NotAllowed", 5),
            ("org.pagerd.Pager1.Error.AuthenticationRequired", 5),
            ("org.pagerd.Pager1.Error.SelfApproval", 5),
            ("org.pagerd.Pager1.Error.InvalidArgument", 1),
            ("org.pagerd.Pager1.Error.StoreUnavailable", 1),
            ("org.pagerd.Pager1.Error.Unavailable", 1),
            ("org.freedesktop.DBus.Error.UnknownObject", 4),
            ("org.freedesktop.DBus.Error.ServiceUnknown", 69),
            ("org.freedesktop.DBus.Error.NoReply", 69),
            ("org.freedesktop.DBus.Error.Spawn.ChildExited", 69),
            ("com.example.Whatever", 1),
        ] {
            assert_eq!(status_of(name) as u8, status, "{name}");
        }
    }

    #[test]
    fn the_manual_tells_every_status() {
        let manual = include_str!("../../../man/pagerctl.1");
        let section = manual.split(".Sh EXIT STATUS\n").nth(1).unwrap();
        let section = section.split(".Sh ").next().unwrap();
        let told: Vec<u8> =
            section.lines().filter_map(|line| line.strip_prefix(".It ")?.parse().ok()).collect();
        use Status::{Failed, NotFound, ReaderGone, Refused, Settled, Unreachable, Usage};
        let all = [Failed, Usage, Settled, NotFound, Refused, Unreachable, ReaderGone];
        for status in all {
            match status {
                // A new one belongs into `all` as well.
                Failed | Usage | Settled | NotFound | Refused | Unreachable | ReaderGone => {}
            }
        }
        let known: Vec<u8> = [0].into_iter().chain(all.map(|status| status as u8)).collect();
        assert_eq!(told, known);
    }

    #[test]
    fn what_an_agent_wrote_is_shown_not_obeyed() {
        assert_eq!(Failure::new(Status::Failed, "a\u{1b}[2Jb").what, "a⟨U+001B⟩[2Jb");
    }
}
