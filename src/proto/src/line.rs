//! The JSON lines that follow hello and body.

use std::borrow::Cow;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What the daemon says.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerLine {
    /// The daemon has looked at who connected; said first, before anything was read.
    Seen,
    /// The request is durable and waits for a person.
    Pending {
        /// The approval's id.
        approval: String,
    },
    /// The client prints `output` verbatim and leaves.
    Decision {
        /// A JSON object.
        output: Box<RawValue>,
    },
    /// No decision: the agent's own dialog decides.
    #[serde(rename = "none")]
    NoDecision {
        /// Why, in words for a log.
        reason: String,
    },
    /// The request was not taken.
    Refused {
        /// Why, in words for a log.
        reason: String,
        /// The protocol majors the daemon speaks.
        supports: Vec<u32>,
    },
    /// The daemon is there.
    Pong {
        /// The daemon's version.
        version: String,
        /// The path of the private D-Bus socket, where there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        bus: Option<String>,
    },
}

/// What the client says after its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientLine {
    /// Nobody waits for a decision any more.
    Withdrawn {
        /// What ended the wait.
        why: Why,
    },
}

/// What ended a client's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The client got a signal to end.
    Terminated,
    /// Nobody reads the client's output any more.
    AgentGone,
    /// The client's own limit was reached.
    Timeout,
    /// A reason this version does not know.
    #[serde(other)]
    Other,
}

/// Why a line is refused.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The line is not JSON, or a field of a known type is wrong or missing.
    #[error("the line is not what its type asks for: {0}")]
    Malformed(#[from] serde_json::Error),
    /// No newline came within the limit, in bytes.
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
}

/// Writes a line of the daemon, newline included.
#[must_use]
pub fn encode_line(line: &ServerLine) -> Vec<u8> {
    to_line(line)
}

/// Writes a line of the client, newline included.
#[must_use]
pub fn encode_client_line(line: ClientLine) -> Vec<u8> {
    to_line(&line)
}

/// Reads a line of the daemon, with or without its newline; `None` is a type this version does not
/// know, to be passed over.
///
/// # Errors
/// [`LineError::Malformed`].
pub fn decode_server_line(line: &[u8]) -> Result<Option<ServerLine>, LineError> {
    // Serde's own tagged enums cannot hold a RawValue, and would call an unknown type an error.
    #[derive(Deserialize)]
    struct Pending {
        approval: String,
    }
    #[derive(Deserialize)]
    struct Decision {
        output: Box<RawValue>,
    }
    #[derive(Deserialize)]
    struct NoDecision {
        #[serde(default)]
        reason: String,
    }
    #[derive(Deserialize)]
    struct Refused {
        #[serde(default)]
        reason: String,
        #[serde(default)]
        supports: Vec<u32>,
    }
    #[derive(Deserialize)]
    struct Pong {
        version: String,
        bus: Option<String>,
    }
    Ok(Some(match kind(line)?.as_ref() {
        "seen" => ServerLine::Seen,
        "pending" => {
            let Pending { approval } = serde_json::from_slice(line)?;
            ServerLine::Pending { approval }
        }
        "decision" => {
            let Decision { output } = serde_json::from_slice(line)?;
            ServerLine::Decision { output }
        }
        "none" => {
            let NoDecision { reason } = serde_json::from_slice(line)?;
            ServerLine::NoDecision { reason }
        }
        "refused" => {
            let Refused { reason, supports } = serde_json::from_slice(line)?;
            ServerLine::Refused { reason, supports }
        }
        "pong" => {
            let Pong { version, bus } = serde_json::from_slice(line)?;
            ServerLine::Pong { version, bus }
        }
        _ => return Ok(None),
    }))
}

/// Reads a line of the client, with or without its newline; `None` is a type this version does not
/// know, to be passed over.
///
/// # Errors
/// [`LineError::Malformed`].
pub fn decode_client_line(line: &[u8]) -> Result<Option<ClientLine>, LineError> {
    #[derive(Deserialize)]
    struct Withdrawn {
        why: Why,
    }
    Ok(match kind(line)?.as_ref() {
        "withdrawn" => {
            let Withdrawn { why } = serde_json::from_slice(line)?;
            Some(ClientLine::Withdrawn { why })
        }
        _ => None,
    })
}

fn kind(line: &[u8]) -> Result<Cow<'_, str>, LineError> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
    }
    let Kind { kind } = serde_json::from_slice(line)?;
    Ok(kind)
}

#[expect(clippy::expect_used, reason = "every message is a struct of plain fields")]
pub(crate) fn to_line(message: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).expect("plain fields always serialise");
    // A raw value may hold line breaks. JSON allows them only between tokens, where a space is as
    // good; here they would end the line early.
    for byte in &mut line {
        if *byte == b'\n' {
            *byte = b' ';
        }
    }
    line.push(b'\n');
    line
}

/// Cuts a stream into lines of a limited length.
#[derive(Debug)]
pub struct LineBuffer {
    bytes: Vec<u8>,
    searched: usize,
    limit: usize,
}

impl LineBuffer {
    /// Makes a buffer for lines of at most `limit` bytes, newline included.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), searched: 0, limit }
    }

    /// Takes the next bytes of the stream. Ask [`next_line`](Self::next_line) until it has none
    /// before pushing again: that is what keeps the buffer within the limit.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Hands out the next whole line, newline included.
    ///
    /// # Errors
    /// [`LineError::TooLong`].
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        let newline = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n');
        let end = newline.map_or(self.bytes.len(), |at| self.searched + at + 1);
        if end > self.limit || (newline.is_none() && end == self.limit) {
            return Err(LineError::TooLong(self.limit));
        }
        self.searched = if newline.is_some() { 0 } else { end };
        Ok(newline.map(|_| self.bytes.drain(..end).collect()))
    }

    /// Reads from a blocking stream until a whole line is there; `None` is the end of the stream,
    /// and a line that it cut short is dropped.
    ///
    /// # Errors
    /// The stream's own, and [`LineError::TooLong`] as invalid data.
    pub fn read_from(&mut self, stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
        let mut piece = [0; 4096];
        loop {
            match self.next_line() {
                Ok(None) => {}
                Ok(line) => return Ok(line),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
            match stream.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(read) => self.push(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Tells whether a part of a line is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Hands out what is left.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests;
