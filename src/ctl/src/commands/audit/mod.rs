//! `pagerctl audit`: what the audit log says, and whether it is whole.

mod acknowledge;
mod export;
mod show;
pub(crate) mod verify;

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use crate::audit::{Log, Wanted, Witness};
use crate::daemon::Target;
use crate::failure::Failure;
use crate::output::Output;
use crate::time::moment;

/// `pagerctl audit …`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Print records as a table, the newest last.
    Show {
        #[command(flatten)]
        filter: Filter,
    },
    /// Write records out for other programs, oldest first.
    Export {
        /// The form: the lines as they stand in the log, a table, or an array.
        #[arg(long, value_enum, default_value_t = export::Format::Jsonl)]
        format: export::Format,
        #[command(flatten)]
        filter: Filter,
    },
    /// Prove that the log is whole, or name the first bad record and what is wrong; exits with 1
    /// then.
    Verify {
        /// The log, or the folder it is in; default: the user's own.
        file: Option<PathBuf>,
        /// A record that must be there, as a Telegram message or the journal tells it; repeat it for
        /// more.
        #[arg(long = "head", value_name = "SEQ:HASH")]
        heads: Vec<Witness>,
        /// Exit with 0 where the only things wrong are breaks that were acknowledged.
        #[arg(long)]
        accept_acknowledged: bool,
    },
    /// Write into the log that you know of a break in it, and why it is there. It stays a break.
    Acknowledge {
        /// The record before which it is, as `verify` names it.
        #[arg(value_name = "SEQ")]
        seq: u64,
        /// Why it is there.
        #[arg(long, short, value_name = "TEXT")]
        message: String,
        /// The log that the daemon writes, or the folder it is in; default: the user's own.
        file: Option<PathBuf>,
    },
}

/// Which records.
#[derive(Debug, clap::Args)]
struct Filter {
    /// Only of this session: its id, a beginning of it, or its label.
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,
    /// Only from this time on: 2026-11-21, "2026-11-21 12:30", 12:30, today, or 2h for two hours ago.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only up to this time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only by this actor, such as telegram:111111111, or of this kind, such as telegram.
    #[arg(long, value_name = "ACTOR")]
    by: Option<String>,
    /// Only of this kind, such as deny; repeat it for more.
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// Only of this approval: its id, or a beginning of it.
    #[arg(long, value_name = "ID")]
    approval: Option<String>,
    /// The last so many, or `all`; default: 100 are shown, and all exported.
    #[arg(long, short = 'n', value_name = "N", value_parser = lines)]
    lines: Option<Lines>,
    /// The log, or the folder it is in; default: the user's own.
    file: Option<PathBuf>,
}

/// How many records.
#[derive(Debug, Clone, Copy)]
enum Lines {
    All,
    Last(usize),
}

fn lines(text: &str) -> Result<Lines, String> {
    match text {
        "all" => Ok(Lines::All),
        _ => text.parse().map(Lines::Last).map_err(|_| "write a number, or all".to_owned()),
    }
}

impl Filter {
    fn log(&self) -> Result<Log, Failure> {
        Log::find(&Log::path(self.file.as_deref())?)
    }

    fn wanted(self, default: Lines) -> Wanted {
        let last = match self.lines.unwrap_or(default) {
            Lines::All => None,
            Lines::Last(count) => Some(count),
        };
        Wanted {
            session: self.session,
            since: self.since,
            until: self.until,
            by: self.by,
            actions: self.actions,
            approval: self.approval.map(|id| id.to_ascii_lowercase()),
            last,
        }
    }
}

/// What is said of lines that were left out because they are no records.
fn left_out(lines: u64) -> String {
    let what = if lines == 1 {
        "1 line is no record".to_owned()
    } else {
        format!("{lines} lines are no records")
    };
    format!("{what}; pagerctl audit verify says what is wrong")
}

/// Does it.
pub(crate) async fn run(args: Args, target: &Target, output: &Output) -> Result<(), Failure> {
    match args.deed {
        Deed::Show { filter } => show::run(filter, output),
        Deed::Export { format, filter } => export::run(filter, format),
        Deed::Verify { file, heads, accept_acknowledged } => {
            verify::run(file.as_deref(), heads, accept_acknowledged, output)
        }
        Deed::Acknowledge { seq, message, file } => {
            acknowledge::run(seq, &message, file.as_deref(), target, output).await
        }
    }
}
