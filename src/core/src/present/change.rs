//! What a call would change in a file: the comparison with the file that was made when it was asked,
//! or, where none could be made, what the call itself says.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::part::{Format, Part, WARNING};

/// The pieces that show a change; none where these fields are not of the types they should be of.
/// Their texts are not yet safe to show.
pub(super) fn parts(fields: &[(String, &RawValue)], preview: Option<&str>) -> Option<Vec<Part>> {
    if fields.is_empty() {
        return Some(Vec::new());
    }
    let (notes, diff) = split(preview.unwrap_or_default());
    let note = |line: &str| match line.strip_prefix(WARNING) {
        Some(words) => Part::Warning(words.to_owned()),
        None => Part::Note(line.to_owned()),
    };
    let mut parts: Vec<Part> = notes.into_iter().map(note).collect();
    match diff {
        Some(diff) => parts.push(block(Format::Diff, diff)),
        None => parts.extend(said(fields)?),
    }
    Some(parts)
}

/// What stands before a diff, and its hunks.
fn split(preview: &str) -> (Vec<&str>, Option<&str>) {
    let mut notes = Vec::new();
    let mut rest = preview;
    while let Some((line, after)) = rest.split_once('\n') {
        if line.starts_with("--- ") {
            // The two lines of the header name the file, as the request itself does.
            let hunks = after.split_once('\n').map(|(_, hunks)| hunks.trim_end_matches('\n'));
            return (notes, hunks);
        }
        notes.push(line);
        rest = after;
    }
    notes.extend((!rest.is_empty()).then_some(rest));
    (notes, None)
}

#[derive(Deserialize)]
struct Replacement {
    old_string: String,
    new_string: String,
    #[serde(default)]
    replace_all: bool,
}

/// What the call says of its change, without the file.
fn said(fields: &[(String, &RawValue)]) -> Option<Vec<Part>> {
    let text = |name: &str| {
        let (_, json) = fields.iter().find(|(field, _)| field == name)?;
        serde_json::from_str::<String>(json.get()).ok()
    };
    match fields {
        [(edits, json)] if edits == "edits" => {
            let edits: Vec<Replacement> = serde_json::from_str(json.get()).ok()?;
            let hunks: Vec<String> = edits
                .iter()
                .enumerate()
                .map(|(n, edit)| {
                    let every = if edit.replace_all { ", every occurrence" } else { "" };
                    let hunk = replacement(&edit.old_string, &edit.new_string);
                    format!("@@ edit {}{every} @@\n{hunk}", n + 1)
                })
                .collect();
            Some(vec![block(Format::Diff, &hunks.join("\n"))])
        }
        [(content, _)] if matches!(content.as_str(), "content" | "new_source") => {
            Some(vec![Part::Block { name: "Content", format: Format::Text, text: text(content)? }])
        }
        [_, _] => {
            let hunk = replacement(&text("old_string")?, &text("new_string")?);
            Some(vec![block(Format::Diff, &hunk)])
        }
        _ => None,
    }
}

fn block(format: Format, text: &str) -> Part {
    Part::Block { name: "", format, text: text.to_owned() }
}

fn replacement(old: &str, new: &str) -> String {
    let marked = |mark: char, text: &str| -> Vec<String> {
        let lines = if text.is_empty() { Vec::new() } else { text.split('\n').collect() };
        lines.into_iter().map(|line| format!("{mark}{line}")).collect()
    };
    let mut lines = marked('-', old);
    lines.extend(marked('+', new));
    lines.join("\n")
}

/// A diff with the blanks at the ends of its changed lines made visible: two lines that differ in
/// nothing else would look the same.
pub(super) fn blanks(diff: &str) -> String {
    let lines = diff.split('\n').map(|line| {
        let end = line.trim_end_matches([' ', '\t']).len().max(1);
        if !line.starts_with(['+', '-']) || end >= line.len() {
            return Cow::Borrowed(line);
        }
        let (text, blanks) = line.split_at(end);
        Cow::Owned(format!("{text}{}", blanks.replace(' ', "␠").replace('\t', "␉")))
    });
    lines.collect::<Vec<_>>().join("\n")
}
