//! Reading what a client sends, within its limits of size and time.

use std::time::Duration;

use pager_proto::{Incoming, IntakeError, RequestDecoder, Truncated};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How long a client may say nothing before its request is whole.
const SILENCE: Duration = Duration::from_secs(10);
/// How long hello and body may take in all.
const WHOLE: Duration = Duration::from_secs(60);
/// A body beyond this waits for its turn.
const LARGE: usize = 1 << 20;

/// Why a client is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// It broke the protocol.
    #[error(transparent)]
    Protocol(#[from] IntakeError),
    /// It stopped in the middle.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// It said nothing for too long.
    #[error("it said nothing for {} seconds", SILENCE.as_secs())]
    Silent,
    /// It took too long in all.
    #[error("its request was not whole after {} seconds", WHOLE.as_secs())]
    Slow,
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// It runs as another user.
    #[error("it runs as user {0}, not as this daemon's")]
    OtherUser(u32),
    /// The body is not text.
    #[error("the event is not UTF-8: {0}")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// The agent is not known.
    #[error("the agent {0:?} is not known to this version")]
    UnknownAgent(String),
    /// The event cannot be understood.
    #[error(transparent)]
    Event(#[from] pager_agents::AdapterError),
    /// The request has no id.
    #[error("the hello has no request id")]
    NoRequestId,
}

/// A client being listened to.
pub(super) struct Intake<'a> {
    stream: &'a mut UnixStream,
    decoder: RequestDecoder,
    large_bodies: &'a Semaphore,
    turn: Option<SemaphorePermit<'a>>,
    read: usize,
}

impl<'a> Intake<'a> {
    pub(super) fn new(stream: &'a mut UnixStream, large_bodies: &'a Semaphore) -> Self {
        Self { stream, decoder: RequestDecoder::new(), large_bodies, turn: None, read: 0 }
    }

    /// The next thing the client says; `None` if it left before it said anything.
    pub(super) async fn next(&mut self) -> Result<Option<Incoming>, Refusal> {
        match timeout(WHOLE, self.read_next()).await {
            Ok(result) => result,
            Err(_) => Err(Refusal::Slow),
        }
    }

    async fn read_next(&mut self) -> Result<Option<Incoming>, Refusal> {
        let mut piece = vec![0; 16 * 1024];
        loop {
            if let Some(item) = self.decoder.next_item()? {
                return Ok(Some(item));
            }
            let count = timeout(SILENCE, self.stream.read(&mut piece))
                .await
                .map_err(|_| Refusal::Silent)??;
            if count == 0 {
                if self.read == 0 {
                    return Ok(None);
                }
                self.decoder.finish()?;
                return Ok(None);
            }
            self.read += count;
            if self.read > LARGE && self.turn.is_none() {
                self.turn = self.large_bodies.acquire().await.ok();
            }
            self.decoder.push(&piece[..count]);
        }
    }

    /// Gives the client back, with the decoder for the lines that follow.
    pub(super) fn into_parts(self) -> (&'a mut UnixStream, RequestDecoder) {
        (self.stream, self.decoder)
    }
}
