//! What a notification says.

use std::borrow::Cow;
use std::collections::HashMap;

use pager_core::approval::Kind;
use pager_core::{Approval, Verdict, present};
use zbus::zvariant::Value;

use super::server::Abilities;

/// What a notification can show at most; servers cut what is longer, each in its own way.
const BODY_CHARACTERS: usize = 400;
const BODY_LINES: usize = 8;

const ALLOW: &str = "allow";
const DENY: &str = "deny";

/// A notification's texts and buttons.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Card {
    pub summary: String,
    pub body: String,
    /// Pairs of key and label.
    pub actions: Vec<&'static str>,
}

/// The notification for an approval. Allow is offered only where all of what would be allowed is
/// shown.
pub(super) fn card(approval: &Approval, abilities: Abilities) -> Card {
    let whole = present::body(approval);
    let (shown, cut) = fit(&whole);
    let mut body = shown.to_owned();
    let id = approval.id.short();
    if cut > 0 {
        body.push_str(&format!(
            "…\n[cut: {cut} characters left out] To see it all: pagerctl show {id}"
        ));
    }
    let mut actions = Vec::new();
    if approval.kind == Kind::Question {
        body.push_str(&format!("\nAnswer at the terminal, or with: pagerctl answer {id}"));
    } else if cut == 0 && abilities.body {
        actions.extend([ALLOW, "Allow"]);
    }
    actions.extend([DENY, "Deny"]);
    if !abilities.actions {
        actions.clear();
        if approval.kind != Kind::Question {
            body.push_str(&format!("\nTo answer: pagerctl approve {id}, or pagerctl deny {id}"));
        }
    }
    let body = if abilities.markup { escape(&body).into_owned() } else { body };
    Card { summary: present::headline(approval), body, actions }
}

/// The verdict a button stands for. A click on the notification itself (`default`) is none.
pub(super) fn verdict(action: &str) -> Option<Verdict> {
    match action {
        ALLOW => Some(Verdict::Allow),
        DENY => Some(Verdict::deny("")),
        _ => None,
    }
}

/// Critical, so that it stays until it is answered.
pub(super) fn hints() -> HashMap<&'static str, Value<'static>> {
    HashMap::from([
        ("urgency", Value::U8(2)),
        ("desktop-entry", Value::from("pager")),
        ("category", Value::from("im.received")),
    ])
}

/// What fits of a text, and how many characters do not.
fn fit(text: &str) -> (&str, usize) {
    let by_characters = text.char_indices().nth(BODY_CHARACTERS).map(|(at, _)| at);
    let by_lines = text.match_indices('\n').nth(BODY_LINES - 1).map(|(at, _)| at);
    match by_characters.into_iter().chain(by_lines).min() {
        Some(at) => (&text[..at], text[at..].chars().count()),
        None => (text, 0),
    }
}

/// The three characters that the specification's markup gives a meaning.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}
