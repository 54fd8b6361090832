//! What a button sends back, and whether a tap is what it claims to be.
//!
//! A button's data names the choice, the approval and a nonce that was made for this one message and
//! is known to nobody but the message: the store has only its digest, so that whoever can read the
//! database can tap nothing. The digest's note says for which chat and message the nonce was made and
//! which choices were offered there.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use pager_core::access::Action;
use pager_core::{ApprovalId, Sha256Hex};
use serde::{Deserialize, Serialize};

/// What a button stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    /// Yes, this once.
    Allow,
    /// No, without a word.
    Deny,
    /// Show what "always" would grant, and ask once more.
    Always,
    /// Yes, always: the second tap.
    AlwaysYes,
    /// No second tap: back to what was asked.
    Back,
    /// No, for a reason that is asked for.
    Reason,
    /// No, and the turn ends.
    Stop,
    /// Yes to a plan and to its edits.
    Edits,
    /// Send the whole as a file.
    Details,
    /// Choose an option: the argument says of which question, and which.
    Pick,
    /// Take an option back.
    Unpick,
    /// Answer in one's own words: the argument says which question.
    Other,
    /// Show a question's options: the argument says which question's, and from which page on.
    Show,
    /// These are the answers: the argument is how often they were changed before.
    Submit,
}

/// The letters that stand for the choices in a button's data. They keep their meaning for ever.
const LETTERS: [(Choice, char); 14] = [
    (Choice::Allow, 'a'),
    (Choice::Deny, 'd'),
    (Choice::Always, 'w'),
    (Choice::AlwaysYes, 'W'),
    (Choice::Back, 'b'),
    (Choice::Reason, 'r'),
    (Choice::Stop, 's'),
    (Choice::Edits, 'e'),
    (Choice::Details, 'i'),
    (Choice::Pick, 'p'),
    (Choice::Unpick, 'u'),
    (Choice::Other, 'o'),
    (Choice::Show, 'q'),
    (Choice::Submit, 'y'),
];

impl Choice {
    fn letter(self) -> char {
        LETTERS.iter().find(|(choice, _)| *choice == self).map_or('?', |(_, letter)| *letter)
    }

    fn of_letter(letter: char) -> Option<Self> {
        LETTERS.iter().find(|(_, known)| *known == letter).map(|(choice, _)| *choice)
    }

    /// Whether a tap on it says more than which button it was.
    const fn has_argument(self) -> bool {
        matches!(self, Self::Pick | Self::Unpick | Self::Other | Self::Show | Self::Submit)
    }
}

/// What a choice is about: two numbers, a question and one of its options.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Argument(pub(super) u16, pub(super) u16);

impl Argument {
    /// Reads what [`Argument`]'s text form gives, in that form only.
    fn read(text: &str) -> Option<Self> {
        let (first, second) = text.split_once('.')?;
        let read = Self(first.parse().ok()?, second.parse().ok()?);
        (read.to_string() == text).then_some(read)
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The form of the data: it is read for as long as messages with such buttons stand in a chat.
const VERSION: char = '1';
/// The form of the data of a button that resumes a session.
const RESUME: &str = "2r";
const APPROVAL_LEN: usize = 32;
const NONCE_LEN: usize = 22;

/// 128 random bits in the form that a button carries.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Nonce(String);

impl Nonce {
    pub(super) fn fresh() -> rustix::io::Result<Self> {
        let mut bytes = [0; 16];
        rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty())?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What may be stored of it. Digests are looked up and compared, never nonces, so the time that
    /// takes tells nothing.
    pub(super) fn digest(&self) -> Sha256Hex {
        Sha256Hex::of(self.0.as_bytes())
    }

    /// The data of a button: 56 bytes and an argument, of 64 that there may be.
    pub(super) fn data(&self, choice: Choice, argument: Argument, approval: &ApprovalId) -> String {
        let mut data = format!("{VERSION}{}{approval}{}", choice.letter(), self.0);
        if choice.has_argument() {
            data.push_str(&argument.to_string());
        }
        data
    }

    /// The data of the button that resumes a session.
    pub(super) fn resume_data(&self) -> String {
        format!("{RESUME}{}", self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce")
    }
}

/// What a tap claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// To decide, or to go a step towards it.
    Choice { choice: Choice, argument: Argument, approval: ApprovalId, nonce: Nonce },
    /// To let the session ask again that the message is about.
    Resume { nonce: Nonce },
}

impl Claim {
    /// What whoever taps it wants.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Resume { .. } => Action::Manage,
            Self::Choice { choice, .. } => match choice {
                Choice::Deny | Choice::Stop | Choice::Reason => Action::Deny,
                Choice::Details | Choice::Show | Choice::Back => Action::Look,
                Choice::Allow
                | Choice::Always
                | Choice::AlwaysYes
                | Choice::Edits
                | Choice::Pick
                | Choice::Unpick
                | Choice::Other
                | Choice::Submit => Action::Approve,
            },
        }
    }

