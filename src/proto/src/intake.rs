//! The server's side of a connection, without any I/O.

use std::io::{self, Read};

use crate::{
    BodyAssembler, BodyError, CLIENT_LINE_MAX, ClientLine, Fed, HELLO_MAX, Hello, HelloError,
    LineBuffer, LineError, decode_client_line, decode_hello,
};

/// Makes sense of what a client sends: hello, then body, then lines.
///
/// Push what was read, then take [`next_item`](Self::next_item) until it has none. Memory stays within
/// the protocol's limits plus what is pushed at once.
#[derive(Debug)]
pub struct RequestDecoder {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Hello(LineBuffer),
    Body { assembler: BodyAssembler, pending: Vec<u8> },
    Lines(LineBuffer),
    Failed,
}

/// One thing a client said.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The first line.
    Hello(Hello),
    /// The whole body, byte for byte what the agent wrote.
    Body(Vec<u8>),
    /// A line after the body.
    Line(ClientLine),
}

/// Why a client is refused; the connection is of no use after it.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The first line is longer than [`HELLO_MAX`].
    #[error("the hello is longer than {HELLO_MAX} bytes")]
    HelloTooLong,
    /// The first line cannot be served.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// The body breaks a limit.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A later line cannot be read.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The decoder was asked again after it had failed.
    #[error("the connection already broke the protocol")]
    AlreadyFailed,
}

/// What a connection that ended too early left unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Truncated {
    /// The hello has no end.
    #[error("the connection ended before the end of the hello")]
    Hello,
    /// The body has no end: no request was made.
    #[error("the connection ended before the end of the body")]
    Body,
    /// A later line has no end.
    #[error("the connection ended within a line")]
    Line,
}

impl RequestDecoder {
    /// Makes a decoder for a fresh connection.
    #[must_use]
    pub fn new() -> Self {
        Self { stage: Stage::Hello(LineBuffer::new(HELLO_MAX)) }
    }

    /// Makes a decoder for a connection whose hello and body were already taken, as when a restarted
    /// daemon gets its waiting connections back.
    #[must_use]
    pub fn after_body() -> Self {
        Self { stage: Stage::Lines(LineBuffer::new(CLIENT_LINE_MAX)) }
    }

    /// Takes the next bytes of the connection.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.stage {
            Stage::Hello(lines) | Stage::Lines(lines) => lines.push(bytes),
            Stage::Body { pending, .. } => pending.extend_from_slice(bytes),
            Stage::Failed => {}
        }
    }

    /// Hands out the next thing the client said, if it is whole. Lines of an unknown type are passed
    /// over.
    ///
    /// # Errors
    /// See [`IntakeError`]. The decoder stays failed after one.
    pub fn next_item(&mut self) -> Result<Option<Incoming>, IntakeError> {
        let outcome = self.step();
        if outcome.is_err() {
            self.stage = Stage::Failed;
        }
        outcome
    }

    fn step(&mut self) -> Result<Option<Incoming>, IntakeError> {
        match &mut self.stage {
            Stage::Hello(lines) => {
                let line = lines.next_line().map_err(|_| IntakeError::HelloTooLong)?;
                let Some(line) = line else { return Ok(None) };
                let hello = decode_hello(&line)?;
                let rest = std::mem::replace(lines, LineBuffer::new(0)).into_bytes();
                self.stage = if hello.kind.has_body() {
                    Stage::Body { assembler: BodyAssembler::new(), pending: rest }
                } else {
                    lines_after(&rest)
                };
                Ok(Some(Incoming::Hello(hello)))
            }
            Stage::Body { assembler, pending } => {
                let fed = assembler.feed(pending)?;
                let Fed::Done(used) = fed else {
                    pending.clear();
                    return Ok(None);
                };
                let next = lines_after(&pending[used..]);
                let body = std::mem::take(assembler).into_body();
                self.stage = next;
                Ok(Some(Incoming::Body(body)))
            }
            Stage::Lines(lines) => {
                while let Some(line) = lines.next_line()? {
                    if let Some(line) = decode_client_line(&line)? {
                        return Ok(Some(Incoming::Line(line)));
                    }
                }
                Ok(None)
            }
            Stage::Failed => Err(IntakeError::AlreadyFailed),
        }
    }

    /// Judges the end of the stream.
    ///
    /// # Errors
    /// [`Truncated`] where the client stopped in the middle of something.
    pub fn finish(&self) -> Result<(), Truncated> {
        match &self.stage {
            Stage::Hello(_) => Err(Truncated::Hello),
            Stage::Body { .. } => Err(Truncated::Body),
            Stage::Lines(lines) if !lines.is_empty() => Err(Truncated::Line),
            Stage::Lines(_) | Stage::Failed => Ok(()),
        }
    }

    /// Reads from a blocking stream until the next thing is whole; `None` is a stream that ended where
    /// it may.
    ///
    /// # Errors
    /// The stream's own, [`IntakeError`] as invalid data, [`Truncated`] as an unexpected end.
    pub fn read_from(&mut self, stream: &mut impl Read) -> io::Result<Option<Incoming>> {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.next_item() {
                Ok(None) => {}
                Ok(item) => return Ok(item),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
            match stream.read(&mut piece) {
                Ok(0) => {
                    let unexpected = |e| io::Error::new(io::ErrorKind::UnexpectedEof, e);
                    return self.finish().map_err(unexpected).map(|()| None);
                }
                Ok(read) => self.push(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Default for RequestDecoder {
    fn default() -> Self {
        Self::new()
    }
}

fn lines_after(rest: &[u8]) -> Stage {
    let mut lines = LineBuffer::new(CLIENT_LINE_MAX);
    lines.push(rest);
    Stage::Lines(lines)
}

#[cfg(test)]
mod tests;
