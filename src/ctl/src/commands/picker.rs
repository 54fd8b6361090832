//! Asking the person what an agent asks: choices with the arrow keys, or a text of one's own.

use std::collections::HashMap;
use std::io::{self, IsTerminal};

use dialoguer::console::Term;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Input, MultiSelect, Select};
use owo_colors::OwoColorize;
use pager_core::question::{Question, questions};
use pager_core::sanitize::{one_line, visible};

use crate::daemon::Approval;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{self, Output};
use crate::talk;

const OTHER: &str = "Something else…";

/// Whether there is a person who can be asked.
pub(super) fn can(output: &Output) -> bool {
    output.is_talk() && talk::somebody_is_there() && io::stderr().is_terminal()
}

/// Asks all of an approval's questions, one after the other.
pub(super) async fn ask(approval: &Approval) -> Result<HashMap<String, Vec<String>>, Failure> {
    let questions = questions(&approval.input);
    if questions.is_empty() {
        return Err(Failure::failed(
            "the agent's questions cannot be read; answer at its terminal",
        ));
    }
    interrupt::or_clean_up(async {
        let _cursor = Cursor;
        let asked = tokio::task::spawn_blocking(move || ask_all(&questions)).await;
        let answers = asked.map_err(Failure::failed)??;
        answers.ok_or_else(|| Failure::failed("nothing was answered, and the question still waits"))
    })
    .await
}

/// The choosing hides the cursor; whoever leaves it half-way wants that back.
struct Cursor;

impl Drop for Cursor {
    fn drop(&mut self) {
        // A terminal that is gone needs no cursor.
        Term::stderr().show_cursor().ok();
    }
}

type Answers = HashMap<String, Vec<String>>;

/// Nothing where the person left it.
fn ask_all(questions: &[Question]) -> Result<Option<Answers>, Failure> {
    let theme: Box<dyn Theme> =
        if output::coloured() { Box::new(ColorfulTheme::default()) } else { Box::new(SimpleTheme) };
    let mut answers = HashMap::new();
    for (index, question) in questions.iter().enumerate() {
        let of = match questions.len() {
            1 => String::new(),
            all => format!("({} of {all}) ", index + 1),
        };
        output::say(format!("{of}{}", visible(&question.titled()).bold()))?;
        for option in question.options.iter().filter(|option| !option.description.is_empty()) {
            let (label, about) = (visible(&option.label), visible(&option.description));
            output::say(format!("  {label}: {about}"))?;
        }
        match choose(question, &*theme).map_err(|error| unreadable(&error))? {
            Some(chosen) => answers.insert(question.question.clone(), chosen),
            None => return Ok(None),
        };
    }
    Ok(Some(answers))
}

fn choose(question: &Question, theme: &dyn Theme) -> dialoguer::Result<Option<Vec<String>>> {
    if question.options.is_empty() {
        return Ok(Some(vec![own_words(theme)?]));
    }
    // A label that needs two lines would upset the picture.
    let width = usize::from(Term::stderr().size().1).saturating_sub(8).max(8);
    let mut items: Vec<String> =
        question.options.iter().map(|option| one_line(&option.label, width)).collect();
    items.push(OTHER.to_owned());
    let label = |at: usize| question.options.get(at).map(|option| option.label.clone());
    if !question.several {
        let select = Select::with_theme(theme).with_prompt("Your answer").items(&items).default(0);
        let Some(at) = select.interact_opt()? else { return Ok(None) };
        return Ok(Some(vec![label(at).map_or_else(|| own_words(theme), Ok)?]));
    }
    let prompt = "Your answers (space marks one, enter sends)";
    loop {
        let select = MultiSelect::with_theme(theme).with_prompt(prompt).items(&items);
        let Some(marked) = select.interact_opt()? else { return Ok(None) };
        let chosen: Result<Vec<String>, _> =
            marked.into_iter().map(|at| label(at).map_or_else(|| own_words(theme), Ok)).collect();
        let chosen = chosen?;
        if !chosen.is_empty() {
            return Ok(Some(chosen));
        }
    }
}

fn own_words(theme: &dyn Theme) -> dialoguer::Result<String> {
    Input::with_theme(theme).with_prompt("In your own words").interact_text()
}

fn unreadable(error: &dialoguer::Error) -> Failure {
    Failure::failed(format!("cannot read from the terminal: {error}"))
}
