//! What each tool would do with its input: the fields we know by name, everything else as JSON, and
//! nothing left out.

use serde_json::value::RawValue;

use super::change;
use super::json::{members, pretty};
use super::part::{Format, Part};
use crate::question::{self, Question};
use crate::sanitize::{in_line, visible};

/// A value beyond this becomes a block, which may be cut where there is no room.
const LINE_MAX: usize = 200;

/// How a field is shown.
#[derive(Debug, Clone, Copy)]
enum Show {
    /// On a line under this name.
    Line(&'static str),
    /// The same, with a unit behind it.
    Amount(&'static str, &'static str),
    /// The items of a list, on a line under this name.
    List(&'static str),
    /// As a block.
    Block(&'static str, Format),
    /// By these words where it is true.
    Flag(&'static str),
    /// By this warning where it is true.
    Warning(&'static str),
    /// As part of what changes in a file.
    Change,
}

type Fields = &'static [(&'static str, Show)];

/// The fields of the tools we know.
fn fields(tool: &str) -> Fields {
    use Format::{Command, Diff, Markdown, Text};
    use Show::{Amount, Block, Change, Flag, Line, List, Warning};
    match tool {
        "Bash" => &[
            ("dangerouslyDisableSandbox", Warning("It would run outside the agent's sandbox.")),
            ("description", Line("The agent calls it")),
            ("run_in_background", Flag("It would run in the background.")),
            ("timeout", Amount("Time limit", "ms")),
            ("command", Block("", Command)),
        ],
        "Edit" | "MultiEdit" => &[
            ("file_path", Line("File")),
            ("replace_all", Flag("Every occurrence would be replaced.")),
            ("old_string", Change),
            ("new_string", Change),
            ("edits", Change),
        ],
        "Write" => &[("file_path", Line("File")), ("content", Change)],
        "NotebookEdit" => &[
            ("notebook_path", Line("Notebook")),
            ("edit_mode", Line("How")),
            ("cell_id", Line("Cell")),
            ("cell_number", Line("Cell number")),
            ("cell_type", Line("Kind of cell")),
            ("new_source", Change),
        ],
        "apply_patch" => {
            &[("description", Line("The agent calls it")), ("command", Block("", Diff))]
        }
        "Read" => &[
            ("file_path", Line("File")),
            ("offset", Line("From line")),
            ("limit", Line("Lines")),
            ("pages", Line("Pages")),
        ],
        "WebFetch" => &[("url", Line("Address")), ("prompt", Block("What for", Text))],
        "WebSearch" => &[
            ("query", Line("Search for")),
            ("allowed_domains", List("Only at")),
            ("blocked_domains", List("Not at")),
        ],
        "Glob" => &[("pattern", Line("Files like")), ("path", Line("Below"))],
        "Grep" => &[
            ("pattern", Line("Text like")),
            ("path", Line("Below")),
            ("glob", Line("In files like")),
            ("type", Line("In files of type")),
        ],
        "Task" | "Agent" => &[
            ("subagent_type", Line("Subagent")),
            ("model", Line("Model")),
            ("description", Line("The agent calls it")),
            ("run_in_background", Flag("It would run in the background.")),
            ("prompt", Block("", Text)),
        ],
        "ExitPlanMode" => &[("planFilePath", Line("Kept in")), ("plan", Block("", Markdown))],
        _ => &[],
    }
}

/// The server and the tool that an MCP tool's name is made of.
pub(super) fn mcp(tool: &str) -> Option<(&str, &str)> {
    let (server, tool) = tool.strip_prefix("mcp__")?.split_once("__")?;
    (!server.is_empty() && !tool.is_empty()).then_some((server, tool))
}

/// The pieces that show a tool's whole input.
pub(super) fn view(tool: &str, input: &str, preview: Option<&str>) -> Vec<Part> {
    let mut view = View::default();
    if let Some((server, tool)) = mcp(tool) {
        view.line("Server", server);
        view.line("Tool", tool);
    }
    match members(input) {
        Some(members) => view.fields(fields(tool), members, preview),
        None => view.block("", Format::Json, &pretty(input)),
    }
    view.finish()
}

/// The pieces that show questions; the input as it is where it holds none.
pub(super) fn questions(input: &str) -> Vec<Part> {
    let questions = question::questions(input);
    if questions.is_empty() {
        return view("", input, None);
    }
    let lines: Vec<String> = questions
        .iter()
        .enumerate()
        .flat_map(|(n, question)| asked(question, (questions.len() > 1).then_some(n + 1)))
        .collect();
    let mut view = View::default();
    view.block("", Format::Text, &lines.join("\n"));
    view.finish()
}

fn asked(question: &Question, number: Option<usize>) -> Vec<String> {
    let number = number.map(|number| format!("{number}. ")).unwrap_or_default();
    let several = if question.several { " (several may be chosen)" } else { "" };
    let mut lines = vec![format!("{number}{}{several}", question.titled())];
    lines.extend(question.options.iter().map(|option| {
        let dash = if option.description.is_empty() { "" } else { " – " };
        format!("• {}{dash}{}", option.label, option.description)
    }));
    lines
}

/// The pieces in the making.
#[derive(Debug, Default)]
struct View {
    head: Vec<Part>,
    blocks: Vec<Part>,
    /// Whether something was found that would have been obeyed or hidden.
    hid: bool,
}

impl View {
    fn fields(
        &mut self,
        known: Fields,
        mut members: Vec<(String, &RawValue)>,
        preview: Option<&str>,
    ) {
        let mut change = Vec::new();
        for (field, show) in known {
            let Some(at) = members.iter().position(|(name, _)| name == field) else { continue };
            if matches!(show, Show::Change) {
                change.push(members.remove(at));
            } else if self.field(*show, members[at].1.get()) {
                members.remove(at);
            }
        }
        match change::parts(&change, preview) {
            Some(parts) => parts.into_iter().for_each(|part| self.push(part)),
            None => members.extend(change),
        }
        let nothing_known = self.blocks.is_empty() && self.head.is_empty();
        if !members.is_empty() || nothing_known {
            let name = if known.is_empty() || nothing_known { "" } else { "Further" };
            let inside = members.iter().map(|(name, value)| {
                let name = serde_json::Value::from(name.as_str());
                format!("{name}:{}", value.get())
            });
            let json = format!("{{{}}}", inside.collect::<Vec<_>>().join(","));
            self.block(name, Format::Json, &pretty(&json));
        }
    }

    /// Shows a field; `false` where it is not of the type it should be of.
    fn field(&mut self, show: Show, json: &str) -> bool {
        let text = || serde_json::from_str::<String>(json).ok();
        let short = || text().or_else(|| (!json.starts_with(['{', '['])).then(|| json.to_owned()));
        if json == "null" {
            return true;
        }
        match show {
            Show::Line(name) => short().map(|text| self.line(name, &text)).is_some(),
            Show::Amount(name, unit) if !json.starts_with(['"', '{', '[']) => {
                self.line(name, &format!("{json} {unit}"));
                true
            }
            Show::List(name) => serde_json::from_str::<Vec<String>>(json)
                .map(|items| self.line(name, &items.join(", ")))
                .is_ok(),
            Show::Block(name, format) => {
                text().map(|text| self.block(name, format, &text)).is_some()
            }
            Show::Flag(_) | Show::Warning(_) if json == "false" => true,
            Show::Flag(words) if json == "true" => {
                self.head.push(Part::Note(words.to_owned()));
                true
            }
            Show::Warning(words) if json == "true" => {
                self.head.push(Part::Warning(words.to_owned()));
                true
            }
            Show::Amount(..) | Show::Flag(_) | Show::Warning(_) | Show::Change => false,
        }
    }

    fn line(&mut self, name: &'static str, value: &str) {
        if value.chars().nth(LINE_MAX).is_some() || value.contains('\n') {
            return self.block(name, Format::Text, value);
        }
        let shown = in_line(value);
        self.hid |= shown != value;
        self.head.push(Part::Line { name, value: shown.into_owned() });
    }

    fn block(&mut self, name: &'static str, format: Format, text: &str) {
        self.push(Part::Block { name, format, text: text.to_owned() });
    }

    /// Takes a piece whose text is not yet safe to show.
    fn push(&mut self, part: Part) {
        let Part::Block { name, format, text } = part else { return self.head.push(part) };
        if text.is_empty() {
            let what = if name.is_empty() { "It" } else { name };
            return self.head.push(Part::Note(format!("{what} is empty.")));
        }
        let shown = visible(&text).into_owned();
        self.hid |= shown != text;
        let text = if format == Format::Diff { change::blanks(&shown) } else { shown };
        self.blocks.push(Part::Block { name, format, text });
    }

    fn finish(mut self) -> Vec<Part> {
        // What it is all about comes first, and has a name where something stands beside it.
        self.blocks.sort_by_key(|block| !matches!(block, Part::Block { name: "", .. }));
        if self.blocks.len() > 1
            && let Some(Part::Block { name, format, .. }) = self.blocks.first_mut()
            && name.is_empty()
        {
            *name = format.word();
        }
        let hid = self.hid.then(|| {
            let words = "Characters that hide or deceive are in it, shown as ⟨U+…⟩.";
            Part::Warning(words.to_owned())
        });
        hid.into_iter().chain(self.head).chain(self.blocks).collect()
    }
}
