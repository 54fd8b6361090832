//! The client's side: a blocking connection with a deadline on every step.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout, socket_peercred};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv,
    send, socket_with,
};
use rustix::process::geteuid;

use crate::{
    Hello, Kind, LineBuffer, LineError, SERVER_LINE_MAX, ServerLine, decode_server_line,
    encode_hello,
};

/// A connection to the hook socket whose other end is this user's.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing is at the path.
    #[error("no socket at {0}")]
    Absent(PathBuf),
    /// The socket is there and nobody listens on it.
    #[error("nobody listens on {0}")]
    Refused(PathBuf),
    /// Somebody listens but took no connection before the deadline.
    #[error("{0} took no connection in time: the daemon hangs or is overrun")]
    Busy(PathBuf),
    /// A signal came before the connection was made.
    #[error("interrupted by a signal")]
    Interrupted,
    /// The socket belongs to another user.
    #[error("{path} is served by user {uid}, who is not you")]
    Stranger {
        /// The socket.
        path: PathBuf,
        /// Who listens.
        uid: u32,
    },
    /// Anything else the kernel said.
    #[error("cannot connect to {path}: {source}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Connection {
    /// Connects, waiting at most `deadline` for the listener to take the connection, and checks that
    /// the listener runs as this user. Each later [`send`](Self::send) keeps to the same deadline.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn open(path: &Path, deadline: Duration) -> Result<Self, ConnectError> {
        let failed = |errno: Errno| match errno {
            Errno::NOENT | Errno::NOTDIR => ConnectError::Absent(path.into()),
            Errno::CONNREFUSED => ConnectError::Refused(path.into()),
            Errno::AGAIN => ConnectError::Busy(path.into()),
            Errno::INTR => ConnectError::Interrupted,
            other => ConnectError::Io { path: path.into(), source: other.into() },
        };
        let address = SocketAddrUnix::new(path).map_err(failed)?;
        let socket =
            socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                .map_err(failed)?;
        // A Unix socket cannot be connected in the background: with O_NONBLOCK a full backlog is an
        // error at once, and polling does not tell when there is room. The send time-out is what
        // bounds the wait for room, and every write after it.
        let connection = Self { socket };
        connection.set_deadline(deadline).map_err(failed)?;
        connect(&connection.socket, &address).map_err(failed)?;
        let uid = socket_peercred(&connection.socket).map_err(failed)?.uid;
        if uid != geteuid() {
            return Err(ConnectError::Stranger { path: path.into(), uid: uid.as_raw() });
        }
        Ok(connection)
    }

    /// Changes how long each [`send`](Self::send) may wait for room.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_deadline(&self, deadline: Duration) -> rustix::io::Result<()> {
        // Zero would mean no limit at all.
        let deadline = deadline.max(Duration::from_millis(1));
        set_socket_timeout(&self.socket, Timeout::Send, Some(deadline))
    }

    /// Sends some of `bytes` and tells how many, waiting at most the deadline for room.
    ///
    /// # Errors
    /// `AGAIN` when the deadline passed, `INTR` when a signal came, `PIPE` or `CONNRESET` when the
    /// daemon is gone.
    pub fn send(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        send(&self.socket, bytes, SendFlags::NOSIGNAL)
    }

    /// Sends as many of `bytes` as there is room for now, and tells how many.
    ///
    /// # Errors
    /// `AGAIN` when there is no room, else as [`send`](Self::send).
    pub fn try_send(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        send(&self.socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
    }

    /// Appends what has arrived to `lines` without waiting and tells how many bytes that was; zero is
    /// the end of the stream.
    ///
    /// # Errors
    /// `AGAIN` when nothing has arrived; else the kernel's.
    pub fn try_recv(&self, lines: &mut LineBuffer) -> rustix::io::Result<usize> {
        let mut piece = Vec::with_capacity(16 * 1024);
        recv(&self.socket, spare_capacity(&mut piece), RecvFlags::DONTWAIT)?;
        lines.push(&piece);
        Ok(piece.len())
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What the daemon says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pong {
    /// The daemon's version.
    pub version: String,
    /// The private D-Bus socket, where the daemon serves one.
    pub bus: Option<PathBuf>,
}

/// Why there is no pong.
#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// The daemon could not be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The daemon was reached and did not answer before the deadline.
    #[error("the daemon did not answer in time")]
    Timeout,
    /// The daemon closed the connection instead of answering.
    #[error("the daemon closed the connection without an answer")]
    Closed,
    /// The daemon does not serve this client.
    #[error("the daemon refused: {reason} (it speaks protocol {supports:?})")]
    Refused {
        /// Why, in the daemon's words.
        reason: String,
        /// The protocol majors it speaks.
        supports: Vec<u32>,
    },
    /// The answer cannot be read.
    #[error("the daemon's answer makes no sense: {0}")]
    Malformed(#[from] LineError),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(io::Error),
}

/// Asks the daemon behind the socket whether it is there, starting it where the socket is activated.
///
/// # Errors
/// See [`PingError`].
pub fn ping(
    path: &Path,
    program: &str,
    version: &str,
    deadline: Duration,
) -> Result<Pong, PingError> {
    let end = Instant::now() + deadline;
    let connection = Connection::open(path, deadline)?;
    let hello = encode_hello(&Hello {
        program: program.to_owned(),
        version: version.to_owned(),
        agent: String::new(),
        kind: Kind::Ping,
        request: None,
    });
    let broke = |errno: Errno| match errno {
        Errno::AGAIN => PingError::Timeout,
        other => PingError::Io(other.into()),
    };
    let mut rest = &hello[..];
    while !rest.is_empty() {
        match connection.send(rest) {
            Ok(sent) => rest = &rest[sent..],
            Err(Errno::INTR) => {}
            // A daemon that refuses us may answer and close before it reads us out.
            Err(Errno::PIPE | Errno::CONNRESET) => break,
            Err(errno) => return Err(broke(errno)),
        }
    }
    let mut lines = LineBuffer::new(SERVER_LINE_MAX);
    loop {
        while let Some(line) = lines.next_line()? {
            match decode_server_line(&line)? {
                Some(ServerLine::Pong { version, bus }) => {
                    return Ok(Pong { version, bus: bus.map(PathBuf::from) });
                }
                Some(ServerLine::Refused { reason, supports }) => {
                    return Err(PingError::Refused { reason, supports });
                }
                _ => {}
            }
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(PingError::Timeout);
        }
        set_socket_timeout(&connection.socket, Timeout::Recv, Some(left)).map_err(broke)?;
        let mut piece = Vec::with_capacity(4096);
        match recv(&connection.socket, spare_capacity(&mut piece), RecvFlags::empty()) {
            Ok(_) if piece.is_empty() => return Err(PingError::Closed),
            Ok(_) => lines.push(&piece),
            Err(Errno::INTR) => {}
            Err(Errno::CONNRESET) => return Err(PingError::Closed),
            Err(errno) => return Err(broke(errno)),
        }
    }
}

#[cfg(test)]
mod tests;
