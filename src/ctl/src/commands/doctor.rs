//! `pagerctl doctor`: goes through everything that pager stands on, and says what is wrong and what to
//! do about it. It changes nothing, and starts nothing but the daemon, by reaching for it.

mod daemon;
mod files;
mod host;

use owo_colors::OwoColorize;
use pager_core::sanitize::visible;
use serde::Serialize;

use crate::daemon::Target;
use crate::failure::Failure;
use crate::output::Output;

/// What one look found.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    state: State,
    text: String,
    /// What to do.
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// It works; whether it is meant is for the person to say.
    Warning,
    /// Something does not work.
    Problem,
}

/// What `doctor --json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    /// Whether nothing is a problem.
    ok: bool,
    findings: &'a [Finding],
}

impl Finding {
    fn new(check: &'static str, state: State, text: impl AsRef<str>) -> Self {
        Self { check, state, text: visible(text.as_ref()).into_owned(), hint: None }
    }

    fn ok(check: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(check, State::Ok, text)
    }

    fn warning(check: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(check, State::Warning, text)
    }

    fn problem(check: &'static str, text: impl AsRef<str>) -> Self {
        Self::new(check, State::Problem, text)
    }

    fn hint(self, hint: impl AsRef<str>) -> Self {
        Self { hint: Some(visible(hint.as_ref()).into_owned()), ..self }
    }

    /// What another verb would have failed with.
    fn failure(check: &'static str, failure: &Failure) -> Self {
        let found = Self::problem(check, &failure.what);
        match &failure.hint {
            Some(hint) => found.hint(hint),
            None => found,
        }
    }
}

/// Does it; fails where there is a problem.
pub(super) async fn run(target: &Target, output: &Output) -> Result<(), Failure> {
    let (mut findings, said) = files::look();
    findings.extend(daemon::look(target, &said).await);
    if matches!(target, Target::Usual) {
        findings.extend(host::look());
    }
    let ok = findings.iter().all(|finding| finding.state != State::Problem);
    output.data(&Report { ok, findings: &findings }, || text(&findings))?;
    if ok { Ok(()) } else { Err(Failure::told()) }
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { check, state, text: found, hint } in findings {
        let mark = match state {
            State::Ok => "✓".green().to_string(),
            State::Warning => "!".yellow().bold().to_string(),
            State::Problem => "✗".red().bold().to_string(),
        };
        // Whatever has several lines stays under its own mark.
        let indented = |text: &str| text.trim_end().replace('\n', "\n    ");
        text.push_str(&format!("{mark} {}: {}\n", check.bold(), indented(found)));
        if let Some(hint) = hint {
            text.push_str(&format!("    {} {}\n", "→".cyan(), indented(hint)));
        }
    }
    let count = |wanted| findings.iter().filter(|finding| finding.state == wanted).count();
    text.push_str(&match (count(State::Problem), count(State::Warning)) {
        (0, 0) => "\nAll is well.\n".to_owned(),
        (0, warnings) => format!("\nIt works; {}.\n", counted(warnings, "warning")),
        (problems, 0) => format!("\n{}.\n", counted(problems, "problem")),
        (problems, warnings) => {
            format!("\n{}, {}.\n", counted(problems, "problem"), counted(warnings, "warning"))
        }
    });
    text
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
