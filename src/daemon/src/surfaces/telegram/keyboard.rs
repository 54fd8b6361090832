//! Which buttons stand under a question, and what each of them says.

use pager_core::approval::Kind;
use pager_core::question::Question;
use pager_core::{Approval, ApprovalId};
use teloxide_core::types::{InlineKeyboardButton, InlineKeyboardMarkup};

use super::callback::{Argument, Choice, Nonce};
use super::dialogue::Dialogue;
use super::form::{self, Form};
use crate::redaction;

/// How many options are shown at once: all their buttons, and the others, must stay below a hundred,
/// and a phone shows about these.
const PAGE: usize = 12;
/// How much of an option's label is shown: about what a phone's width takes. The message has it whole.
const LABEL: usize = 48;
/// How many numbers of questions stand in a row.
const NUMBERS: usize = 8;

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    label: String,
    choice: Choice,
    argument: Argument,
}

fn key(label: impl Into<String>, choice: Choice) -> Key {
    Key { label: label.into(), choice, argument: Argument::default() }
}

fn about(label: impl Into<String>, choice: Choice, argument: Argument) -> Key {
    Key { label: label.into(), choice, argument }
}

/// Rows of buttons.
pub(super) type Keys = Vec<Vec<Key>>;

/// What a message of this approval's may be asked, where `whole` says whether all that is asked was
/// shown in its chat: what was not can only be denied.
pub(super) fn offers(approval: &Approval, whole: bool) -> Vec<Choice> {
    let mut offers = match approval.kind {
        Kind::Permission if approval.stoppable => {
            vec![Choice::Deny, Choice::Reason, Choice::Stop]
        }
        Kind::Permission => vec![Choice::Deny, Choice::Reason],
        Kind::Plan => vec![Choice::Reason],
        Kind::Question => vec![Choice::Deny],
    };
    if !whole {
        offers.push(Choice::Details);
        return offers;
    }
    let require = approval.require();
    if require.polkit && !require.remote {
        return offers;
    }
    let yes: &[Choice] = match approval.kind {
        Kind::Permission if approval.always.is_some() => {
            &[Choice::Allow, Choice::Always, Choice::AlwaysYes, Choice::Back]
        }
        Kind::Permission => &[Choice::Allow],
        Kind::Plan => &[Choice::Edits, Choice::Allow],
        Kind::Question if form::askable(approval.input.text()).is_empty() => &[],
        Kind::Question => {
            &[Choice::Pick, Choice::Unpick, Choice::Other, Choice::Show, Choice::Submit]
        }
    };
    offers.extend(yes);
    offers
}

/// The buttons as they are to stand now.
pub(super) fn keys(approval: &Approval, offers: &[Choice], dialogue: &Dialogue) -> Keys {
    if dialogue.confirming && offers.contains(&Choice::AlwaysYes) {
        let rule = approval.always.as_ref().map(|always| redaction::line(&always.rule, LABEL));
        let yes = format!("Yes, always: {}", rule.unwrap_or_default());
        return vec![vec![key(yes, Choice::AlwaysYes)], vec![key("Back", Choice::Back)]];
    }
    let mut rows: Keys = Vec::new();
    if offers.contains(&Choice::Pick) {
        rows = answers(&form::askable(approval.input.text()), &dialogue.form);
    }
    let plan = approval.kind == Kind::Plan;
    let label = |choice: Choice| match choice {
        Choice::Allow if plan => Some("Approve each"),
        Choice::Allow => Some("Allow"),
        Choice::Edits => Some("Accept edits"),
        Choice::Details => Some("Details"),
        Choice::Deny => Some("Deny"),
        Choice::Always => Some("Always…"),
        Choice::Reason if plan => Some("Keep planning…"),
        Choice::Reason => Some("Deny…"),
        Choice::Stop => Some("Stop"),
        _ => None,
    };
    let rest = [
        &[Choice::Edits, Choice::Allow, Choice::Details, Choice::Deny][..],
        &[Choice::Always, Choice::Reason, Choice::Stop][..],
    ];
    for row in rest {
        let offered = row.iter().filter(|choice| offers.contains(choice));
        let row: Vec<_> =
            offered.filter_map(|choice| Some(key(label(*choice)?, *choice))).collect();
        if !row.is_empty() {
            rows.push(row);
        }
    }
    rows
}

