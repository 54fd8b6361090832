//! The person's command-line tool for pager: what waits, and the answers to it.

mod audit;
mod authentication;
mod cli;
mod codex;
mod commands;
mod daemon;
mod demo;
mod doctor;
mod failure;
mod interrupt;
mod output;
mod programs;
mod setup;
mod table;
mod talk;
mod time;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let output = args.output();
    match commands::run(args, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            failure.status.into()
        }
    }
}
