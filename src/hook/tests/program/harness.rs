//! A place with a socket, a hook in it, and the daemon's end of a connection.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pager_proto::{ClientLine, Hello, Incoming, RequestDecoder};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tempfile::TempDir;

/// Where a test that waits for what never comes ends. No test asserts how long anything takes.
const FOREVER: Duration = Duration::from_secs(120);

pub(crate) const DECISION: &str = r#"{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow"}}}"#;

/// A folder with a hook socket in it.
pub(crate) struct Place {
    dir: TempDir,
    pub(crate) socket: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let socket = dir.path().join("hook.sock");
        Self { dir, socket }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn listen(&self) -> UnixListener {
        UnixListener::bind(&self.socket).expect("bind the hook socket")
    }

    /// The same, and the one connection for which there is room while nobody takes any.
    pub(crate) fn listen_without_room(&self) -> (UnixListener, OwnedFd) {
        let address = SocketAddrUnix::new(&self.socket).expect("a short path");
        let socket =
            || socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let listener = socket().expect("a socket");
        bind(&listener, &address).expect("bind");
        listen(&listener, 0).expect("listen");
        let filler = socket().expect("a socket");
        connect(&filler, &address).expect("the backlog has room for one");
        (listener.into(), filler)
    }

    /// A hook that finds this place and nothing else.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PAGER_HOOK_SOCKET", &self.socket);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Hook {
        Hook::spawn(self.command(HOOK).args(arguments))
    }

    /// Starts a hook and gives it its whole input.
    pub(crate) fn run(&self, input: impl Into<Vec<u8>>) -> Hook {
        let mut hook = self.start(&[]);
        hook.give(input);
        hook
    }
}

pub(crate) const HOOK: &str = env!("CARGO_BIN_EXE_pager-hook");

/// A running hook.
pub(crate) struct Hook {
    child: Child,
    writer: Option<JoinHandle<()>>,
    stdout: Option<ChildStdout>,
}

/// What a hook left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The exit status; none when it died of a signal.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Left {
    pub(crate) fn nothing() -> Self {
        Self::printed("")
    }

    pub(crate) fn printed(stdout: &str) -> Self {
        Self { status: Some(0), stdout: stdout.to_owned(), stderr: String::new() }
    }
}

impl Hook {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("start the hook");
        let stdout = child.stdout.take();
        Self { child, writer: None, stdout }
    }

    /// Writes the input in the background and closes it. A hook may leave before it has read all.
    pub(crate) fn give(&mut self, input: impl Into<Vec<u8>>) {
        let (mut stdin, input) = (self.child.stdin.take().expect("piped"), input.into());
        self.writer = Some(thread::spawn(move || match stdin.write_all(&input) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => panic!("{error}"),
            _ => {}
        }));
    }

    /// Writes the input and returns once the hook has read it all.
    pub(crate) fn give_and_wait(&mut self, input: impl Into<Vec<u8>>) {
        let stdin = self.child.stdin.take().expect("piped");
        (&stdin).write_all(&input.into()).expect("the hook reads");
        while rustix::io::ioctl_fionread(&stdin).expect("a pipe") > 0 {
            thread::yield_now();
        }
    }

    /// Takes the reading end of its output; dropped, nobody reads it any more.
    pub(crate) fn take_stdout(&mut self) -> ChildStdout {
        self.stdout.take().expect("piped, and taken once")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the hook still runs");
    }

    /// Waits for its end.
    pub(crate) fn left(mut self) -> Left {
        let reader = self.stdout.take().map(|mut pipe| {
            thread::spawn(move || {
                let mut stdout = String::new();
                pipe.read_to_string(&mut stdout).expect("UTF-8");
                stdout
            })
        });
        let pidfd = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()).expect("pidfd");
        await_readable(&pidfd, "the hook's end");
        let status = self.child.wait().expect("the hook's status").code();
        let stdout = reader.map(|reader| reader.join().expect("the hook's output"));
        let stdout = stdout.unwrap_or_default();
        let mut stderr = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
        if let Some(writer) = self.writer {
            writer.join().expect("the hook's input is written or given up");
        }
        Left { status, stdout, stderr }
    }
}

/// The daemon's end of one connection.
pub(crate) struct Served {
    stream: UnixStream,
    decoder: RequestDecoder,
}

pub(crate) fn accept(listener: &UnixListener) -> Served {
    await_readable(listener, "a connection");
    let (stream, _) = listener.accept().expect("accept");
    stream.set_read_timeout(Some(FOREVER)).expect("a read time-out");
    Served { stream, decoder: RequestDecoder::new() }
}

impl Served {
    pub(crate) fn next(&mut self) -> io::Result<Option<Incoming>> {
        self.decoder.read_from(&mut self.stream)
    }

    pub(crate) fn hello(&mut self) -> Hello {
        match self.next() {
            Ok(Some(Incoming::Hello(hello))) => hello,
            other => panic!("expected a hello, got {other:?}"),
        }
    }

    pub(crate) fn body(&mut self) -> Vec<u8> {
        match self.next() {
            Ok(Some(Incoming::Body(body))) => body,
            other => panic!("expected a body, got {:?}", other.map(drop)),
        }
    }

    pub(crate) fn request(&mut self) -> (Hello, Vec<u8>) {
        (self.hello(), self.body())
    }

    pub(crate) fn withdrawn(&mut self) -> ClientLine {
        match self.next() {
            Ok(Some(Incoming::Line(line))) => line,
            other => panic!("expected a line, got {:?}", other.map(drop)),
        }
    }

    /// Asserts that the hook closed the connection where it may. That is a reset where something the
    /// daemon said was left unread.
    pub(crate) fn ended(&mut self) {
        match self.next() {
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            other => panic!("expected the end, got {:?}", other.map(drop)),
        }
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\n").as_bytes()).expect("the hook listens");
    }

    /// Says a line without its end.
    pub(crate) fn say_cut(&mut self, line: &str) {
        self.stream.write_all(line.as_bytes()).expect("the hook listens");
    }

    pub(crate) fn decide(&mut self) {
        self.say(&format!(r#"{{"type":"decision","output":{DECISION}}}"#));
    }
}

pub(crate) fn await_readable(fd: &impl AsFd, what: &str) {
    let limit = Timespec::try_from(FOREVER).expect("a small number");
    let ready = poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&limit)).expect("poll");
    assert!(ready > 0, "{what} never came");
}

/// A permission request of `size` bytes whose name stands at the very end.
pub(crate) fn request_of(size: usize) -> Vec<u8> {
    padded(r#"{"tool_input":""#, size, r#"","hook_event_name":"PermissionRequest"}"#)
}

/// An event of `size` bytes whose name stands at the very beginning.
pub(crate) fn event_of(name: &str, size: usize) -> Vec<u8> {
    padded(&format!(r#"{{"hook_event_name":"{name}","tool_input":""#), size, r#""}"#)
}

fn padded(start: &str, size: usize, end: &str) -> Vec<u8> {
    let mut json = start.as_bytes().to_vec();
    json.resize(size - end.len(), b'x');
    json.extend_from_slice(end.as_bytes());
    json
}

pub(crate) fn written(path: &Path) -> String {
    let mut text = String::new();
    File::open(path).expect("open").read_to_string(&mut text).expect("read");
    text
}
