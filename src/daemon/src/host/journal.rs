//! Where the daemon's log goes: to the journal, with fields, where standard error leads there; else
//! to standard error, for a person. Whatever is logged, secrets are taken out here, so that no call
//! need think of them.

mod redacting;

use std::io::{self, Write};
use std::os::linux::fs::MetadataExt;

use tracing::Metadata;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::redaction;
use redacting::Redacting;

/// What is logged unless `PAGER_LOG` says otherwise: our own news, the libraries' complaints.
const DEFAULT_FILTER: &str = "pagerd=info,warn";

/// Sets the log up. `PAGER_LOG` takes directives such as `pagerd=debug,warn`.
pub fn init() {
    let filter = std::env::var("PAGER_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let filter = filter.or_else(|| DEFAULT_FILTER.parse().ok()).unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    // Fields are named in full at the call (`pager_session`), so no prefix is to be added.
    if let Some(journal) = stderr_is_journal().then(tracing_journald::layer).and_then(Result::ok) {
        let journal = journal.with_field_prefix(None).with_syslog_identifier("pagerd".into());
        registry.with(Redacting(journal).with_filter(filter_fn(is_event))).init();
        return;
    }
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Clean(io::stderr as fn() -> io::Stderr))
        .with_ansi(rustix::termios::isatty(rustix::stdio::stderr()))
        .with_target(false);
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        registry.with(layer.without_time()).init();
    } else {
        registry.with(layer).init();
    }
}

fn is_event(metadata: &Metadata<'_>) -> bool {
    metadata.is_event()
}

/// Whether standard error is the stream `$JOURNAL_STREAM` names by device and inode
/// (systemd.exec(5)).
fn stderr_is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else { return false };
    stream == format!("{}:{}", stderr.st_dev(), stderr.st_ino())
}

/// Writes without secrets what it is given: an event at a time, as the log's formatter does it.
#[derive(Debug, Clone)]
pub struct Clean<W>(pub W);

impl<W: Write> Write for Clean<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(redaction::clean(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Clean<W> {
    type Writer = Clean<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Clean(self.0.make_writer())
    }
}

#[cfg(test)]
mod tests {
    use pager_config::Secret;

    use super::*;

    const TOKEN: &str = "876543219:standard-error-test-secret-of-nobody";

    #[test]
    fn standard_error_is_written_without_secrets_in_colour_too() {
        redaction::learn(&Secret::new(TOKEN));
        for ansi in [false, true] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let layer = tracing_subscriber::fmt::layer()
                .with_writer(Clean(std::sync::Mutex::new(file.reopen().unwrap())))
                .with_ansi(ansi);
            let registry = tracing_subscriber::registry().with(layer);
            let pattern = "sk-ant-a1B2c3D4e5F6g7H8i9J0";
            tracing::subscriber::with_default(registry, || {
                tracing::error!(pager_tool = TOKEN, "first: error at /bot{TOKEN}/getMe");
                tracing::warn!(key = pattern, "and {pattern}");
            });
            let said = std::fs::read_to_string(file.path()).unwrap();
            assert!(said.contains("first: error at /bot[redacted]/getMe"), "{said}");
            for secret in ["secret-of-nobody", pattern] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}
