//! The changes that tools make, and what a text is after them.

use std::borrow::Cow;
use std::time::Instant;

use serde::Deserialize;
use similar::TextDiff;

/// The largest text that is compared.
const TEXT_MAX: usize = 4 << 20;

/// A change of a file.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: String,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Pieces are replaced, one after the other.
    Pieces(Vec<Piece>),
    /// All of it is replaced.
    Content(String),
    /// A cell of a notebook is replaced, put in or taken out.
    Cell(Cell),
}

#[derive(Debug, Deserialize)]
struct Piece {
    old_string: String,
    new_string: String,
    replace_all: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Cell {
    new_source: String,
    cell_id: Option<String>,
    edit_mode: Option<String>,
}

/// A text before and after a change.
pub(super) struct Applied<'a> {
    /// None where there is no file yet.
    before: Option<Cow<'a, str>>,
    after: Cow<'a, str>,
    /// What is to be said of it.
    pub(super) note: Option<&'static str>,
}

/// Why the outcome of a change is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    #[error("The text to be replaced is not in the file as it is now.")]
    NotThere,
    #[error(
        "The text to be replaced is in the file {0} times, so that the agent cannot tell which."
    )]
    Ambiguous(usize),
    #[error("There is no such file now.")]
    NoFile,
    #[error("There is no such cell in the file as it is now.")]
    NoCell,
    #[error("The change is too large to be compared with the file.")]
    Large,
}

impl Change {
    /// Reads a tool's input; none where the tool is no editor, or the input not of its form.
    pub(super) fn read(tool: &str, input: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Place {
            #[serde(alias = "notebook_path")]
            file_path: String,
        }
        #[derive(Deserialize)]
        struct Pieces {
            edits: Vec<Piece>,
        }
        #[derive(Deserialize)]
        struct Content {
            content: String,
        }
        let what = match tool {
            "Edit" => What::Pieces(vec![serde_json::from_str(input).ok()?]),
            "MultiEdit" => What::Pieces(serde_json::from_str::<Pieces>(input).ok()?.edits),
            "Write" => What::Content(serde_json::from_str::<Content>(input).ok()?.content),
            "NotebookEdit" => What::Cell(serde_json::from_str(input).ok()?),
            _ => return None,
        };
        let Place { file_path: path } = serde_json::from_str(input).ok()?;
        Some(Self { path, what })
    }

    /// What comes of it, given what the file holds now.
    pub(super) fn apply<'a>(
        &'a self,
        found: Option<&'a str>,
        deadline: Instant,
    ) -> Result<Applied<'a>, Unknown> {
        match (&self.what, found) {
            (What::Content(content), _) if content.len() > TEXT_MAX => Err(Unknown::Large),
            (What::Content(content), None) => Ok(Applied::new_file(content)),
            (What::Content(content), Some(text)) => {
                let same = text == content;
                let note = same.then_some("The file has exactly this content already.");
                Ok(Applied { before: Some(text.into()), after: content.into(), note })
            }
            (What::Pieces(pieces), None) => match &pieces[..] {
                [Piece { old_string, new_string, .. }] if old_string.is_empty() => {
                    Ok(Applied::new_file(new_string))
                }
                _ => Err(Unknown::NoFile),
            },
            (What::Pieces(pieces), Some(text)) => {
                // Agents read CRLF as LF, and write it back as it was.
                let read_as_is =
                    pieces.first().is_none_or(|piece| text.contains(&piece.old_string));
                let before = if read_as_is || !text.contains("\r\n") {
                    Cow::Borrowed(text)
                } else {
                    Cow::Owned(text.replace("\r\n", "\n"))
                };
                let after = replaced(before.clone(), pieces, deadline)?;
                Ok(Applied { before: Some(before), after, note: None })
            }
            (What::Cell(_), None) => Err(Unknown::NoFile),
            (What::Cell(cell), Some(text)) => cell.apply(text),
        }
    }
}

fn replaced<'a>(
    mut text: Cow<'a, str>,
    pieces: &[Piece],
    deadline: Instant,
) -> Result<Cow<'a, str>, Unknown> {
    for Piece { old_string, new_string, replace_all } in pieces {
        if Instant::now() > deadline {
            return Err(Unknown::Large);
        }
        let count = match old_string.as_str() {
            "" if text.is_empty() => 1,
            "" => 0,
            old => text.matches(old).count(),
        };
        match count {
            0 => return Err(Unknown::NotThere),
            1 => {}
            _ if *replace_all == Some(true) => {}
            count => return Err(Unknown::Ambiguous(count)),
        }
        // Multiplied before it is done: a megabyte for each of a million letters.
        if text.len().saturating_add(count.saturating_mul(new_string.len())) > 2 * TEXT_MAX {
            return Err(Unknown::Large);
        }
        text = text.replace(old_string.as_str(), new_string).into();
    }
    Ok(text)
}

impl Cell {
    fn apply(&self, notebook: &str) -> Result<Applied<'_>, Unknown> {
        #[derive(Deserialize)]
        struct Notebook {
            cells: Vec<Stored>,
        }
        #[derive(Deserialize)]
        struct Stored {
            id: Option<String>,
            source: Source,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Source {
            Text(String),
            Lines(Vec<String>),
        }
        if self.new_source.len() > TEXT_MAX {
            return Err(Unknown::Large);
        }
        let mode = self.edit_mode.as_deref().unwrap_or("replace");
        if mode == "insert" {
            return Ok(Applied { before: None, after: (&self.new_source).into(), note: None });
        }
        let mut cells =
            serde_json::from_str::<Notebook>(notebook).map_err(|_| Unknown::NoCell)?.cells;
        let wanted = self.cell_id.as_deref().ok_or(Unknown::NoCell)?;
        let by_number = || wanted.strip_prefix("cell-").and_then(|number| number.parse().ok());
        let at = cells
            .iter()
            .position(|cell| cell.id.as_deref() == Some(wanted))
            .or_else(by_number)
            .filter(|at| *at < cells.len())
            .ok_or(Unknown::NoCell)?;
        let before = match cells.swap_remove(at).source {
            Source::Text(text) => text,
            Source::Lines(lines) => lines.concat(),
        };
        let after = if mode == "delete" { "" } else { self.new_source.as_str() };
        Ok(Applied { before: Some(before.into()), after: after.into(), note: None })
    }
}

impl<'a> Applied<'a> {
    fn new_file(content: &'a str) -> Self {
        Self { before: None, after: content.into(), note: Some("This makes a new file.") }
    }

    /// The unified diff, empty where nothing changes.
    pub(super) fn diff(&self, path: &str, deadline: Instant) -> String {
        let before = self.before.as_deref();
        // Past the deadline the difference is not the smallest any more, but still right.
        let diff = TextDiff::configure()
            .deadline(deadline)
            .diff_lines(before.unwrap_or_default(), &*self.after);
        let from = if before.is_some() { path } else { "/dev/null" };
        diff.unified_diff().context_radius(3).header(from, path).to_string()
    }
}
