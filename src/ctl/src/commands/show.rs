//! `pagerctl show`

use jiff::Timestamp;
use owo_colors::OwoColorize;
use pager_core::approval::Kind;
use pager_core::sanitize::{one_line, visible};
use pager_core::{Agent, present};

use super::words::by;
use crate::daemon::{Approval, Daemon};
use crate::failure::Failure;
use crate::output::Output;
use crate::time::{date, span};

pub(super) async fn run(daemon: &Daemon, output: &Output, id: &str) -> Result<(), Failure> {
    let approval = daemon.approval(id).await?;
    output.data(&approval, || text(&approval, Timestamp::now()))
}

pub(super) fn text(approval: &Approval, now: Timestamp) -> String {
    let Approval { id, label, cwd, tool, body, input_sha256, created, expires, .. } = approval;
    let kind = Kind::from_word(&approval.kind).unwrap_or(Kind::Permission);
    let agent = Agent::new(&approval.agent);
    let headline = present::headline_of(&agent, label, kind, tool);
    let state = match &approval.resolved_by {
        None => {
            let queued = if approval.queued { " and queued" } else { "" };
            format!("{}{queued} for {} more", approval.state, span(now, *expires))
        }
        Some(actor) => format!("{} {}", approval.state, by(actor)),
    };
    let always = approval.always_rule.as_deref().unwrap_or("nothing can be granted for ever");
    let mut lines = format!("{}\n", headline.bold());
    for (name, value) in [
        ("Id", id.as_str()),
        ("State", &state),
        ("Asked", &format!("{} ago, {}", span(*created, now), date(*created))),
        ("Session", &format!("{} {}", approval.session, label)),
        ("Folder", cwd),
        ("Tool", tool),
        ("SHA-256", input_sha256),
        ("Always", always),
    ] {
        let value = match name {
            // One rule a line, all of them under each other.
            "Always" => visible(value).replace('\n', "\n         "),
            _ => one_line(value, 4096),
        };
        lines.push_str(&format!("{name:>7}: {value}\n"));
    }
    lines.push('\n');
    let is_diff = present::is_diff(tool);
    for line in body.split('\n') {
        let line = visible(line);
        match line.strip_prefix("    ").and_then(|line| line.chars().next()) {
            Some('+') if is_diff => lines.push_str(&format!("{}\n", line.green())),
            Some('-') if is_diff => lines.push_str(&format!("{}\n", line.red())),
            Some('@') if is_diff => lines.push_str(&format!("{}\n", line.cyan())),
            _ => lines.push_str(&format!("{line}\n")),
        }
    }
    lines
}
