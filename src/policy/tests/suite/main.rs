//! The policy from outside: files and calls in, judgements out.

#![expect(clippy::expect_used, reason = "a test may fail by panicking")]

mod docs;
mod faults;
mod properties;
mod rules;
mod secrets;
mod slip;
mod world;
