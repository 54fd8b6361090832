//! pager.toml from the outside: what is taken, what is refused and in which words, which layer
//! wins, where a token may be kept, and that the manual tells all of it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod errors;
mod folder;
mod garbage;
mod integrity;
mod layers;
mod manual;
mod tokens;
