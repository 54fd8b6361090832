//! `pagerctl audit export`

use std::io::{self, Write};

use clap::ValueEnum;

use super::{Filter, Lines, left_out};
use crate::audit::{Log, Wanted};
use crate::failure::Failure;
use crate::output::stream;

/// The form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The lines as they stand in the log, hashes and all.
    Jsonl,
    /// Comma-separated values, with the members' names in the first line.
    Csv,
    /// One array.
    Json,
}

pub(super) fn run(filter: Filter, format: Format) -> Result<(), Failure> {
    let log = filter.log()?;
    let wanted = filter.wanted(Lines::All);
    let unreadable = stream(|out| match format {
        Format::Jsonl => wanted.each(&log, |_, line| {
            out.write_all(line)?;
            out.write_all(b"\n")
        }),
        Format::Csv => csv(&wanted, &log, out),
        Format::Json => json(&wanted, &log, out),
    })?;
    if unreadable > 0 {
        return Err(Failure::failed(left_out(unreadable)));
    }
    Ok(())
}

fn csv(wanted: &Wanted, log: &Log, out: &mut dyn Write) -> io::Result<u64> {
    let mut writer = csv::Writer::from_writer(out);
    let unreadable = wanted.each(log, |record, _| Ok(writer.serialize(record)?))?;
    writer.flush()?;
    Ok(unreadable)
}

fn json(wanted: &Wanted, log: &Log, out: &mut dyn Write) -> io::Result<u64> {
    let mut before: &[u8] = b"[\n";
    let unreadable = wanted.each(log, |_, line| {
        out.write_all(before)?;
        before = b",\n";
        out.write_all(line)
    })?;
    out.write_all(if before == b"[\n" { b"[]\n" } else { b"\n]\n" })?;
    Ok(unreadable)
}
