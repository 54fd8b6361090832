//! The Bot API double held to the real server's rules, and driven by the client library the daemon uses.

#[path = "botapi_double/teloxide.rs"]
mod teloxide;
