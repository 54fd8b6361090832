//! `pagerctl audit show`

use pager_core::sanitize::one_line;

use super::{Filter, Lines, left_out};
use crate::audit::Record;
use crate::failure::Failure;
use crate::output::{Output, shown};
use crate::table::fitting_table;
use crate::time::stamp;

/// How many are shown where nobody says.
const LAST: usize = 100;

pub(super) fn run(filter: Filter, output: &Output) -> Result<(), Failure> {
    let log = filter.log()?;
    let mut records = Vec::new();
    let unreadable = filter
        .wanted(Lines::Last(LAST))
        .each(&log, |record, _| {
            records.push(record.clone());
            Ok(())
        })
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", shown(&log.path))))?;
    output.data(&records, || {
        let mut text = match records.is_empty() {
            true => output.remark("No record is like that.\n".to_owned()),
            false => rows(&records),
        };
        if unreadable > 0 {
            text.push_str(&format!("\n{}\n", left_out(unreadable)));
        }
        text
    })
}

fn rows(records: &[Record]) -> String {
    let or_dash = |value: &Option<String>| match value {
        Some(value) => one_line(value, 16),
        None => "-".to_owned(),
    };
    let row = |record: &Record| {
        [
            record.seq.to_string(),
            stamp(record.ts),
            one_line(&record.action, 16),
            one_line(&record.by, 24),
            or_dash(&record.label),
            or_dash(&record.tool),
            one_line(record.summary.as_deref().unwrap_or_default(), 500),
        ]
    };
    let header = ["SEQ", "TIME", "ACTION", "BY", "SESSION", "TOOL", "SUMMARY"];
    // What was done, and to what, is the last to go.
    fitting_table(header, records.iter().map(row).collect(), &[5, 3, 4, 1, 0])
}
