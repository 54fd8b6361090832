//! `pagerctl audit`: what the audit log says, and whether it is whole.

mod verify;

use std::path::PathBuf;

use clap::Subcommand;

use crate::audit::Witness;
use crate::failure::Failure;
use crate::output::Output;

/// `pagerctl audit …`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Prove that the log is whole, or name the first bad record and what is wrong; exits with 1
    /// then.
    Verify {
        /// The log, or the folder it is in; default: the user's own.
        file: Option<PathBuf>,
        /// A record that must be there, as a Telegram message or the journal tells it; repeat it for
        /// more.
        #[arg(long = "head", value_name = "SEQ:HASH")]
        heads: Vec<Witness>,
    },
}

/// Does it.
pub(crate) fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.deed {
        Deed::Verify { file, heads } => verify::run(file.as_deref(), heads, output),
    }
}
