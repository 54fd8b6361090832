//! The policy from outside: files and calls in, judgements out.

mod docs;
mod faults;
mod properties;
mod rules;
mod secrets;
mod slip;
mod world;
