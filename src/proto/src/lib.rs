//! The hook protocol: messages, framing and the small blocking client.
//!
//! A coding agent runs `pager-hook` for every event; `pager-hook` carries the event to `pagerd` and,
//! for a permission request, the decision back. This crate is the one description of what travels
//! between the two. It knows nothing of any agent and does nothing asynchronous: a server feeds bytes
//! to [`RequestDecoder`] from whatever runtime it likes.
//!
//! # The socket
//! A Unix stream socket, `$XDG_RUNTIME_DIR/pager/hook.sock`, or wherever `PAGER_HOOK_SOCKET` says
//! ([`socket_path`]). Each side checks with `SO_PEERCRED` that the other runs as its own user, and
//! says nothing to a stranger. One connection carries one request.
//!
//! # A request, in order
//! 1. **Hello**, client to daemon: one line of JSON of at most [`HELLO_MAX`] bytes, newline included.
//!    ```json
//!    {"pager":1,"program":"pager-hook","version":"0.1.0","agent":"claude","kind":"event","request":"<32 lowercase hex digits>"}
//!    ```
//!    `pager` is the major version of the protocol, a plain integer. Within a major, fields are only
//!    ever added, and unknown ones are passed over. `kind` is `event`, `status_line` or `ping`.
//!    `request` is random and is the request's idempotency key: a client that lost its connection
//!    comes back with the same one and sends everything again, and the daemon must take that as the
//!    same request. A ping needs neither `agent` nor `request`.
//! 2. **Body**, client to daemon, unless the kind is `ping`: what the agent wrote, byte for byte,
//!    in chunks. A chunk is a length (32 bits, big-endian, 1 to [`CHUNK_MAX`]) and that many bytes; a
//!    length of zero ends the body. A body holds at most [`MAX_BODY`] bytes. Chunks exist because the
//!    client passes on a stream whose size it does not know; their borders mean nothing. A connection
//!    that ends before the zero length carried no request, and nothing of it may be acted on.
//! 3. **Lines**, both ways: JSON objects, one a line, told apart by `type`. A line of an unknown type
//!    is passed over, and so is an unknown field.
//!
//! Daemon to client, at most [`SERVER_LINE_MAX`] bytes each ([`ServerLine`]):
//! - `{"type":"seen"}`: the daemon has looked at which process connected. First.
//! - `{"type":"pending","approval":"<id>"}`: the request is durable under this id and waits for a
//!   person. Sent at most once a connection.
//! - `{"type":"decision","output":{…}}`: the client prints `output` verbatim on standard output. Last.
//! - `{"type":"none","reason":"…"}`: no decision; the agent's own dialog decides. Last.
//! - `{"type":"refused","reason":"…","supports":[1]}`: the request was not taken; `supports` lists the
//!   protocol majors the daemon speaks. Last.
//! - `{"type":"pong","version":"…","bus":"/…/bus.sock"}`: answers a ping; `bus` is the private D-Bus
//!   socket, where the daemon serves one. Last.
//!
//! Client to daemon, at most [`CLIENT_LINE_MAX`] bytes each ([`ClientLine`]):
//! - `{"type":"withdrawn","why":"terminated"}`: nobody waits for a decision any more. `why` is
//!   `terminated` (the client got a signal, which is how an agent says that its own dialog was
//!   answered with no), `agent_gone` (nobody reads the client's output any more) or `timeout`.
//!
//! # Who waits
//! Only the client knows that it waits, and only for a permission request. For every other event it
//! writes hello and body, each step within 50 ms, waits for `seen` up to 500 ms, and closes without
//! reading; the daemon must take a whole body followed by the end of the connection as a complete
//! event, and must expect its answer to meet a closed one. A client that leaves something unread ends
//! its connection with a reset: to the daemon that is an end like any other. A waiting client whose
//! connection ends without a last line reconnects; a daemon must therefore keep a request alive for a
//! while after its connection ended without
//! `withdrawn`.

#![forbid(unsafe_code)]

mod body;
mod client;
mod hello;
mod intake;
mod line;
mod path;
mod request_id;

pub use body::{
    BodyAssembler, BodyError, ChunkHeader, END_OF_BODY, Fed, chunk_header, encode_body,
};
pub use client::{ConnectError, Connection, PingError, Pong, ping};
pub use hello::{Hello, HelloError, Kind, decode_hello, encode_hello};
pub use intake::{Incoming, IntakeError, RequestDecoder, Truncated};
pub use line::{
    ClientLine, LineBuffer, LineError, ServerLine, Why, decode_client_line, decode_server_line,
    encode_client_line, encode_line,
};
pub use path::{NoSocketPath, SOCKET_ENV, socket_path};
pub use request_id::{InvalidRequestId, RequestId};

/// The protocol's major version, spoken by this crate.
pub const PROTOCOL: u32 = 1;

/// The majors this crate can serve, for `refused`.
pub const SUPPORTED: &[u32] = &[PROTOCOL];

/// The most bytes a hello line may have, newline included.
pub const HELLO_MAX: usize = 4 * 1024;

/// The most bytes one chunk of a body may carry.
pub const CHUNK_MAX: usize = 64 * 1024;

/// The most bytes a whole body may have.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// The most bytes a line from the daemon may have, newline included: a decision can repeat a whole
/// tool input, escaped.
pub const SERVER_LINE_MAX: usize = 32 * 1024 * 1024;

/// The most bytes a line from the client may have after the body, newline included.
pub const CLIENT_LINE_MAX: usize = 64 * 1024;
