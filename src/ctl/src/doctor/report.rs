//! What was found, and how it is shown: as text for a person, as JSON for a script.

use owo_colors::OwoColorize;
use pager_core::redact::Redactor;
use pager_core::sanitize::visible;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::Check;
use super::fix::Mend;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// It works; whether it is meant is for the person to say.
    Warn,
    /// Something does not work, or is open to others.
    Fail,
}

/// The parts of the story, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Configuration,
    Token,
    Telegram,
    Doors,
    Agents,
    State,
    Host,
}

impl Group {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Configuration => "Configuration",
            Self::Token => "Token",
            Self::Telegram => "Telegram",
            Self::Doors => "Doors",
            Self::Agents => "Agents",
            Self::State => "State",
            Self::Host => "Host",
        }
    }
}

/// What one look at one thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) status: Status,
    /// What was found, in a sentence.
    pub(crate) text: String,
    /// What it means.
    pub(crate) detail: Option<String>,
    /// What to do: a command, or a sentence where there is none.
    pub(crate) fix: Option<String>,
    /// What `--fix` does about it.
    pub(crate) mend: Option<Mend>,
}

impl Finding {
    fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), detail: None, fix: None, mend: None }
    }

    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self::new(Status::Ok, text)
    }

    pub(crate) fn warn(text: impl Into<String>) -> Self {
        Self::new(Status::Warn, text)
    }

    pub(crate) fn fail(text: impl Into<String>) -> Self {
        Self::new(Status::Fail, text)
    }

    /// A check that broke: it says nothing of what it was to look at.
    pub(crate) fn unchecked(why: &str) -> Self {
        Self::warn(format!("could not be checked: {why}"))
    }

    /// What it means.
    pub(crate) fn means(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// What to do about it.
    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// What `--fix` does about it.
    pub(crate) fn mend(self, mend: Mend) -> Self {
        let fix = self.fix.or_else(|| Some(mend.command()));
        Self { fix, mend: Some(mend), ..self }
    }
}

/// A finding with what it is about.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    id: &'static str,
    status: Status,
    title: &'static str,
    text: String,
    detail: Option<String>,
    fix: Option<String>,
    /// Whether `--fix` does something about it.
    fixable: bool,
    #[serde(skip)]
    group: Group,
    #[serde(skip)]
    pub(crate) mend: Option<Mend>,
}

impl Row {
    #[cfg(test)]
    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// Some of it was written by others, or read from where a secret may be.
    pub(crate) fn new(check: &Check, finding: Finding, redactor: &Redactor) -> Self {
        let clean = |text: String| redactor.clean(&visible(&text)).text.into_owned();
        Self {
            id: check.id,
            status: finding.status,
            title: check.title,
            text: clean(finding.text),
            detail: finding.detail.map(clean),
            fix: finding.fix.map(clean),
            fixable: finding.mend.is_some(),
            group: check.group,
            mend: finding.mend,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    ok: usize,
    warn: usize,
    fail: usize,
}

/// What `doctor --json` prints. It is an interface: fields are only ever added.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Of this pagerctl.
    version: &'static str,
    /// Whether nothing fails; with `--strict`, nor is warned of.
    pub(crate) ok: bool,
    summary: Summary,
    pub(crate) checks: Vec<Row>,
}

impl Report {
    pub(crate) fn new(version: &'static str, checks: Vec<Row>, strict: bool) -> Self {
        let count = |status| checks.iter().filter(|row| row.status == status).count();
        let summary =
            Summary { ok: count(Status::Ok), warn: count(Status::Warn), fail: count(Status::Fail) };
        let ok = summary.fail == 0 && (summary.warn == 0 || !strict);
        Self { version, ok, summary, checks }
    }

    /// For a person; within so many columns where there is a terminal that has them.
    pub(crate) fn text(&self, columns: Option<usize>) -> String {
        let mut page = Page { text: String::new(), columns };
        let mut group = None;
        for row in &self.checks {
            if group != Some(row.group) {
                let gap = if group.is_some() { "\n" } else { "" };
                page.text.push_str(&format!("{gap}{}\n", row.group.title().bold()));
                group = Some(row.group);
            }
            page.row(row);
        }
        let Summary { ok, warn, fail } = self.summary;
        let counts =
            format!("{ok} in order, {}, {}.", counted(warn, "warning"), counted(fail, "failure"));
        page.text.push('\n');
        page.block("", 0, &counts);
        page.text
    }
}

/// Text that is broken between words, never within: what is long is a path or a command, and
/// copied from there.
struct Page {
    text: String,
    columns: Option<usize>,
}

/// How far what belongs to a row stands to the right.
const INDENT: usize = 4;

impl Page {
    fn row(&mut self, row: &Row) {
        let mark = match row.status {
            Status::Ok => "✓".green().to_string(),
            Status::Warn => "!".yellow().bold().to_string(),
            Status::Fail => "✗".red().bold().to_string(),
        };
        self.block(&format!("{mark} "), 2, &format!("{}: {}", row.title, row.text));
        if row.status == Status::Ok {
            return;
        }
        if let Some(detail) = &row.detail {
            self.block("    ", INDENT, detail);
        }
        if let Some(fix) = &row.fix {
            // A command that is cut in two is another command.
            let columns = self.columns.take();
            self.block(&format!("    {} ", "→".cyan()), INDENT + 2, fix);
            self.columns = columns;
        }
    }

