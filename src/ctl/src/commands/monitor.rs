//! `pagerctl monitor`: ends by the signal that interrupts it, which a shell shows as 130, as every
//! other program that watches does.

use jiff::Timestamp;
use pager_core::sanitize::one_line;
use serde::Serialize;

use super::words::{by, short};
use crate::daemon::{Daemon, Event};
use crate::failure::Failure;
use crate::output::Output;
use crate::time::clock;

/// A line of the monitor; what does not apply to the event is left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Line {
    pub(super) time: Timestamp,
    /// `approval_requested`, `approval_resolved`, `session_changed`, `notice`, `daemon_started` or
    /// `daemon_stopped`.
    pub(super) event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
}

pub(super) async fn run(daemon: &Daemon, output: &Output) -> Result<(), Failure> {
    let mut events = daemon.events().await?;
    output.note("watching what agents ask; interrupt to end");
    loop {
        let event = events.next().await?;
        let line = line(daemon, event, Timestamp::now()).await;
        output.line(&line, || text(&line))?;
    }
}

async fn line(daemon: &Daemon, event: Event, time: Timestamp) -> Line {
    let line = Line { time, ..Line::default() };
    match event {
        Event::Requested { id } => {
            // It may be gone again by now; that it was asked is told all the same.
            let known = daemon.approval(&id).await.ok();
            let line = Line { event: "approval_requested", approval: Some(id), ..line };
            match known {
                Some(approval) => Line {
                    session: Some(approval.session),
                    label: Some(approval.label),
                    kind: Some(approval.kind),
                    tool: Some(approval.tool),
                    summary: Some(approval.summary),
                    ..line
                },
                None => line,
            }
        }
        Event::Resolved { id, verdict, by } => Line {
            event: "approval_resolved",
            approval: Some(id),
            state: Some(verdict),
            by: Some(by),
            ..line
        },
        Event::Session { id, state } => {
            let labels = daemon.labels().await.unwrap_or_default();
            let label =
                labels.into_values().find(|(known, _)| *known == id).map(|(_, label)| label);
            Line { event: "session_changed", session: Some(id), label, state: Some(state), ..line }
        }
        Event::Notice { kind, text, session } => Line {
            event: "notice",
            session: (!session.is_empty()).then_some(session),
            kind: Some(kind),
            summary: Some(text),
            ..line
        },
        Event::Started => Line { event: "daemon_started", ..line },
        Event::Stopped => Line { event: "daemon_stopped", ..line },
    }
}

fn text(line: &Line) -> String {
    let time = clock(line.time);
    let shown = |text: &Option<String>, max| one_line(text.as_deref().unwrap_or_default(), max);
    let id = short(line.approval.as_deref().unwrap_or_default(), 8);
    let state = shown(&line.state, 16);
    match line.event {
        "approval_requested" => format!(
            "{time} {id} asked in {}: {} {}",
            shown(&line.label, 40),
            shown(&line.tool, 80),
            shown(&line.summary, 500)
        ),
        "approval_resolved" => {
            format!(
                "{time} {id} {state} {}",
                one_line(&by(line.by.as_deref().unwrap_or_default()), 80)
            )
        }
        "session_changed" => {
            let session = short(line.session.as_deref().unwrap_or_default(), 8);
            format!("{time} session {session} {} is {state}", shown(&line.label, 40))
        }
        "notice" => format!("{time} notice: {}", shown(&line.summary, 1000)),
        "daemon_started" => format!("{time} pagerd is there"),
        _ => format!("{time} pagerd has gone"),
    }
}
