//! The pager daemon.

fn main() {}
