//! Where the daemon's log goes: to the journal, with fields, where standard error leads there; else
//! to standard error, for a person.

use std::os::linux::fs::MetadataExt;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged unless `PAGER_LOG` says otherwise: our own news, the libraries' complaints.
const DEFAULT_FILTER: &str = "pagerd=info,warn";

/// Sets the log up. `PAGER_LOG` takes directives such as `pagerd=debug,warn`.
pub fn init() {
    let filter = std::env::var("PAGER_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let filter = filter.or_else(|| DEFAULT_FILTER.parse().ok()).unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    // Fields are named in full at the call (`pager_session`), so no prefix is to be added.
    if let Some(layer) = stderr_is_journal().then(tracing_journald::layer).and_then(Result::ok) {
        registry.with(layer.with_field_prefix(None).with_syslog_identifier("pagerd".into())).init();
        return;
    }
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(rustix::termios::isatty(rustix::stdio::stderr()))
        .with_target(false);
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        registry.with(layer.without_time()).init();
    } else {
        registry.with(layer).init();
    }
}

/// Whether standard error is the stream `$JOURNAL_STREAM` names by device and inode
/// (systemd.exec(5)).
fn stderr_is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else { return false };
    stream == format!("{}:{}", stderr.st_dev(), stderr.st_ino())
}
