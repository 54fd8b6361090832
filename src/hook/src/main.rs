//! The hook and status-line client a coding agent runs.

fn main() {}
