//! The desktop door over a real bus, with a notification server that a test can see and press.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod daemon;
mod screen;
mod secrets;
mod several;
