//! Names of things: approvals, requests and sessions.
//!
//! Approvals and requests are named by 128 random bits, written as 32 lowercase hexadecimal digits:
//! the form is safe in an object path, a file name and Telegram's callback data, and a short
//! prefix is enough for a person, as with commits.

use std::str::FromStr;
use std::{fmt, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A text is not an id of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id: 32 lowercase hexadecimal digits are expected")]
pub struct InvalidId {
    text: String,
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes the id that these 128 bits name.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The first eight digits: what a person is shown.
            pub fn short(&self) -> String {
                let mut text = self.to_string();
                text.truncate(8);
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_hex(text).map(Self).ok_or_else(|| InvalidId { text: text.chars().take(64).collect() })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

hex_id! {
    /// Names one approval for ever.
    ApprovalId
}

hex_id! {
    /// Names one hook's request; kept over reconnects, so that asking twice is asking once.
    RequestId
}

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Names a session: the agent's own id, so that `claude --resume` takes it as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// The longest id of an agent's that is taken over unchanged.
    pub const MAX_LEN: usize = 64;

    /// Takes an agent's id; one that would not be safe in a path or a message is replaced by `x`
    /// and a digest of it, which is as unique.
    pub fn from_agent(raw: &str) -> Self {
        let plain = (1..=Self::MAX_LEN).contains(&raw.len())
            && raw.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if plain {
            return Self(raw.to_owned());
        }
        let digest = Sha256Hex::of(raw.as_bytes());
        Self(format!("x{}", &digest.as_str()[..32]))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 digest as 64 lowercase hexadecimal digits, as `sha256sum` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sha256Hex(String);

impl Sha256Hex {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::written(&Sha256::digest(bytes))
    }

    fn written(digest: &[u8]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in digest {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        Self(text)
    }

    /// The digest of all there is to be read.
    ///
    /// # Errors
    /// The reader's.
    pub fn of_all(reader: &mut impl io::Read) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        let mut bytes = vec![0; 64 << 10];
        loop {
            match reader.read(&mut bytes) {
                Ok(0) => return Ok(Self::written(&hasher.finalize())),
                Ok(length) => hasher.update(&bytes[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sixty-four zeros: what stands before the first record of a chain.
    pub fn zero() -> Self {
        Self("0".repeat(64))
    }

    /// Takes a digest from text, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 64 && text.bytes().all(|digit| nibble(digit).is_some());
        valid.then(|| Self(text.to_owned()))
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha256Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_refuse_other_forms() {
        let id = ApprovalId::from_bytes([0xa5; 16]);
        assert_eq!(id.to_string(), "a5".repeat(16));
        assert_eq!(id.to_string().parse::<ApprovalId>().unwrap(), id);
        for bad in ["", "a5", &"A5".repeat(16), &"g0".repeat(16), &"a5".repeat(17)] {
            assert!(bad.parse::<ApprovalId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn session_ids_are_the_agents_own_where_they_are_safe() {
        let own = "6f0f5d50-3f5b-4f43-8e4e-1f5e5f2f9a10";
        assert_eq!(SessionId::from_agent(own).as_str(), own);
        for odd in ["", "../../etc", "a b", &"a".repeat(65), "é"] {
            let id = SessionId::from_agent(odd);
            assert!(id.as_str().starts_with('x') && id.as_str().len() == 33, "{odd}");
            assert_eq!(SessionId::from_agent(id.as_str()), id);
        }
        assert_ne!(SessionId::from_agent("a b"), SessionId::from_agent("a  b"));
    }

    #[test]
    fn digests_are_those_of_sha256sum() {
        assert_eq!(
            Sha256Hex::of(b"abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
