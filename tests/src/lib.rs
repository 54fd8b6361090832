//! The programs tested from outside: harness, doubles, the booted-system suite.

pub mod botapi;
pub mod bus;
pub mod model_api;
pub mod notifications;
pub mod system;
