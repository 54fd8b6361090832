//! pagerctl, the program, against a real engine behind real sockets.

mod daemon;
mod reaching;
mod reading;
mod verdicts;
mod watching;
