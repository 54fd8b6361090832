use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use super::*;
use crate::{Incoming, RequestDecoder, encode_line};

const SOON: Duration = Duration::from_secs(30);

/// A socket in a folder of its own, and what a server does with the one connection it takes.
fn served<T: Send + 'static>(
    serve: impl FnOnce(UnixStream) -> T + Send + 'static,
) -> (tempfile::TempDir, PathBuf, thread::JoinHandle<T>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hook.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0));
    (dir, path, server)
}

fn ask(path: &Path) -> Result<Pong, PingError> {
    ping(path, "pagerctl", "0.1.0", SOON)
}

#[test]
fn a_ping_is_answered() {
    let (_dir, path, server) = served(|mut stream| {
        let hello = RequestDecoder::new().read_from(&mut stream).unwrap().unwrap();
        stream.write_all(b"{\"type\":\"later\"}\n").unwrap();
        let pong = ServerLine::Pong { version: "9".into(), bus: Some("/b.sock".into()) };
        stream.write_all(&encode_line(&pong)).unwrap();
        hello
    });
    let pong = ask(&path).unwrap();
    assert_eq!(pong, Pong { version: "9".into(), bus: Some("/b.sock".into()) });
    let Incoming::Hello(hello) = server.join().unwrap() else { panic!("no hello") };
    assert_eq!((hello.kind, hello.program.as_str()), (Kind::Ping, "pagerctl"));
}

#[test]
fn a_refusal_says_why() {
    let (_dir, path, server) = served(|mut stream| {
        let refused = ServerLine::Refused { reason: "too old".into(), supports: vec![2, 3] };
        stream.write_all(&encode_line(&refused)).unwrap();
    });
    let error = ask(&path).unwrap_err();
    server.join().unwrap();
    assert_eq!(error.to_string(), "the daemon refused: too old (it speaks protocol [2, 3])");
}

#[test]
fn a_daemon_that_closes_or_talks_nonsense_is_an_error() {
    let (_dir, path, server) = served(drop);
    assert!(matches!(ask(&path), Err(PingError::Closed)));
    server.join().unwrap();

    let (_dir, path, server) = served(|mut stream| {
        RequestDecoder::new().read_from(&mut stream).unwrap();
        stream.write_all(b"\xff\n").unwrap();
    });
    assert!(matches!(ask(&path), Err(PingError::Malformed(_))));
    server.join().unwrap();
}

#[test]
fn a_silent_daemon_is_a_timeout() {
    let (_dir, path, server) = served(|stream| stream);
    let result = ping(&path, "pagerctl", "0.1.0", Duration::from_millis(20));
    assert!(matches!(result, Err(PingError::Timeout)), "{result:?}");
    server.join().unwrap();
}

#[test]
fn no_daemon_is_told_apart_from_no_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hook.sock");
    assert!(matches!(ask(&path), Err(PingError::Connect(ConnectError::Absent(_)))));
    drop(UnixListener::bind(&path).unwrap());
    assert!(matches!(ask(&path), Err(PingError::Connect(ConnectError::Refused(_)))));
}

#[test]
fn a_full_backlog_does_not_hold_the_client() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hook.sock");
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    rustix::net::listen(&socket, 0).unwrap();
    let step = Duration::from_millis(5);
    let mut taken = Vec::new();
    let error = loop {
        match Connection::open(&path, step) {
            Ok(connection) => taken.push(connection),
            Err(error) => break error,
        }
        assert!(taken.len() < 10, "the backlog never fills");
    };
    assert!(matches!(error, ConnectError::Busy(_)), "{error}");

    let connection = &taken[0];
    let error = loop {
        match connection.send(&[0; 65536]) {
            Ok(_) => {}
            Err(errno) => break errno,
        }
    };
    assert_eq!(error, Errno::AGAIN);
}
