//! What a message shows: HTML that no input can break, within what Telegram takes.

mod document;
mod fit;
mod html;
mod markdown;

use pager_core::approval::Kind;
use pager_core::audit::Head;
use pager_core::present::{self, Format, Hidden, Part, WARNING};
use pager_core::{Approval, Resolution};

use crate::redaction;
use html::{Html, Style};

pub(super) use document::details;
pub(super) use html::utf16_len;

/// The longest text of a message, in UTF-16 units, after its markup is taken out.
pub(super) const TEXT_MAX: usize = 4096;

/// A message's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) html: String,
    /// Whether the message shows all that is asked; else [`details`] has the rest.
    pub(super) whole: bool,
}

/// The message that asks for a verdict. What it does not show whole can be allowed only once the
/// whole was shown in this chat.
pub(super) fn question(approval: &Approval, whole_shown: bool) -> Card {
    let id = approval.id.short();
    let hint = match approval.kind {
        Kind::Question => answer_hint(&id),
        Kind::Permission | Kind::Plan => Html::default(),
    };
    match message(approval, &hint) {
        (html, Shown::Whole) => Card { html, whole: true },
        // It has its warning, and a file would show no more.
        (html, Shown::Veiled) => Card { html, whole: false },
        (_, Shown::Cut) => {
            Card { html: message(approval, &cut_hint(&id, whole_shown)).0, whole: false }
        }
    }
}

/// The same message once the approval is settled.
pub(super) fn settled(
    approval: &Approval,
    resolution: &Resolution,
    evidence: Option<&Head>,
) -> String {
    let mut line = Html::default();
    let time = resolution.at.strftime("%H:%M UTC");
    line.bold(&format!("{}, {time}", present::settlement(resolution)));
    if let Some(head) = evidence {
        line.text(" · audit ");
        line.code(&head.short());
    }
    message(approval, &line).0
}

fn answer_hint(id: &str) -> Html {
    let mut hint = Html::default();
    hint.text("Tap an answer, reply with one of your own, or ");
    hint.code(&format!("pagerctl answer {id}"));
    hint
}

fn cut_hint(id: &str, whole_shown: bool) -> Html {
    let mut hint = Html::default();
    if whole_shown {
        hint.text("The whole was sent as a file.");
        return hint;
    }
    hint.bold("Too long to be shown whole here: tap Details for all of it, then say yes.");
    hint.text(" Or: ");
    hint.code(&format!("pagerctl show {id}"));
    hint
}

/// The first line of a message, as a run of bold text.
fn headline(approval: &Approval) -> (Style, String) {
    let bold = Style { bold: true, ..Style::default() };
    (bold, redaction::line(&present::headline(approval), 300))
}

/// How much of what is asked a message shows.
enum Shown {
    /// All of it, but for secrets that can be nothing else.
    Whole,
    /// Something is hidden that may be more than a secret.
    Veiled,
    /// There was no room for all of it.
    Cut,
}

/// The parts without secrets, and what was hidden.
fn parts(approval: &Approval, more: Option<Part>) -> (Vec<Part>, Hidden) {
    let mut parts = present::parts(approval);
    parts.extend(more);
    let (mut parts, hidden) = present::without_secrets(parts, &redaction::redactor());
    let remark = hidden.remark(&approval.id.short());
    parts.splice(0..0, remark);
    (parts, hidden)
}

/// The parts every message has, with a last line of its own; and how much of what is asked is there.
fn message(approval: &Approval, last_line: &Html) -> (String, Shown) {
    let always = present::always(approval).map(|text| Part::Block {
        name: "Always would allow",
        format: Format::Text,
        text,
    });
    let (parts, hidden) = parts(approval, always);
    let mut text = head(approval, &parts);
    let tail = tail(approval, last_line);
    let fitted = fit::fit(&parts, TEXT_MAX.saturating_sub(text.units + tail.units + 1));
    if fitted.html.units > 0 {
        text.text("\n");
    }
    text.append(&fitted.html);
    text.append(&tail);
    let shown = match (fitted.left_out, hidden.inert) {
        (_, false) => Shown::Veiled,
        (0, true) => Shown::Whole,
        (_, true) => Shown::Cut,
    };
    (text.html, shown)
}

/// What stands before the blocks. It is bounded: what may be long is a block.
fn head(approval: &Approval, parts: &[Part]) -> Html {
    let mut head = Html::default();
    head.prose(&[headline(approval)]);
    for part in parts.iter().filter(|part| !matches!(part, Part::Block { .. })) {
        head.text("\n");
        match part {
            Part::Warning(words) => {
                let bold = Style { bold: true, ..Style::default() };
                head.prose(&[(bold, format!("{WARNING}{words}"))]);
            }
            Part::Note(words) => head.prose(&[(Style::default(), words.clone())]),
            Part::Line { name, value } => {
                head.text(&format!("{name}: "));
                head.code(value);
            }
            Part::Block { .. } => {}
        }
    }
    head
}

/// What stands behind the blocks: where, which, and what follows.
fn tail(approval: &Approval, last_line: &Html) -> Html {
    let mut tail = Html::default();
    if !approval.cwd.is_empty() {
        tail.text("\nin ");
        tail.code(&redaction::line(&approval.cwd, 200));
    }
    tail.text("\n");
    tail.code(&approval.id.short());
    tail.text(" · SHA-256 ");
    tail.code(present::digest(approval));
    if last_line.units > 0 {
        tail.text("\n\n");
        tail.append(last_line);
    }
    tail
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
