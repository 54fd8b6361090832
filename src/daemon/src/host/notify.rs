//! What the service manager is told, by sd_notify(3). Without one, all of it does nothing.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::redaction;

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("the service manager could not be told: {error}");
    }
}

/// Sockets, store and bus are up; also the end of a reload.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read anew.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The daemon is on its way out.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub fn status(text: &str) {
    tell(&[NotifyState::Status(&redaction::clean(text))]);
}

/// How often the watchdog wants to hear of us, if at all: half of `WATCHDOG_USEC`, as
/// sd_watchdog_enabled(3) recommends.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

/// The engine is alive.
pub fn beat() {
    tell(&[NotifyState::Watchdog]);
}
