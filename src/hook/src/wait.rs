//! Waiting for a person's decision, over as many connections as it takes.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use pager_proto::{
    ClientLine, ConnectError, Connection, LineBuffer, SERVER_LINE_MAX, ServerLine, Why,
    decode_server_line, encode_client_line,
};
use rustix::event::PollFlags;
use rustix::io::Errno;
use serde_json::value::RawValue;

use crate::STEP;
use crate::output::is_decision;
use crate::request::Request;
use crate::watch::{Watch, Woken};

/// How a lost daemon is waited for.
pub(crate) struct Patience {
    /// The first pause before connecting again; each further one is twice as long.
    pub(crate) first: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
    /// How long nobody may listen on the socket.
    pub(crate) absence: Duration,
    /// How long the daemon is looked for to be told that nobody waits any more.
    pub(crate) parting: Duration,
}

/// How often it is looked for then.
const PARTING_STEP: Duration = Duration::from_millis(20);

/// A daemon that restarts is back within moments, and one that is gone for ten seconds is gone.
pub(crate) const PATIENCE: Patience = Patience {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(2),
    absence: Duration::from_secs(10),
    // An agent that has ended its hook may wait for that end.
    parting: Duration::from_millis(500),
};

/// How the talk on one connection ended.
enum Talk {
    /// With a decision.
    Decided(Box<RawValue>),
    /// Without one: the daemon said no, or nothing that can be understood.
    Undecided,
    /// Nobody waits any more.
    Ended(Why),
    /// The connection was lost; `heard` tells whether the daemon had taken the request.
    Lost { heard: bool },
}

/// Sends the request and waits for the decision; `None` leaves the question to the agent's dialog.
pub(crate) fn for_decision(
    mut request: Request,
    path: &Path,
    watch: &Watch,
    patience: &Patience,
) -> Option<Box<RawValue>> {
    let mut pause = patience.first;
    let why = loop {
        match talk(&mut request, watch) {
            Talk::Decided(output) => return Some(output),
            Talk::Undecided => return None,
            Talk::Ended(why) => break why,
            Talk::Lost { heard: true } => pause = patience.first,
            Talk::Lost { heard: false } => {}
        }
        request.restart(None);
        match connect_again(path, watch, patience, &mut pause) {
            Again::Connected(connection) => request.restart(Some(connection)),
            Again::GaveUp => return None,
            Again::Ended(why) => break why,
        }
    };
    // A daemon that went away may be back by now, or in a moment, and still show the question to
    // people.
    let until = Instant::now() + patience.parting;
    let mut told = withdraw(&request, why);
    while !told {
        request.restart(Connection::open(path, STEP).ok());
        told = withdraw(&request, why);
        if !told && Instant::now() >= until {
            break;
        }
        if !told {
            std::thread::sleep(PARTING_STEP);
        }
    }
    None
}

fn talk(request: &mut Request, watch: &Watch) -> Talk {
    let (mut lines, mut heard, mut writable) = (LineBuffer::new(SERVER_LINE_MAX), false, true);
    loop {
        let Some(connection) = request.connection() else { return Talk::Lost { heard } };
        let sending = writable && !request.unsent().is_empty();
        let events = if sending { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let ready = match watch.wait(Some((connection.as_fd(), events)), None) {
            Woken::Ready(ready) => ready,
            Woken::Ended(why) => return Talk::Ended(why),
            Woken::TimedOut => continue,
        };
        let sent = if ready.contains(PollFlags::OUT) && sending {
            connection.try_send(request.unsent())
        } else {
            Ok(0)
        };
        let received = match connection.try_recv(&mut lines) {
            Ok(0) => None,
            Ok(count) => Some(count),
            Err(Errno::AGAIN | Errno::INTR) => Some(0),
            Err(_) => None,
        };
        match sent {
            Ok(count) => request.advance(count),
            Err(Errno::AGAIN | Errno::INTR) => {}
            // What the daemon said before it closed is still to be read.
            Err(_) => writable = false,
        }
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(_) => return Talk::Undecided,
            };
            match decode_server_line(&line) {
                Ok(Some(ServerLine::Pending { .. })) => heard = true,
                Ok(Some(ServerLine::Decision { output })) if is_decision(&output) => {
                    return Talk::Decided(output);
                }
                Ok(None | Some(ServerLine::Seen | ServerLine::Pong { .. })) => {}
                Ok(Some(
                    ServerLine::Decision { .. }
                    | ServerLine::NoDecision { .. }
                    | ServerLine::Refused { .. },
                ))
                | Err(_) => return Talk::Undecided,
            }
        }
        if received.is_none() {
            return Talk::Lost { heard };
        }
    }
}

