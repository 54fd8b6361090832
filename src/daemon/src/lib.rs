//! The pager daemon, as a library so that its parts can be driven in a test.
//!
//! `ingress` and `surfaces` speak to the `engine` through its [`engine::Handle`] and to nobody else;
//! the engine alone writes to the `store`; `host` alone speaks to systemd and the kernel; `daemon`
//! brings them up and takes them down.

pub mod access;
pub mod args;
pub mod codex;
pub mod daemon;
pub mod doors;
pub mod emergency;
pub mod engine;
pub mod entry;
pub mod faults;
pub mod files;
pub mod host;
pub mod ingress;
pub mod keyring;
mod panics;
pub mod policy;
pub mod program;
mod redaction;
pub mod status;
pub mod store;
pub mod surfaces;
pub mod waiters;
