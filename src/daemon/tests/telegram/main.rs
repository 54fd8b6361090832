//! The Telegram door in this process, against a Bot API double that refuses what the real one would.

mod house;
mod taps;
mod text;
mod trouble;
mod words;
