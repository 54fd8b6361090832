//! The coding agents pager knows: their hook input, their decisions, the wiring in their settings.

pub mod wiring;
