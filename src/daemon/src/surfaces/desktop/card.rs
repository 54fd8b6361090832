//! What a notification for an approval says, and what its buttons mean.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use pager_core::approval::Kind;
use pager_core::question::{self, Question};
use pager_core::sanitize::one_line;
use pager_core::{Actor, Approval, Verdict, present};
use zbus::zvariant::Value;

use super::server::{Abilities, REPLY};
use crate::redaction;

/// What a notification can show at most; servers cut what is longer, each in its own way.
const BODY_CHARACTERS: usize = 400;
const BODY_LINES: usize = 8;
/// More buttons than this, or longer ones, no server shows well.
const OPTIONS: usize = 3;
const OPTION_CHARACTERS: usize = 40;

const ALLOW: &str = "allow";
const DENY: &str = "deny";
const EDITS: &str = "edits";
const OPTION: &str = "option-";
/// The key of the button that lets a paused session ask again.
pub(super) const RESUME: &str = "resume";
/// The key of the button that lets a stranger in.
pub(super) const LET_IN: &str = "let-in";
/// The key of the button that does not.
pub(super) const TURN_AWAY: &str = "turn-away";

/// How much it wants to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// For as long as the server likes.
    Passing,
    /// Until it is over, without pushing itself forward.
    Staying,
    /// Until it is answered.
    Critical,
}

/// A notification's texts and buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) summary: String,
    pub(super) body: String,
    /// Pairs of key and label.
    pub(super) actions: Vec<(String, String)>,
    /// What stands in the line to type in, where there is one.
    pub(super) placeholder: Option<&'static str>,
    pub(super) urgency: Urgency,
}

/// The desktop entry, which desktops take the name and the settings of notifications from, and the
/// icon of the same name. Both are installed with the package.
pub(super) const APPLICATION: &str = "org.pagerd.Pager1";

impl Card {
    /// A card without buttons.
    pub(super) fn plain(summary: &str, body: &str, urgency: Urgency, abilities: Abilities) -> Self {
        // A screen is seen by others, and a server keeps what it has shown.
        let (summary, body) = (redaction::clean(summary).into_owned(), redaction::clean(body));
        let body = if abilities.markup { escape(&body).into_owned() } else { body.into_owned() };
        Self { summary, body, actions: Vec::new(), placeholder: None, urgency }
    }

    fn button(&mut self, key: impl Into<String>, label: impl Into<String>) {
        let label: String = label.into();
        self.actions.push((key.into(), redaction::clean(&label).into_owned()));
    }

    pub(super) fn hints(&self) -> HashMap<&'static str, Value<'static>> {
        let urgency = if self.urgency == Urgency::Critical { 2 } else { 1 };
        let mut hints = HashMap::from([
            ("urgency", Value::U8(urgency)),
            ("desktop-entry", Value::from(APPLICATION)),
            ("category", Value::from("im.received")),
        ]);
        if let Some(placeholder) = self.placeholder {
            hints.insert("x-kde-reply-placeholder-text", Value::from(placeholder));
        }
        hints
    }

    /// How long it is shown, in the specification's form.
    pub(super) fn expires(&self) -> i32 {
        if self.urgency == Urgency::Passing { -1 } else { 0 }
    }
}