    /// Reads a button's data; none if it is not of the form that ours have.
    pub(super) fn read(data: &str) -> Option<Self> {
        if let Some(nonce) = data.strip_prefix(RESUME) {
            return (nonce.len() == NONCE_LEN)
                .then(|| Self::Resume { nonce: Nonce(nonce.to_owned()) });
        }
        let mut letters = data.chars();
        if letters.next() != Some(VERSION) {
            return None;
        }
        let choice = letters.next().and_then(Choice::of_letter)?;
        let (approval, rest) = letters.as_str().split_at_checked(APPROVAL_LEN)?;
        let (nonce, argument) = rest.split_at_checked(NONCE_LEN)?;
        let argument = match (choice.has_argument(), argument) {
            (false, "") => Argument::default(),
            (false, _) => return None,
            (true, argument) => Argument::read(argument)?,
        };
        let approval = approval.parse().ok()?;
        Some(Self::Choice { choice, argument, approval, nonce: Nonce(nonce.to_owned()) })
    }
}

/// The note kept of a message that was sent, or may have been, by its nonce's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    /// Which bot sent it: another one's messages have numbers of their own.
    pub(super) bot: String,
    /// Where to.
    pub(super) chat: i64,
    /// The message, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<i32>,
    /// A message that may be it, where the answer to the sending was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) perhaps: Option<i32>,
    /// The choices it offers.
    pub(super) offers: Vec<Choice>,
    /// Whether it shows how things ended.
    #[serde(default)]
    pub(super) settled: bool,
    /// What it shows, if that was noted: the digest of its text and that of its buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) drawn: Option<(Sha256Hex, Sha256Hex)>,
    /// Whether its buttons were drawn anew with another nonce. Taps on those that were there are
    /// still under way, perhaps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) redrawn: bool,
}

impl Sent {
    /// Whether a tap on this bot's message in this chat can be one on the message the note is about.
    pub(super) fn fits(&self, bot: &str, chat: i64, message: i32) -> bool {
        let known = self.message.is_none_or(|known| known == message);
        self.bot == bot && self.chat == chat && known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buttons_are_read_back_and_fit() {
        let approval = ApprovalId::from_bytes([0x5a; 16]);
        let nonce = Nonce::fresh().unwrap();
        for (choice, _) in LETTERS {
            for argument in [Argument(0, 0), Argument(99, 999), Argument(7, 65535)] {
                let data = nonce.data(choice, argument, &approval);
                assert!(data.len() <= 64, "{data}");
                let argument = if choice.has_argument() { argument } else { Argument(0, 0) };
                let nonce = nonce.clone();
                let claim = Claim::Choice { choice, argument, approval, nonce };
                assert_eq!(Claim::read(&data), Some(claim));
            }
        }
        assert_eq!(Claim::read(&nonce.resume_data()), Some(Claim::Resume { nonce: nonce.clone() }));
        assert_ne!(Nonce::fresh().unwrap().digest(), nonce.digest());
    }

    #[test]
    fn the_letters_differ() {
        for (at, (choice, letter)) in LETTERS.iter().enumerate() {
            assert!(LETTERS[..at].iter().all(|(c, l)| c != choice && l != letter), "{letter}");
            assert_eq!(choice.letter(), *letter);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let nonce = Nonce::fresh().unwrap();
        let approval = ApprovalId::from_bytes([1; 16]);
        let data = nonce.data(Choice::Allow, Argument(0, 0), &approval);
        assert!(Claim::read(&data).is_some());
        let pick = nonce.data(Choice::Pick, Argument(1, 2), &approval);
        let others = [
            String::new(),
            data.replacen('1', "2", 1),
            data.replacen('a', "x", 1),
            data.replacen("01", "0G", 1),
            data[..55].to_owned(),
            format!("{data}A"),
            format!("{data}1.2"),
            format!("{pick}2.3"),
            pick.replace("1.2", ""),
            pick.replace("1.2", "01.2"),
            pick.replace("1.2", "+1.2"),
            pick.replace("1.2", "1.70000"),
            format!("{}x", nonce.resume_data()),
        ];
        for other in others {
            assert_eq!(Claim::read(&other), None, "{other}");
        }
    }

    #[test]
    fn notes_of_earlier_releases_are_read() {
        let old = r#"{"bot":"1","chat":7,"message":3,"offers":["allow","deny"],"settled":false}"#;
        let sent: Sent = serde_json::from_str(old).unwrap();
        assert_eq!(sent.offers, [Choice::Allow, Choice::Deny]);
        assert_eq!((sent.drawn, sent.redrawn), (None, false));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), tail in "\\PC{0,60}") {
            let _ = Claim::read(&text);
            let _ = Claim::read(&format!("1a{tail}"));
            let _ = Claim::read(&format!("1p{}{tail}", "0".repeat(32)));
            let _ = Claim::read(&format!("2r{tail}"));
        }
    }
}
