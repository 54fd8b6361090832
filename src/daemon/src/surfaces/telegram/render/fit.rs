//! What of a request fits into a message, and how much does not.

use pager_core::present::{Format, Part};

use super::html::{Html, utf16_len};
use super::markdown;

/// A part's text that is shown as a block.
struct Block<'a> {
    name: &'a str,
    format: Format,
    text: &'a str,
}

/// Blocks of a message, and how many characters of them are left out.
#[derive(Default)]
pub(super) struct Fitted {
    pub(super) html: Html,
    pub(super) left_out: usize,
}

/// The blocks among these parts, in `room` units; where they do not fit, with a line that says so.
pub(super) fn fit(parts: &[Part], room: usize) -> Fitted {
    let blocks = parts.iter().filter_map(|part| match part {
        Part::Block { name, format, text } => Some(Block { name, format: *format, text }),
        _ => None,
    });
    let blocks: Vec<Block<'_>> = blocks.collect();
    let all = fill(&blocks, room);
    if all.left_out == 0 {
        return all;
    }
    let characters = blocks.iter().map(|block| block.text.chars().count()).sum();
    // The note is longest where everything is left out.
    let mut cut = fill(&blocks, room.saturating_sub(utf16_len(&note(characters)) + 1));
    if cut.html.units > 0 {
        cut.html.text("\n");
    }
    cut.html.bold(&note(cut.left_out));
    cut
}

fn note(left_out: usize) -> String {
    pager_core::present::cut(left_out)
}

/// As many of the blocks as there is room for: after one that is cut, none.
fn fill(blocks: &[Block<'_>], room: usize) -> Fitted {
    let mut out = Fitted::default();
    for block in blocks {
        let mut heading = Html::default();
        if out.html.units > 0 {
            heading.text("\n");
        }
        if !block.name.is_empty() {
            heading.text(&format!("{}:\n", block.name));
        }
        let left = room.saturating_sub(out.html.units + heading.units);
        let fitted = if out.left_out == 0 { block.fit(left) } else { block.fit(0) };
        if fitted.html.units > 0 {
            out.html.append(&heading);
            out.html.append(&fitted.html);
        }
        out.left_out += fitted.left_out;
    }
    out
}

impl Block<'_> {
    fn fit(&self, room: usize) -> Fitted {
        if self.format == Format::Markdown
            && let Some(fitted) = markdown_within(self.text, room)
        {
            return fitted;
        }
        let (shown, rest) = split(self.text, room);
        let mut html = Html::default();
        html.pre(
            shown,
            match self.format {
                Format::Diff => "diff",
                Format::Json => "json",
                Format::Text | Format::Command | Format::Markdown => "",
            },
        );
        Fitted { html, left_out: rest.chars().count() }
    }
}

/// As many whole blocks of a Markdown text as there is room for; none if that is not one.
fn markdown_within(source: &str, room: usize) -> Option<Fitted> {
    // What is far too long need not be read as a whole. It is cut at a line's end here, so that a
    // block may be cut as well; what is left out is counted from the last block shown.
    let (near, far) = split(source, room.saturating_mul(2));
    let mut html = Html::default();
    let mut shown = 0;
    for block in markdown::blocks(near)? {
        let gap = if html.units > 0 { 2 } else { 0 };
        let ends_here = block.source.end >= near.trim_end().len();
        if html.units + gap + block.html.units > room || (ends_here && !far.is_empty()) {
            break;
        }
        if gap > 0 {
            html.text("\n\n");
        }
        html.append(&block.html);
        shown = block.source.end;
    }
    let left_out = source[shown..].trim_end().chars().count();
    (html.units > 0).then_some(Fitted { html, left_out })
}

/// A text's beginning of at most `room` units, and the rest. It ends where a line does, if that does
/// not lose half of it.
pub(super) fn split(text: &str, room: usize) -> (&str, &str) {
    let mut units = 0;
    let too_long = |(_, c): &(usize, char)| {
        units += c.len_utf16();
        units > room
    };
    let Some((end, _)) = text.char_indices().find(too_long) else { return (text, "") };
    let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
    text.split_at(if line > end / 2 { line } else { end })
}