/// The buttons that answer questions: where one stands, what may be chosen, and the end.
fn answers(questions: &[Question], form: &Form) -> Keys {
    let mut rows: Keys = Vec::new();
    let Some(question) = questions.get(usize::from(form.at)) else { return rows };
    let alone = questions.len() == 1;
    if !alone {
        let numbers: Vec<_> = (0..).zip(questions).map(|(at, _)| number(at, form)).collect();
        rows.extend(numbers.chunks(NUMBERS).map(<[Key]>::to_vec));
    }
    let first = usize::from(form.page) * PAGE;
    let page = (0..).zip(&question.options).skip(first).take(PAGE);
    rows.extend(page.map(|(option, _)| vec![self::option(question, form, option, alone)]));
    let pages = question.options.len().div_ceil(PAGE);
    if pages > 1 {
        let mut row = Vec::new();
        if form.page > 0 {
            row.push(about("‹ Before", Choice::Show, Argument(form.at, form.page - 1)));
        }
        if usize::from(form.page) + 1 < pages {
            row.push(about("More ›", Choice::Show, Argument(form.at, form.page + 1)));
        }
        rows.push(row);
    }
    let other = match form.text(form.at) {
        Some(text) => format!("● {}", redaction::line(text, LABEL)),
        None => "Other…".to_owned(),
    };
    let mut last = vec![about(other, Choice::Other, Argument(form.at, 0))];
    if (!alone || question.several) && form.is_complete(questions) {
        last.push(about("Submit", Choice::Submit, Argument(form.changes, 0)));
    }
    rows.push(last);
    rows
}

fn number(at: u16, form: &Form) -> Key {
    let mark = match (at == form.at, form.is_answered(at)) {
        (true, true) => "▸✓ ",
        (true, false) => "▸ ",
        (false, true) => "✓ ",
        (false, false) => "",
    };
    about(format!("{mark}{}", at + 1), Choice::Show, Argument(at, 0))
}

fn option(question: &Question, form: &Form, option: u16, alone: bool) -> Key {
    let chosen = &question.options[usize::from(option)];
    let twins = question.options.iter().filter(|other| other.label == chosen.label).count();
    let mut label = redaction::line(&chosen.label, LABEL);
    if twins > 1 || label.is_empty() {
        label = format!("{}. {label}", option + 1);
    }
    let picked = form.is_picked(form.at, option);
    let mark = match (question.several, picked) {
        (true, true) => "☑ ",
        (true, false) => "☐ ",
        (false, true) => "● ",
        (false, false) if alone => "",
        (false, false) => "○ ",
    };
    // What a tap means is in the button: tapped twice in a hurry it means the same twice.
    let choice = if picked && question.several { Choice::Unpick } else { Choice::Pick };
    about(format!("{mark}{label}"), choice, Argument(form.at, option))
}

/// The buttons for the wire.
pub(super) fn markup(keys: &Keys, nonce: &Nonce, id: &ApprovalId) -> InlineKeyboardMarkup {
    let button = |key: &Key| {
        InlineKeyboardButton::callback(&key.label, nonce.data(key.choice, key.argument, id))
    };
    InlineKeyboardMarkup::new(keys.iter().map(|row| row.iter().map(button).collect::<Vec<_>>()))
}

/// What stands on the buttons, to know whether it has changed.
pub(super) fn text(keys: &Keys) -> String {
    let row = |row: &Vec<Key>| {
        let keys = row.iter().map(|key| format!("{:?} {} {}", key.choice, key.argument, key.label));
        keys.collect::<Vec<_>>().join("\t")
    };
    keys.iter().map(row).collect::<Vec<_>>().join("\n")
}
