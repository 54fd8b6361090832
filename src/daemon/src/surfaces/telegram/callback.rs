//! What a button sends back, and whether a tap is what it claims to be.
//!
//! A button's data names the choice, the approval and a nonce that was made for this one message and
//! is known to nobody but the message: the store has only its digest, so that whoever can read the
//! database can tap nothing. The digest's note says for which chat and message the nonce was made and
//! which choices were offered there.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use pager_core::{ApprovalId, Sha256Hex, Verdict};
use serde::{Deserialize, Serialize};

/// What a button stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    Allow,
    Deny,
}

impl Choice {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }

    pub(super) fn verdict(self) -> Verdict {
        match self {
            Self::Allow => Verdict::Allow,
            Self::Deny => Verdict::deny(""),
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Allow => 'a',
            Self::Deny => 'd',
        }
    }
}

/// The form of the data: it is read for as long as messages with such buttons stand in a chat.
const VERSION: char = '1';
const APPROVAL_LEN: usize = 32;
const NONCE_LEN: usize = 22;

/// 128 random bits in the form that a button carries.
pub(super) struct Nonce(String);

impl Nonce {
    pub(super) fn fresh() -> rustix::io::Result<Self> {
        let mut bytes = [0; 16];
        rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty())?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What may be stored of it.
    pub(super) fn digest(&self) -> Sha256Hex {
        Sha256Hex::of(self.0.as_bytes())
    }

    /// The data of a button: 56 bytes, of 64 that there may be.
    pub(super) fn data(&self, choice: Choice, approval: &ApprovalId) -> String {
        format!("{VERSION}{}{approval}{}", choice.letter(), self.0)
    }
}

/// What a tap claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) choice: Choice,
    pub(super) approval: ApprovalId,
    /// The digest of the nonce. Digests are looked up and compared, never nonces, so the time that
    /// takes tells nothing.
    pub(super) nonce: Sha256Hex,
}

impl Claim {
    /// Reads a button's data; none if it is not of the form that ours have.
    pub(super) fn read(data: &str) -> Option<Self> {
        let mut letters = data.chars();
        if letters.next() != Some(VERSION) {
            return None;
        }
        let choice = match letters.next() {
            Some('a') => Choice::Allow,
            Some('d') => Choice::Deny,
            _ => return None,
        };
        let (approval, nonce) = letters.as_str().split_at_checked(APPROVAL_LEN)?;
        if nonce.len() != NONCE_LEN {
            return None;
        }
        let approval = approval.parse().ok()?;
        Some(Self { choice, approval, nonce: Sha256Hex::of(nonce.as_bytes()) })
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
        for choice in [Choice::Allow, Choice::Deny] {
            let data = nonce.data(choice, &approval);
            assert!(data.len() <= 64, "{data}");
            let claim = Claim { choice, approval, nonce: nonce.digest() };
            assert_eq!(Claim::read(&data), Some(claim));
        }
        assert_ne!(Nonce::fresh().unwrap().digest(), nonce.digest());
    }

    #[test]
    fn other_forms_are_refused() {
        let data = Nonce::fresh().unwrap().data(Choice::Allow, &ApprovalId::from_bytes([1; 16]));
        assert!(Claim::read(&data).is_some());
        let others = [
            String::new(),
            data.replacen('1', "2", 1),
            data.replacen('a', "x", 1),
            data.replacen("01", "0G", 1),
            data[..55].to_owned(),
            format!("{data}A"),
        ];
        for other in others {
            assert_eq!(Claim::read(&other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), tail in "\\PC{0,60}") {
            let _ = Claim::read(&text);
            let _ = Claim::read(&format!("1a{tail}"));
        }
    }
}
