//! Ending by a signal without leaving anything behind.

use signal_hook::low_level::emulate_default_handler;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Runs `work` until it is done or the person has had enough. On SIGINT, SIGTERM or SIGHUP it is
/// dropped where it stands, so that what it holds cleans up after itself, and this process ends by
/// that signal, as its parent expects.
pub(crate) async fn or_clean_up<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let catch = |kind| signal(kind).map_err(|e| Failure::failed(format!("no signal handler: {e}")));
    let mut interrupt = catch(SignalKind::interrupt())?;
    let mut terminate = catch(SignalKind::terminate())?;
    let mut hangup = catch(SignalKind::hangup())?;
    let came = tokio::select! {
        done = work => return done,
        kind = came(&mut interrupt, SignalKind::interrupt()) => kind,
        kind = came(&mut terminate, SignalKind::terminate()) => kind,
        kind = came(&mut hangup, SignalKind::hangup()) => kind,
    };
    let signal = came.as_raw_value();
    // It returns only if the signal could not be raised.
    drop(emulate_default_handler(signal));
    Err(Failure::failed(format!("ended by signal {signal}")))
}

async fn came(signal: &mut Signal, kind: SignalKind) -> SignalKind {
    signal.recv().await;
    kind
}