    /// Writes lines that begin with `lead`, which is so wide; those after the first stand below it.
    fn block(&mut self, lead: &str, wide: usize, words: &str) {
        let hang = " ".repeat(if wide == 0 { 0 } else { INDENT.max(wide) });
        let mut at = wide;
        self.text.push_str(lead);
        for (number, line) in words.trim_end().lines().enumerate() {
            if number > 0 {
                self.text.push_str(&format!("\n{hang}"));
                at = hang.len();
            }
            let mut first = true;
            for word in line.split(' ') {
                let width = word.width();
                if self.columns.is_some_and(|columns| !first && at + 1 + width > columns) {
                    self.text.push_str(&format!("\n{hang}"));
                    at = hang.len();
                } else if !first {
                    self.text.push(' ');
                    at += 1;
                }
                self.text.push_str(word);
                at += width;
                first = false;
            }
        }
        self.text.push('\n');
    }
}

/// A number of things.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::doctor::Look;

    const fn check(id: &'static str, title: &'static str, group: Group) -> Check {
        Check { id, title, group, look: Look::Here(|_| Ok(Vec::new())) }
    }

    fn report() -> Report {
        let config = check("configuration", "Configuration", Group::Configuration);
        let token = check("token", "Token", Group::Token);
        let hooks = check("hooks", "Hooks", Group::Agents);
        let found = [
            (
                &config,
                Finding::ok("/home/me/.config/pager/pager.toml").means("nothing more is said"),
            ),
            (
                &token,
                Finding::fail("the mode of /home/me/.config/pager/token is 0644")
                    .means("Others on this machine can read the bot's token.")
                    .mend(Mend::Close {
                        path: PathBuf::from("/home/me/.config/pager/token"),
                        mode: 0o600,
                    }),
            ),
            (
                &hooks,
                Finding::warn(
                    "another program answers PermissionRequest too: \
                     110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_ \u{1b}[2J",
                )
                .means("Whichever of the two answers first decides.")
                .fix("take one of the two out of /home/me/.claude/settings.json"),
            ),
        ];
        let redactor = Redactor::new();
        let rows = found.into_iter().map(|(check, found)| Row::new(check, found, &redactor));
        Report::new("1.2.3", rows.collect(), false)
    }

    fn held(name: &str, now: &str) {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        if std::env::var_os("PAGER_BLESS").is_some() {
            std::fs::write(&file, now).unwrap();
        }
        let then = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(now == then, "{} is no longer what is printed:\n{now}", file.display());
    }

    fn plain(report: &Report, columns: Option<usize>) -> String {
        anstream::adapter::strip_str(&report.text(columns)).to_string()
    }

    #[test]
    fn the_forms_of_a_report_stay() {
        let report = report();
        held("doctor.json", &(serde_json::to_string_pretty(&report).unwrap() + "\n"));
        held("doctor.txt", &plain(&report, None));
        held("doctor-narrow.txt", &plain(&report, Some(40)));
        let strict = Report::new("1.2.3", report.checks, true);
        assert!(!strict.ok);
    }

    #[test]
    fn warnings_count_as_failures_only_where_that_is_asked_for() {
        let one = check("hooks", "Hooks", Group::Agents);
        let rows = || vec![Row::new(&one, Finding::warn("so so"), &Redactor::new())];
        assert!(Report::new("1", rows(), false).ok);
        assert!(!Report::new("1", rows(), true).ok);
    }

    #[test]
    fn on_a_narrow_terminal_no_line_but_a_command_or_a_path_is_longer() {
        for columns in [20, 40, 80] {
            let text = plain(&report(), Some(columns));
            for line in text.lines().filter(|line| !line.trim_start().starts_with('→')) {
                let one_word = line.trim().split(' ').count() == 1;
                assert!(line.width() <= columns || one_word, "{columns}: {line:?}");
            }
        }
    }
}
