//! The Bot API double as a program, for tests in other processes and for a person with curl.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use pager_tests::botapi::BotApi;
use tokio::signal::unix::{SignalKind, signal};

/// A Telegram Bot API server on loopback, with a control interface under /control (see /control/help).
#[derive(Parser)]
struct Options {
    /// Port to listen on; 0 takes any.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Write the port here once connections are accepted.
    #[arg(long)]
    port_file: Option<PathBuf>,
    /// The bot's token.
    #[arg(long)]
    token: Option<String>,
    /// The bot's user name.
    #[arg(long)]
    username: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch SIGTERM")?;
    let mut builder = BotApi::builder().port(options.port);
    if let Some(token) = &options.token {
        builder = builder.token(token);
    }
    if let Some(username) = &options.username {
        builder = builder.username(username);
    }
    let double = builder.start().context("cannot start the Bot API double")?;
    writeln!(std::io::stdout(), "{} {}", double.url(), double.token())?;
    if let Some(path) = &options.port_file {
        // Appears whole or not at all: whoever waits for the file may read it at once.
        let part = path.with_extension("part");
        std::fs::write(&part, format!("{}\n", double.port()))
            .and_then(|()| std::fs::rename(&part, path))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot watch SIGINT")?,
    }
    let complaints = double.close();
    for complaint in &complaints {
        writeln!(std::io::stderr(), "{complaint}")?;
    }
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
