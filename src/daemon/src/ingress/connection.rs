//! One connection: hello, event, and for a question the wait.

use std::os::fd::AsFd;
use std::time::Duration;

use pager_agents::Adapter;
use pager_agents::codex::{self, Step};
use pager_core::message_id::HOOK_REFUSED;
use pager_core::{Command, Origin, Reply};
use pager_proto::{Hello, Incoming, Kind, RequestDecoder, SUPPORTED, ServerLine, encode_line};
use rustix::net::{SendFlags, send};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::Ingress;
use super::intake::{Intake, Refusal};
use crate::engine::EngineError;
use crate::host::origin;

/// How long a client may take to read what it is told.
const TAKE_WITHIN: Duration = Duration::from_secs(10);

impl Ingress {
    pub(super) async fn serve_connection(&self, mut stream: UnixStream, origin: Origin) {
        if let Err(refusal) = self.converse(&mut stream, origin).await {
            tracing::warn!(message_id = HOOK_REFUSED, "a hook's connection was refused: {refusal}");
            if !matches!(refusal, Refusal::OtherUser(_)) {
                let supports = SUPPORTED.to_vec();
                let line = ServerLine::Refused { reason: refusal.to_string(), supports };
                say(&mut stream, &line).await;
            }
        }
    }

    async fn converse(&self, stream: &mut UnixStream, origin: Origin) -> Result<(), Refusal> {
        let peer = stream.peer_cred()?;
        if peer.uid() != self.uid {
            return Err(Refusal::OtherUser(peer.uid()));
        }
        let mut intake = Intake::new(stream, &self.large_bodies);
        let Some(Incoming::Hello(hello)) = intake.next().await? else { return Ok(()) };
        if hello.kind == Kind::Ping {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            let (stream, _) = intake.into_parts();
            say(stream, &ServerLine::Pong { version, bus: self.bus.clone() }).await;
            return Ok(());
        }
        let Some(Incoming::Body(body)) = intake.next().await? else { return Ok(()) };
        let (stream, decoder) = intake.into_parts();
        let Understood { adapter, command, step } = understand(&hello, &body)?;
        drop(body);
        match adapter {
            Adapter::Codex => {
                self.carry_out_for_codex(stream, decoder, origin, command, step).await;
            }
            _ => {
                let done = self.entry.bring(origin, command, None).await;
                self.conclude_asking(stream, decoder, adapter, done).await;
            }
        }
        Ok(())
    }

    /// Tells a hook what came of its event, or waits until there is something to tell.
    pub(super) async fn conclude_asking(
        &self,
        stream: &mut UnixStream,
        decoder: RequestDecoder,
        adapter: Adapter,
        done: Result<Reply, EngineError>,
    ) {
        match done {
            Ok(Reply::Asked { id, .. }) => self.wait(stream, decoder, adapter, id).await,
            Ok(
                Reply::Done
                | Reply::Resolved(_)
                | Reply::Counted { .. }
                | Reply::Knocked(_)
                | Reply::LetIn(_),
            ) => {
                let reason = "there is nothing to decide".to_owned();
                say(stream, &ServerLine::NoDecision { reason }).await;
            }
            Err(error) => {
                tracing::warn!("a hook's event was not taken: {error}");
                say(stream, &ServerLine::NoDecision { reason: error.to_string() }).await;
            }
        }
    }
}

/// Finds out where a connection comes from, and lets its client know that it may leave.
pub(super) fn look_at(stream: &UnixStream) -> Origin {
    let origin = origin::peer(stream).map_or_else(origin::nowhere, origin::of_hook);
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    // Whoever does not hear it waits a moment longer, or has left.
    let _told = send(stream.as_fd(), &encode_line(&ServerLine::Seen), flags);
    origin
}

/// What a client's request means.
struct Understood {
    adapter: Adapter,
    command: Command,
    /// Where in a tool call of Codex's it stands.
    step: Option<Step>,
}

/// Makes a command of what a client sent.
fn understand(hello: &Hello, body: &[u8]) -> Result<Understood, Refusal> {
    let adapter =
        Adapter::named(&hello.agent).ok_or_else(|| Refusal::UnknownAgent(hello.agent.clone()))?;
    let text = std::str::from_utf8(body)?;
    let command = match hello.kind {
        Kind::StatusLine => adapter.status_line(text)?,
        Kind::Event | Kind::Ping => {
            let request = hello.request.ok_or(Refusal::NoRequestId)?;
            adapter.event(text, request.to_string().parse().map_err(|_| Refusal::NoRequestId)?)?
        }
    };
    let step = if adapter == Adapter::Codex { codex::step(text) } else { None };
    Ok(Understood { adapter, command, step })
}

/// Tells a client something; one that does not listen any more is no trouble of ours. Whether it
/// was told.
pub(super) async fn say(stream: &mut UnixStream, line: &ServerLine) -> bool {
    let bytes = encode_line(line);
    matches!(timeout(TAKE_WITHIN, stream.write_all(&bytes)).await, Ok(Ok(())))
}