/// The notification for an approval. A yes is offered only where all of what it would be a yes to is
/// shown, and where it would count: whoever is at the machine is one person, and says yes once.
pub(super) fn card(approval: &Approval, abilities: Abilities) -> Card {
    let id = approval.id.short();
    let (mut parts, hidden) =
        present::without_secrets(present::parts(approval), &redaction::redactor());
    parts.splice(0..0, hidden.remark(&id));
    let whole = present::plain(&parts);
    let (shown, cut) = fit(&whole);
    let mut body = shown.to_owned();
    if cut > 0 {
        body.push_str(&format!(
            "…\n[cut: {cut} characters left out] To see it all: pagerctl show {id}"
        ));
    }
    let said = approval.yeses.iter().any(|yes| yes.by.is_same_person(&Actor::Desktop));
    let whole = cut == 0 && hidden.inert && abilities.body;
    let yes = whole && approval.require().is_nothing() && !said;
    let asked = question::questions(approval.input.text());
    let options = if yes && approval.kind == Kind::Question { options(&asked) } else { &[] };
    if approval.kind == Kind::Question && (options.is_empty() || !abilities.actions) {
        body.push_str(&format!("\nAnswer at the terminal, or with: pagerctl answer {id}"));
    } else if !abilities.actions {
        body.push_str(&format!("\nTo answer: pagerctl approve {id}, or pagerctl deny {id}"));
    } else if approval.require().polkit {
        body.push_str(&format!("\nTo allow it: pagerctl approve {id}"));
    }
    let summary = present::headline(approval);
    let mut card = Card::plain(&summary, &body, Urgency::Critical, abilities);
    if !abilities.actions {
        return card;
    }
    let reply = match approval.kind {
        Kind::Permission => {
            if yes {
                card.button(ALLOW, "Allow");
            }
            card.button(DENY, "Deny");
            Some(("Deny, because…", "What the agent should know"))
        }
        Kind::Plan => {
            if yes {
                card.button(EDITS, "Accept edits");
                card.button(ALLOW, "Approve each");
            }
            card.button(DENY, "Keep planning");
            Some(("Change…", "What should be different"))
        }
        Kind::Question => {
            for (at, option) in options.iter().enumerate() {
                card.button(format!("{OPTION}{at}"), option.label.as_str());
            }
            card.button(DENY, "Decline");
            let answerable = approval.require().is_nothing() && asked.len() == 1 && cut == 0;
            answerable.then_some(("Other…", "Your answer"))
        }
    };
    if let Some((label, placeholder)) = reply.filter(|_| abilities.reply) {
        card.button(REPLY, label);
        card.placeholder = Some(placeholder);
    }
    card
}

/// The choices that can be buttons: of one short question with one answer.
fn options(asked: &[Question]) -> &[question::Choice] {
    let [Question { options, several: false, .. }] = asked else { return &[] };
    let fits = |label: &str| !label.is_empty() && one_line(label, OPTION_CHARACTERS) == label;
    let distinct = |at: usize| options[..at].iter().all(|other| other.label != options[at].label);
    let good = options.len() <= OPTIONS
        && options.iter().enumerate().all(|(at, option)| fits(&option.label) && distinct(at));
    if good { options } else { &[] }
}

/// The verdict a button stands for. A click on the notification itself (`default`) is none.
pub(super) fn verdict(approval: &Approval, action: &str) -> Option<Verdict> {
    match action {
        ALLOW => Some(Verdict::Allow),
        DENY => Some(Verdict::deny("")),
        EDITS => Some(Verdict::AllowEdits),
        _ => {
            let at: usize = action.strip_prefix(OPTION)?.parse().ok()?;
            let asked = question::questions(approval.input.text());
            answer(&asked, options(&asked).get(at)?.label.clone())
        }
    }
}

/// The verdict that a typed line is.
pub(super) fn reply(approval: &Approval, text: &str) -> Option<Verdict> {
    let text = text.trim();
    match approval.kind {
        Kind::Permission | Kind::Plan => Some(Verdict::deny(text)),
        Kind::Question if text.is_empty() => None,
        Kind::Question => answer(&question::questions(approval.input.text()), text.to_owned()),
    }
}

fn answer(asked: &[Question], text: String) -> Option<Verdict> {
    let [only] = asked else { return None };
    Some(Verdict::Answer { answers: BTreeMap::from([(only.question.clone(), vec![text])]) })
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

#[cfg(test)]
mod tests {
    use pager_config::Secret;

    use super::*;

    #[test]
    fn a_secret_known_by_its_value_is_on_no_card() {
        redaction::learn(&Secret::new("424242:a-value-of-no-form"));
        let abilities = Abilities { actions: true, body: true, markup: true, reply: false };
        let text = "cat a-value-of-no-form";
        let mut card = Card::plain(text, text, Urgency::Critical, abilities);
        card.button("option-0", text);
        let shown = format!("{card:?}");
        assert!(!shown.contains("a-value") && shown.matches("cat [redacted]").count() == 3);
    }
}
