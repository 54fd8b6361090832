//! The daemon's command line.

use std::path::PathBuf;

use clap::Parser;

/// Brings a coding agent's questions to the person, and the answer back.
///
/// Started by systemd through pager.socket it needs no arguments; with them it runs anywhere.
#[derive(Debug, Clone, Parser)]
#[command(name = "pagerd", version)]
pub struct Args {
    /// Read this configuration file instead of all others.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep the state here [default: $XDG_STATE_HOME/pager].
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Make the sockets here [default: $XDG_RUNTIME_DIR/pager].
    #[arg(long, value_name = "DIR")]
    pub runtime_dir: Option<PathBuf>,
}
