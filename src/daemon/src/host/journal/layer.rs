//! The journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): an event with its fields is one
//! datagram. Written here, as no library lets us at a field's text between its formatting and its
//! sending.

use std::fmt::{self, Write as _};
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::redaction;

const SOCKET: &str = "/run/systemd/journal/socket";

/// The longest text of a field, in bytes: a datagram must hold all of them.
const LONGEST: usize = 64 << 10;

/// The way to the journal.
#[derive(Debug)]
pub(super) struct Journal {
    socket: UnixDatagram,
}

impl Journal {
    pub(super) fn open() -> io::Result<Self> {
        Self::at(Path::new(SOCKET))
    }

    fn at(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        Ok(Self { socket })
    }
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut entry = Entry::of(event.metadata());
        event.record(&mut entry);
        // There is nowhere left to complain.
        drop(self.socket.send(&entry.bytes));
    }
}

/// A datagram in the making.
struct Entry {
    bytes: Vec<u8>,
}

impl Entry {
    fn of(metadata: &Metadata<'_>) -> Self {
        let mut entry = Self { bytes: Vec::with_capacity(512) };
        entry.put("SYSLOG_IDENTIFIER", "pagerd");
        entry.put(
            "PRIORITY",
            match *metadata.level() {
                Level::ERROR => "3",
                Level::WARN => "4",
                Level::INFO => "5",
                Level::DEBUG => "6",
                Level::TRACE => "7",
            },
        );
        entry.put("TARGET", metadata.target());
        if let Some(file) = metadata.file() {
            entry.put("CODE_FILE", file);
        }
        if let Some(line) = metadata.line() {
            entry.put("CODE_LINE", &line.to_string());
        }
        entry
    }

    /// Adds a field, its length before its text: that may hold line breaks.
    fn put(&mut self, name: &str, text: &str) {
        let clean = redaction::clean(text);
        let end = (0..=LONGEST.min(clean.len())).rev().find(|at| clean.is_char_boundary(*at));
        let text = &clean[..end.unwrap_or(0)];
        self.bytes.extend(name.bytes().map(|byte| byte.to_ascii_uppercase()));
        self.bytes.push(b'\n');
        self.bytes.extend((text.len() as u64).to_le_bytes());
        self.bytes.extend(text.bytes());
        self.bytes.push(b'\n');
    }

    /// Adds a field of an event's. The names are our own and the libraries': letters, digits, `_`,
    /// and dots, which the journal does not take.
    fn field(&mut self, field: &Field, text: &str) {
        self.put(&field.name().replace('.', "_"), text);
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        if write!(text, "{value:?}").is_ok() {
            self.field(field, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::host::journal::Clean;
    use pager_config::Secret;

    const TOKEN: &str = "987654321:journal-layer-test-secret-of-nobody";

    /// Fields of one datagram.
    fn fields(mut bytes: &[u8]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
            let (name, rest) = (&bytes[..end], &bytes[end + 1..]);
            let (length, rest) = rest.split_first_chunk().unwrap();
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
            let text = String::from_utf8(rest[..length].to_vec()).unwrap();
            fields.push((String::from_utf8(name.to_vec()).unwrap(), text));
            assert_eq!(rest[length], b'\n');
            bytes = &rest[length + 1..];
        }
        fields
    }

    fn log() {
        let error = io::Error::other(format!("error at /bot{TOKEN}/getMe"));
        let part = TOKEN.split_once(':').unwrap().1;
        let path = Path::new(TOKEN);
        tracing::error!(pager_tool = TOKEN, other.part = %part, ?path, "first: {error}\nsecond");
    }

    #[test]
    fn every_field_reaches_the_journal_whole_and_without_secrets() {
        redaction::learn(&Secret::new(TOKEN));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        let registry = tracing_subscriber::registry().with(Journal::at(&path).unwrap());
        tracing::subscriber::with_default(registry, || {
            log();
            tracing::info!("{}", "ü".repeat(LONGEST));
        });
        let mut bytes = vec![0; 1 << 20];
        let size = socket.recv(&mut bytes).unwrap();
        let got = fields(&bytes[..size]);
        let field = |name: &str| {
            let found = got.iter().find(|(known, _)| known == name);
            found.map(|(_, text)| text.as_str())
        };
        assert_eq!(field("MESSAGE"), Some("first: error at /bot[redacted]/getMe\nsecond"));
        assert_eq!(field("PAGER_TOOL"), Some("[redacted]"));
        assert_eq!(field("OTHER_PART"), Some("[redacted]"));
        assert_eq!(field("PATH"), Some("\"[redacted]\""));
        assert_eq!(field("PRIORITY"), Some("3"));
        assert_eq!(field("SYSLOG_IDENTIFIER"), Some("pagerd"));
        assert!(field("CODE_LINE").is_some_and(|line| line.parse::<u32>().is_ok()));
        let size = socket.recv(&mut bytes).unwrap();
        let long = fields(&bytes[..size]);
        assert!(long.iter().any(|(name, text)| name == "MESSAGE" && text.len() == LONGEST));
    }

    #[test]
    fn standard_error_is_written_without_secrets_in_colour_too() {
        redaction::learn(&Secret::new(TOKEN));
        for ansi in [false, true] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let (path, file) = (file.path().to_owned(), file.reopen().unwrap());
            let _kept = &path;
            let layer = tracing_subscriber::fmt::layer()
                .with_writer(Clean(std::sync::Mutex::new(file)))
                .with_ansi(ansi);
            let registry = tracing_subscriber::registry().with(layer);
            let pattern = "sk-ant-a1B2c3D4e5F6g7H8i9J0";
            tracing::subscriber::with_default(registry, || {
                log();
                tracing::warn!(key = pattern, "and {pattern}");
            });
            let said = std::fs::read_to_string(path).unwrap();
            assert!(said.contains("first: error at /bot[redacted]/getMe"), "{said}");
            for secret in ["secret-of-nobody", pattern] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}
