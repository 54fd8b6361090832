//! The person's command-line tool for pager.

fn main() {}
