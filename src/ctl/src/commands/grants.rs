//! `pagerctl policy grants` and `pagerctl policy revoke`

use jiff::Timestamp;
use owo_colors::OwoColorize;
use pager_core::sanitize::one_line;
use serde::Serialize;

use super::words::{by, short, short_len};
use crate::daemon::{Daemon, Grant};
use crate::failure::Failure;
use crate::output::Output;
use crate::time::{date, span};

pub(super) async fn list(daemon: &Daemon, output: &Output) -> Result<(), Failure> {
    let grants = daemon.grants().await?;
    output.data(&grants, || text(&grants, Timestamp::now(), output))
}

#[derive(Debug, Serialize)]
pub(super) struct Revoked<'a> {
    /// As it was given.
    pub(super) id: &'a str,
    /// What was done, in a sentence.
    pub(super) done: &'a str,
}

pub(super) async fn revoke(daemon: &Daemon, output: &Output, id: &str) -> Result<(), Failure> {
    let done = daemon.manager().revoke_grant(id).await?;
    let shown = one_line(&done, 5000);
    output.done(&Revoked { id, done: &done }, || format!("Revoked {id}: {shown}"))
}

/// A few lines for each, as rules and files are both long and neither may be cut.
fn text(grants: &[Grant], now: Timestamp, output: &Output) -> String {
    if grants.is_empty() {
        return output.remark("Nothing is granted for good.\n".to_owned());
    }
    let len = short_len(grants.iter().map(|grant| grant.id.as_str()));
    let indent = " ".repeat(len + 2);
    let mut lines = String::new();
    for grant in grants {
        for (index, rule) in grant.rules.iter().enumerate() {
            let id = if index == 0 { short(&grant.id, len) } else { " ".repeat(len) };
            lines.push_str(&format!("{id}  {}\n", one_line(rule, 5000).bold()));
        }
        let place = match (&grant.file, grant.place.as_str()) {
            (Some(file), _) => format!("in {}", one_line(file, 5000)),
            (None, "session") => "until its session ends".to_owned(),
            (None, _) => "in no settings any more".to_owned(),
        };
        lines.push_str(&format!(
            "{indent}granted {}, {} ago, {}\n{indent}asked in {}, {place}\n",
            one_line(&by(&grant.by), 80),
            span(grant.granted, now),
            date(grant.granted),
            one_line(&grant.label, 40),
        ));
    }
    lines + &output.remark("\nTo take one back: pagerctl policy revoke ID\n".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;

    #[test]
    fn every_grant_says_what_by_whom_and_where() {
        let grant = Grant {
            id: "0123456789abcdef0123456789abcdef".to_owned(),
            agent: "claude".to_owned(),
            rules: vec!["Bash(touch made *)".to_owned(), "Bash(ls)".to_owned()],
            place: "localSettings".to_owned(),
            file: Some("/home/me/webshop/.claude/settings.local.json".to_owned()),
            session: "6f0f5d50".to_owned(),
            label: "webshop".to_owned(),
            by: "telegram:111111111".to_owned(),
            granted: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        let gone = Grant {
            id: "f".repeat(32),
            file: None,
            rules: vec!["Web\u{1b}Fetch".to_owned()],
            ..grant.clone()
        };
        let now = grant.granted + jiff::SignedDuration::from_hours(3);
        let at = date(grant.granted);
        let output = <Args as clap::Parser>::parse_from(["pagerctl", "-q"]).output();
        let shown = anstream::adapter::strip_str(&text(&[grant, gone], now, &output)).to_string();
        let expected = format!(
            "01234567  Bash(touch made *)
          Bash(ls)
          granted on Telegram (111111111), 3h ago, {at}
          asked in webshop, in /home/me/webshop/.claude/settings.local.json
ffffffff  Web⟨U+001B⟩Fetch
          granted on Telegram (111111111), 3h ago, {at}
          asked in webshop, in no settings any more
"
        );
        assert_eq!(shown, expected);
    }
}
