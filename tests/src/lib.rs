//! The programs tested from outside: harness, doubles, the booted-system suite.

pub mod agent;
pub mod botapi;
pub mod bus;
pub mod closed;
pub mod model_api;
#[allow(missing_docs, reason = "zbus's macro makes methods of signals and gives them no words")]
pub mod notifications;
pub mod pty;
pub mod system;
