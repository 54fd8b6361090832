//! What a message shows: HTML that no input can break, within what Telegram takes.

use pager_core::approval::Kind;
use pager_core::audit::Head;
use pager_core::sanitize::one_line;
use pager_core::{Approval, Resolution, present};

use super::callback::Choice;

/// The longest text of a message, in UTF-16 units, after its markup is taken out.
pub(super) const TEXT_MAX: usize = 4096;

/// A message's text and the buttons that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) html: String,
    pub(super) offers: Vec<Choice>,
}

/// The message that asks for a verdict.
pub(super) fn question(approval: &Approval) -> Card {
    let id = approval.id.short();
    let (hint, offers): (_, &[Choice]) = match approval.kind {
        Kind::Question => (answer_hint(&id), &[]),
        Kind::Permission | Kind::Plan => (Html::default(), &[Choice::Allow, Choice::Deny]),
    };
    let (html, whole) = message(approval, &hint);
    if whole {
        return Card { html, offers: offers.to_vec() };
    }
    // What was not shown whole cannot be allowed here.
    let hint = match approval.kind {
        Kind::Question => answer_hint(&id),
        Kind::Permission | Kind::Plan => {
            let mut hint = Html::default();
            hint.bold("Too long to be shown whole here, so it cannot be allowed from here.");
            hint.text(" The whole: ");
            hint.code(&format!("pagerctl show {id}"));
            hint
        }
    };
    let offers = offers.iter().copied().filter(|choice| *choice != Choice::Allow).collect();
    Card { html: message(approval, &hint).0, offers }
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
    hint.text("Answer at the terminal, or with ");
    hint.code(&format!("pagerctl answer {id}"));
    hint
}

/// The parts every message has, with a last line of its own; and whether the body is there whole.
fn message(approval: &Approval, last_line: &Html) -> (String, bool) {
    let mut head = Html::default();
    head.bold(&one_line(&present::headline(approval), 300));
    head.text("\n");

    let mut tail = Html::default();
    if !approval.cwd.is_empty() {
        tail.text("\nin ");
        tail.code(&one_line(&approval.cwd, 200));
    }
    tail.text("\n");
    tail.code(&approval.id.short());
    tail.text(" · SHA-256 ");
    tail.code(&approval.input.sha256().as_str()[..16]);
    if last_line.units > 0 {
        tail.text("\n\n");
        tail.append(last_line);
    }

    let body = present::body(approval);
    let room = TEXT_MAX.saturating_sub(head.units + tail.units);
    let mut text = head;
    let whole = match cut(&body, room) {
        None => {
            text.pre(&body);
            true
        }
        Some((shown, note)) => {
            text.pre(shown);
            text.text("\n");
            text.bold(&note);
            false
        }
    };
    text.append(&tail);
    (text.html, whole)
}

/// What of a text fits, and the line that says how much does not; none if all of it fits.
fn cut(text: &str, room: usize) -> Option<(&str, String)> {
    // No text has fewer units than a third of its bytes.
    if text.len() / 3 <= room && utf16_len(text) <= room {
        return None;
    }
    let note = |left: usize| format!("… cut: {left} characters left out");
    // The note is longest where everything is left out; one unit more is the line break before it.
    let room = room.saturating_sub(utf16_len(&note(text.len())) + 1);
    let mut units = 0;
    let fits = |(_, c): &(usize, char)| {
        units += c.len_utf16();
        units > room
    };
    let end = text.char_indices().find(fits).map_or(text.len(), |(at, _)| at);
    let (shown, left) = text.split_at(end);
    Some((shown, note(left.chars().count())))
}

/// How long Telegram finds a text.
pub(super) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Telegram's HTML in the making, with the length it has after parsing.
#[derive(Debug, Default)]
struct Html {
    html: String,
    units: usize,
}

impl Html {
    fn text(&mut self, text: &str) {
        self.units += utf16_len(text);
        for c in text.chars() {
            match c {
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '&' => self.html.push_str("&amp;"),
                c => self.html.push(c),
            }
        }
    }

    fn bold(&mut self, text: &str) {
        self.tagged("<b>", text, "</b>");
    }

    fn code(&mut self, text: &str) {
        self.tagged("<code>", text, "</code>");
    }

    fn pre(&mut self, text: &str) {
        self.tagged("<pre>", text, "</pre>");
    }

    /// An element; none around nothing, as an empty one stands for no text.
    fn tagged(&mut self, open: &str, text: &str, close: &str) {
        if text.is_empty() {
            return;
        }
        self.html.push_str(open);
        self.text(text);
        self.html.push_str(close);
    }

    fn append(&mut self, other: &Self) {
        self.html.push_str(&other.html);
        self.units += other.units;
    }
}

#[cfg(test)]
mod tests;
