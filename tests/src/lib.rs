//! The programs tested from outside: harness, doubles, the booted-system suite.

#![expect(clippy::expect_used, reason = "a double that breaks must stop the test")]

pub mod agent;
pub mod botapi;
pub mod bus;
pub mod closed;
#[allow(missing_docs, reason = "zbus's macro makes methods of signals and gives them no words")]
pub mod keyring;
pub mod model_api;
#[allow(missing_docs, reason = "zbus's macro makes methods of signals and gives them no words")]
pub mod notifications;
pub mod pty;
pub mod system;
