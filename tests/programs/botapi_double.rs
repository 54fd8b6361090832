//! The Bot API double held to the real server's rules, and driven by the client library the daemon uses.

#![expect(clippy::expect_used, reason = "a test may fail by panicking")]

#[path = "botapi_double/client.rs"]
mod client;
#[path = "botapi_double/control.rs"]
mod control;
#[path = "botapi_double/people.rs"]
mod people;
#[path = "botapi_double/polling.rs"]
mod polling;
#[path = "botapi_double/rules.rs"]
mod rules;
#[path = "botapi_double/teloxide.rs"]
mod teloxide;
#[path = "botapi_double/text.rs"]
mod text;
#[path = "botapi_double/trouble.rs"]
mod trouble;
