//! Codex's own part in the wiring: it runs a hook only once the person has trusted it.

mod app_server;
mod trust;

pub(crate) use trust::{Codex, Seen, Trust, TrustState, program};
