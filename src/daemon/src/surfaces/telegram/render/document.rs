//! The whole of a request as a file, for what no message has room for.

use pager_core::present::{self, Format, Part};
use pager_core::{Approval, sanitize::one_line};

use super::fit::split;
use super::html::Html;

/// The largest file that a bot may send.
const FILE_MAX: usize = 50_000_000;

/// A file to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::surfaces::telegram) struct Document {
    pub(in crate::surfaces::telegram) file_name: String,
    pub(in crate::surfaces::telegram) bytes: Vec<u8>,
    /// HTML of less than 1024 units.
    pub(in crate::surfaces::telegram) caption: String,
    /// Whether everything is in it.
    pub(in crate::surfaces::telegram) whole: bool,
}

/// The file that shows all of an approval.
pub(in crate::surfaces::telegram) fn details(approval: &Approval) -> Document {
    let (parts, hidden) = super::parts(approval, None);
    let blocks: Vec<_> = parts.iter().filter(|part| matches!(part, Part::Block { .. })).collect();
    // A text alone is the file; the message has what stands around it.
    let (text, format) = match blocks[..] {
        [Part::Block { format, text, .. }] => (text.clone(), *format),
        _ => (present::plain(&parts), Format::Text),
    };
    let (shown, rest) = within(&text, FILE_MAX);
    let id = approval.id.short();
    let mut caption = Html::default();
    caption.prose(&[super::headline(approval)]);
    caption.text("\n");
    if hidden.count > 0 {
        caption.bold(&hidden.words());
        caption.text(". All of it: ");
        caption.code(&format!("pagerctl show {id}"));
    } else if rest.is_empty() {
        caption.text("All of ");
        caption.code(&id);
    } else {
        caption.bold(&present::cut(rest.chars().count()));
        caption.text(" A bot can send no more. All of it: ");
        caption.code(&format!("pagerctl show {id}"));
    }
    caption.text(" · SHA-256 ");
    caption.code(present::digest(approval));
    Document {
        file_name: format!("{}.{}", one_line(&id, 32), format.ending()),
        bytes: shown.as_bytes().to_vec(),
        caption: caption.html,
        whole: rest.is_empty() && hidden.inert,
    }
}

fn within(text: &str, max: usize) -> (&str, &str) {
    if text.len() <= max {
        return (text, "");
    }
    // A character has at most four bytes.
    split(text, max / 4)
}
