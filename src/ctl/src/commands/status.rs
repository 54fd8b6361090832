//! `pagerctl status`

use std::borrow::Cow;

use owo_colors::OwoColorize;
use pager_core::sanitize::one_line;

use super::panic::locked;
use crate::daemon::{Daemon, Summary};
use crate::failure::Failure;
use crate::output::Output;

pub(super) async fn run(daemon: &Daemon, output: &Output) -> Result<(), Failure> {
    let summary = daemon.summary().await?;
    output.data(&summary, || text(&summary))
}

fn text(summary: &Summary) -> String {
    let Summary { version, state, reached, telegram_state, .. } = summary;
    let dot = if state == "ready" { "●".green().to_string() } else { "●".red().to_string() };
    let reached = match *reached {
        "session-bus" => "over the session bus",
        _ => "over the private socket",
    };
    let warnings = summary
        .warnings
        .iter()
        .map(|warning| format!("   {} {}\n", "Warning:".yellow(), one_line(warning, 400)));
    let locked = summary.locked.as_ref().map(|lock| format!("{}\n", locked(lock).red()));
    let text = format!(
        "{dot} pagerd {} is {}\n{}   Reached: {reached}\n  Telegram: {}\n     Token: {}\n   Waiting: {}\n  Sessions: {}\n",
        one_line(version, 40),
        one_line(state, 40),
        locked.unwrap_or_default(),
        one_line(telegram_state, 200),
        token(&summary.token_source),
        plural(summary.pending_approvals, "approval"),
        plural(summary.active_sessions, "active session"),
    );
    text + &warnings.collect::<String>()
}

/// Where the token is from, in words.
fn token(source: &str) -> Cow<'static, str> {
    match source {
        "credential" => "systemd's credential telegram-token".into(),
        "file" => "a file of its own".into(),
        "secret-service" => "the Secret Service".into(),
        "config" => "the configuration itself".into(),
        "none" => "none".into(),
        other => one_line(other, 40).into(),
    }
}

fn plural(count: u32, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
