//! The coding agents pager knows: their hook input, their decisions, the wiring in their settings.

mod adapter;
mod claude;
pub mod codex;
mod members;
mod permission;
pub mod wiring;

pub use adapter::{Adapter, AdapterError};
