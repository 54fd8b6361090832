//! pagerctl, the program, against a real engine behind real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod daemon;
mod doctor;
mod pairing;
mod panicking;
mod picking;
mod reaching;
mod reading;
mod several;
mod verdicts;
mod watching;
