//! `pagerd`, the pager daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    pagerd::program::run()
}
