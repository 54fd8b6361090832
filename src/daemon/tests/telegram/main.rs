//! The Telegram door in this process, against a Bot API double that refuses what the real one would.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access_table;
mod accounts;
mod always;
mod details;
mod files;
mod flood;
mod halt;
mod house;
mod interrupted;
mod judged;
mod notices;
mod observers;
mod questions;
mod replies;
mod secrets;
mod several;
mod stale;
mod strangers;
mod taps;
mod text;
mod trouble;
mod words;
