//! The request as it goes over the wire, and how far it got.

use std::io::{self, Read};
use std::os::fd::AsFd;

use pager_proto::{CHUNK_MAX, Connection, END_OF_BODY, MAX_BODY, chunk_header};
use rustix::event::PollFlags;
use rustix::io::Errno;

use crate::NOTICE;
use crate::input::{self, Stop};
use crate::watch::Watch;

const HEADER: usize = END_OF_BODY.len();

/// Hello and body in the very bytes that are sent, so that sending again is sending the same.
///
/// Everything is kept until [`forget`](Self::forget) says that nobody will want it twice.
pub(crate) struct Request {
    wire: Vec<u8>,
    /// Where the chunk being filled begins, its header included.
    chunk: usize,
    body: usize,
    sent: usize,
    kept: bool,
    /// Set once the daemon failed to take something in time: from then on sending is for those who can
    /// wait.
    stuck: bool,
    connection: Option<Connection>,
}

impl Request {
    /// Begins a request with its hello line. Without a connection it is gathered for later.
    pub(crate) fn new(mut hello: Vec<u8>, connection: Option<Connection>) -> Self {
        let chunk = hello.len();
        hello.extend_from_slice(&[0; HEADER]);
        let stuck = connection.is_none();
        Self { wire: hello, chunk, body: 0, sent: 0, kept: true, stuck, connection }
    }

    /// Reads the agent's input through the request, which takes in all that passes.
    pub(crate) fn reader<'a>(&'a mut self, watch: &'a Watch) -> Reader<'a> {
        let at = self.wire.len();
        Reader { request: self, watch, at, stop: None }
    }

    /// Stops keeping what was sent: the request is one that is written and left.
    pub(crate) fn forget(&mut self) -> Result<(), Stop> {
        self.kept = false;
        if self.stuck { Err(Stop::NoDaemon) } else { Ok(()) }
    }

    /// Takes in the rest of the agent's input and ends the body.
    pub(crate) fn read_to_end(&mut self, watch: &Watch) -> Result<(), Stop> {
        while self.read_more(watch)? > 0 {}
        self.close_chunk();
        self.wire.extend_from_slice(&END_OF_BODY);
        self.flush(watch)
    }

    /// Takes in the next piece of the agent's input and tells its size. Chunks are filled before they
    /// are sent, so that an ordinary event is one write.
    fn read_more(&mut self, watch: &Watch) -> Result<usize, Stop> {
        if self.wire.len() - self.chunk == HEADER + CHUNK_MAX {
            self.close_chunk();
            self.flush(watch)?;
            self.chunk = self.wire.len();
            self.wire.extend_from_slice(&[0; HEADER]);
        }
        let room = HEADER + CHUNK_MAX - (self.wire.len() - self.chunk);
        let read = input::read(&mut self.wire, room, watch)?;
        self.body += read;
        if self.body > MAX_BODY { Err(Stop::TooLarge) } else { Ok(read) }
    }

    fn close_chunk(&mut self) {
        let data = self.chunk + HEADER;
        if self.wire.len() == data {
            self.wire.truncate(self.chunk);
        } else {
            let header = chunk_header(self.wire.len() - data);
            self.wire[self.chunk..data].copy_from_slice(&header);
        }
    }

    fn flush(&mut self, watch: &Watch) -> Result<(), Stop> {
        if let Some(connection) = &self.connection
            && !self.stuck
        {
            while self.sent < self.wire.len() {
                match connection.send(&self.wire[self.sent..]) {
                    Ok(sent) => self.sent += sent,
                    Err(Errno::INTR) if !watch.signalled() => {}
                    Err(Errno::INTR) => return Err(Stop::Terminated),
                    // A broken connection is kept as well: the daemon may have said why.
                    Err(_) => {
                        self.stuck = true;
                        break;
                    }
                }
            }
        }
        match (self.kept, self.stuck) {
            (true, _) => {}
            (false, true) => return Err(Stop::NoDaemon),
            (false, false) => {
                self.wire.clear();
                self.sent = 0;
            }
        }
        Ok(())
    }

    /// Stays until the daemon says something, which it does once it has looked at who connected.
    pub(crate) fn await_notice(&self, watch: &Watch) {
        if let Some(connection) = &self.connection {
            drop(watch.wait(Some((connection.as_fd(), PollFlags::IN)), Some(NOTICE)));
        }
    }

    /// The connection, while there is one.
    pub(crate) fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// What is still to be sent.
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.wire[self.sent..]
    }

    /// Notes that `count` more bytes were sent.
    pub(crate) fn advance(&mut self, count: usize) {
        self.sent += count;
    }

    /// Starts over on another connection, or on none.
    pub(crate) fn restart(&mut self, connection: Option<Connection>) {
        self.sent = 0;
        self.connection = connection;
    }
}

/// See [`Request::reader`].
pub(crate) struct Reader<'a> {
    request: &'a mut Request,
    watch: &'a Watch,
    at: usize,
    stop: Option<Stop>,
}

impl Reader<'_> {
    /// Tells why the input ended early, if it did.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        self.stop.map_or(Ok(()), Err)
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.request.wire.len() {
            match self.request.read_more(self.watch) {
                Ok(0) => return Ok(0),
                Ok(read) => self.at = self.request.wire.len() - read,
                Err(stop) => {
                    self.stop = Some(stop);
                    return Err(io::ErrorKind::Other.into());
                }
            }
        }
        let fresh = &self.request.wire[self.at..];
        let count = fresh.len().min(out.len());
        out[..count].copy_from_slice(&fresh[..count]);
        self.at += count;
        Ok(count)
    }
}
