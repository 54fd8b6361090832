//! The real pager-hook against a scripted daemon: what goes over the wire, what is printed, and that
//! the exit status is 0 whatever happens.

#![expect(clippy::expect_used, reason = "a test may fail by panicking")]

mod events;
mod harness;
mod loss;
mod silence;
mod waiting;
