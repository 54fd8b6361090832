//! What is printed, and how: data on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anstream::{AutoStream, ColorChoice};
use owo_colors::OwoColorize;
use pager_core::redact::Redactor;
use pager_core::sanitize::visible;
use serde::Serialize;

use crate::failure::{Failure, Status};

/// How this run prints.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Whether long output is shown in a pager.
    pub(crate) pager: bool,
    /// Whether the person may be asked for their password.
    pub(crate) ask_password: bool,
}

impl Output {
    /// Prints data: as JSON where that was asked for, else as the text for a person.
    pub(crate) fn data<T: Serialize>(
        &self,
        data: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            let json = serde_json::to_string_pretty(data).map_err(io::Error::from);
            return json.and_then(|json| print(&(json + "\n"))).map_err(|error| failed(&error));
        }
        let text = text();
        if self.pager && io::stdout().is_terminal() && page(&text) {
            return Ok(());
        }
        print(&text).map_err(|error| failed(&error))
    }

    /// Prints one of many things as it happens: a line of JSON, or of text.
    pub(crate) fn line<T: Serialize>(
        &self,
        data: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let line = if self.json {
            serde_json::to_string(data).map_err(io::Error::from)
        } else {
            Ok(text())
        };
        line.and_then(|line| print(&(line + "\n"))).map_err(|error| failed(&error))
    }

    /// Says what was done, unless it was asked not to; in JSON for those who asked for that.
    pub(crate) fn done<T: Serialize>(
        &self,
        data: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.quiet && !self.json {
            return Ok(());
        }
        self.line(data, text)
    }

    /// Tells the person something on standard error, unless it was asked not to.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            drop(writeln!(anstream::stderr(), "{text}"));
        }
    }

    /// Whether standard output is for a person to read, and questions may be put there.
    pub(crate) fn is_talk(&self) -> bool {
        !self.json
    }

    /// Whether the person may be asked for their password here.
    pub(crate) fn may_ask_password(&self) -> bool {
        self.ask_password && io::stdin().is_terminal()
    }

    /// A remark around the data; empty where none is wanted.
    pub(crate) fn remark(&self, text: String) -> String {
        if self.quiet { String::new() } else { text }
    }
}

/// Tells a person what went wrong.
pub(crate) fn complain(failure: &Failure) {
    if failure.what.is_empty() {
        return;
    }
    let mut stderr = anstream::stderr().lock();
    let mut lines = format!("{} {}\n", "pagerctl:".red().bold(), failure.what);
    if let Some(hint) = &failure.hint {
        lines.push_str(&format!("{} {hint}\n", "hint:".cyan()));
    }
    let lines = Redactor::new().clean(&lines).text;
    // There is nobody left to tell if this fails.
    drop(stderr.write_all(lines.as_bytes()));
}

/// Whether colours are wanted on standard output.
pub(crate) fn coloured() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Prints a line of a conversation.
pub(crate) fn say(text: impl Display) -> Result<(), Failure> {
    print(&format!("{text}\n")).map_err(|error| failed(&error))
}

/// Prints a question, to be answered behind it.
pub(crate) fn prompt(text: &str) -> Result<(), Failure> {
    print(text).map_err(|error| failed(&error))
}

/// Writes data as it is made, byte for byte.
pub(crate) fn stream<T>(write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> Result<T, Failure> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let written = write(&mut stdout);
    written.and_then(|done| stdout.flush().map(|()| done)).map_err(|error| failed(&error))
}

/// A path, safe to print.
pub(crate) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn failed(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        // Who reads has seen enough: `pagerctl monitor | head`.
        return Failure::new(Status::ReaderGone, "");
    }
    Failure::new(Status::Failed, format!("cannot write the output: {error}"))
}

/// Shows text in the person's pager; `false` where that could not be started.
fn page(text: &str) -> bool {
    let mut command = match pager() {
        Some(none) if matches!(none.as_str(), "" | "cat") => return false,
        Some(chosen) => {
            let mut command = Command::new("sh");
            command.arg("-c").arg(chosen);
            command
        }
        // Not by the shell, which would complain where it is not installed.
        None => Command::new("less"),
    };
    command.stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Leave at once if it all fits, keep colours, and stay on the screen; as systemctl has it.
        command.env("LESS", "FRSXMK");
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(stdin) = child.stdin.take() {
        let stdin: Box<dyn Write> = Box::new(stdin);
        let choice = if coloured() { ColorChoice::AlwaysAnsi } else { ColorChoice::Never };
        // A pager that is left early is no error.
        drop(AutoStream::new(stdin, choice).write_all(text.as_bytes()));
    }
    child.wait().is_ok_and(|status| status.success())
}

/// What the person has chosen.
fn pager() -> Option<String> {
    let names = ["PAGERCTL_PAGER", "SYSTEMD_PAGER", "PAGER"];
    names.into_iter().find_map(|name| std::env::var(name).ok())
}
