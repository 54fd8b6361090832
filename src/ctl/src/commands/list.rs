//! `pagerctl list`

use jiff::Timestamp;
use pager_core::sanitize::one_line;
use serde::Serialize;

use super::words::{short, short_len};
use crate::daemon::{Approval, Daemon};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::table;
use crate::time::span;

pub(super) async fn run(daemon: &Daemon, output: &Output, all: bool) -> Result<(), Failure> {
    let approvals = if all { daemon.lately().await? } else { daemon.waiting().await? };
    let rows: Vec<_> = approvals.iter().map(Row::from).collect();
    output.data(&rows, || text(&approvals, all, output))
}

/// An approval in a listing: all but its input.
#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    id: &'a str,
    kind: &'a str,
    state: &'a str,
    agent: &'a str,
    session: &'a str,
    label: &'a str,
    cwd: &'a str,
    tool: &'a str,
    summary: &'a str,
    created: Timestamp,
    expires: Timestamp,
    queued: bool,
    needed: u32,
    yeses: &'a [String],
}

impl<'a> From<&'a Approval> for Row<'a> {
    fn from(approval: &'a Approval) -> Self {
        Self {
            id: &approval.id,
            kind: &approval.kind,
            state: &approval.state,
            agent: &approval.agent,
            session: &approval.session,
            label: &approval.label,
            cwd: &approval.cwd,
            tool: &approval.tool,
            summary: &approval.summary,
            created: approval.created,
            expires: approval.expires,
            queued: approval.queued,
            needed: approval.needed,
            yeses: &approval.yeses,
        }
    }
}

pub(super) fn text(approvals: &[Approval], all: bool, output: &Output) -> String {
    let waiting = approvals.iter().filter(|approval| approval.state == "pending").count();
    let queued = match approvals.iter().filter(|approval| approval.queued).count() {
        0 => String::new(),
        n => format!(", {n} of them in the queue of a session that asks too much"),
    };
    let remark = match waiting {
        0 => "Nothing waits for you.\n".to_owned(),
        1 => "1 approval waits. pagerctl show|approve|deny ID\n".to_owned(),
        n => format!("{n} approvals wait{queued}. pagerctl show|approve|deny ID\n"),
    };
    if approvals.is_empty() {
        return output.remark(remark);
    }
    let len = short_len(approvals.iter().map(|approval| approval.id.as_str()));
    let now = Timestamp::now();
    let cells = |approval: &Approval| {
        let id = short(&approval.id, len);
        let age = span(approval.created, now);
        let session = one_line(&approval.label, 24);
        (id, age, session, kind(approval), one_line(&approval.summary, 500))
    };
    let lines = if all {
        let rows = approvals.iter().map(|approval| {
            let (id, age, session, kind, summary) = cells(approval);
            [id, one_line(&approval.state, 16), age, session, kind, summary]
        });
        table(["ID", "STATE", "AGE", "SESSION", "KIND", "SUMMARY"], rows.collect())
    } else {
        let rows = approvals.iter().map(cells).map(<[String; 5]>::from);
        table(["ID", "AGE", "SESSION", "KIND", "SUMMARY"], rows.collect())
    };
    lines + &output.remark(format!("\n{remark}"))
}

/// The tool that would be used, or what sort of answer is wanted instead; whether it is queued, and how
/// many of the people have said yes that it takes.
fn kind(approval: &Approval) -> String {
    let kind = match approval.kind.as_str() {
        "permission" => one_line(&approval.tool, 24),
        kind => one_line(kind, 24),
    };
    let queued = if approval.queued { ", queued" } else { "" };
    let counted = match approval.needed {
        needed @ 2.. if approval.state == "pending" => {
            format!(", {} of {needed}", approval.yeses.len())
        }
        _ => String::new(),
    };
    format!("{kind}{queued}{counted}")
}