/// What came of looking for the daemon.
enum Again {
    Connected(Connection),
    GaveUp,
    Ended(Why),
}

fn connect_again(path: &Path, watch: &Watch, patience: &Patience, pause: &mut Duration) -> Again {
    let mut absent_since = None;
    loop {
        match watch.wait(None, Some(*pause)) {
            Woken::Ended(why) => return Again::Ended(why),
            Woken::TimedOut | Woken::Ready(_) => {}
        }
        *pause = (*pause * 2).min(patience.longest);
        match Connection::open(path, STEP) {
            Ok(connection) => return Again::Connected(connection),
            // It lives, so it is waited for like any other slow answer.
            Err(ConnectError::Busy(_) | ConnectError::Interrupted) => absent_since = None,
            Err(ConnectError::Stranger { .. }) => return Again::GaveUp,
            Err(ConnectError::Absent(_) | ConnectError::Refused(_) | ConnectError::Io { .. }) => {
                let since = *absent_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= patience.absence {
                    return Again::GaveUp;
                }
            }
        }
    }
}

/// Tells the daemon that nobody waits, if it can be told at once, and whether it could. A daemon that
/// never got the whole request gets the rest first: it may know it from an earlier connection.
fn withdraw(request: &Request, why: Why) -> bool {
    let Some(connection) = request.connection() else { return false };
    let line = encode_client_line(ClientLine::Withdrawn { why });
    for mut rest in [request.unsent(), &line] {
        while !rest.is_empty() {
            match connection.send(rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixListener;

    use super::*;

    const IMPATIENT: Patience = Patience {
        first: Duration::ZERO,
        longest: Duration::ZERO,
        absence: Duration::ZERO,
        parting: Duration::ZERO,
    };

    #[test]
    fn a_daemon_that_stays_away_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hook.sock");
        let connection = {
            let _listener = UnixListener::bind(&path).unwrap();
            Connection::open(&path, STEP).unwrap()
        };
        let request = Request::new(b"{}\n".to_vec(), Some(connection));
        assert!(for_decision(request, &path, &Watch::nothing(), &IMPATIENT).is_none());
    }

    #[test]
    fn a_daemon_that_is_back_a_moment_after_the_signal_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hook.sock");
        let connection = {
            let _listener = UnixListener::bind(&path).unwrap();
            Connection::open(&path, STEP).unwrap()
        };
        std::fs::remove_file(&path).unwrap();
        let watch = Watch::signals();
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::TERM).unwrap();
        let patience = Patience { parting: Duration::from_secs(60), ..IMPATIENT };
        let request = Request::new(b"{}\n".to_vec(), Some(connection));
        std::thread::scope(|scope| {
            let hook = scope.spawn(|| for_decision(request, &path, &watch, &patience).is_none());
            let listener = UnixListener::bind(&path).unwrap();
            let mut told = String::new();
            listener.accept().unwrap().0.read_to_string(&mut told).unwrap();
            assert_eq!(told, "{}\n\0\0\0\0{\"type\":\"withdrawn\",\"why\":\"terminated\"}\n");
            assert!(hook.join().unwrap());
        });
    }
}
