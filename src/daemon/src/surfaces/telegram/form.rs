//! Answers in the making: what people have chosen of an agent's questions, until they submit it.

use std::collections::{BTreeMap, BTreeSet};

use pager_core::question::Question;
use serde::{Deserialize, Serialize};

/// What has been chosen so far. It is kept in the store, so that a restart loses none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    /// The question whose options the buttons show.
    #[serde(default)]
    pub(super) at: u16,
    /// Which page of them.
    #[serde(default)]
    pub(super) page: u16,
    /// How often something was chosen or taken back. Who submits says what they saw by this number.
    #[serde(default)]
    pub(super) changes: u16,
    #[serde(default)]
    answers: BTreeMap<u16, Given>,
}

/// What has been chosen of one question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    picked: BTreeSet<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Given {
    fn is_nothing(&self) -> bool {
        self.picked.is_empty() && self.text.is_none()
    }
}

impl Form {
    /// Chooses an option; where only one may be chosen, instead of what was.
    pub(super) fn pick(&mut self, question: &Question, at: u16, option: u16) {
        let given = self.answers.entry(at).or_default();
        let before = given.clone();
        if !question.several {
            *given = Given::default();
        }
        given.picked.insert(option);
        if *given != before {
            self.changes = self.changes.wrapping_add(1);
        }
    }

    /// Takes an option back.
    pub(super) fn unpick(&mut self, at: u16, option: u16) {
        if self.answers.get_mut(&at).is_some_and(|given| given.picked.remove(&option)) {
            self.changes = self.changes.wrapping_add(1);
        }
    }

    /// Answers in somebody's own words; where only one answer may be given, instead of what was.
    pub(super) fn say(&mut self, question: &Question, at: u16, text: &str) {
        let given = self.answers.entry(at).or_default();
        if !question.several {
            given.picked.clear();
        }
        given.text = Some(text.to_owned());
        self.changes = self.changes.wrapping_add(1);
    }

    pub(super) fn is_picked(&self, at: u16, option: u16) -> bool {
        self.answers.get(&at).is_some_and(|given| given.picked.contains(&option))
    }

    pub(super) fn text(&self, at: u16) -> Option<&str> {
        self.answers.get(&at)?.text.as_deref()
    }

    pub(super) fn is_answered(&self, at: u16) -> bool {
        self.answers.get(&at).is_some_and(|given| !given.is_nothing())
    }

    pub(super) fn is_complete(&self, questions: &[Question]) -> bool {
        (0..).zip(questions).all(|(at, _)| self.is_answered(at))
    }

    /// Shows another question, or another page of its options.
    pub(super) fn show(&mut self, at: u16, page: u16) {
        (self.at, self.page) = (at, page);
    }

    /// Shows the next question that has no answer yet, if there is one.
    pub(super) fn go_on(&mut self, questions: &[Question]) {
        let count = u16::try_from(questions.len()).unwrap_or(u16::MAX);
        let after = (self.at..count).chain(0..self.at.min(count));
        if let Some(next) = after.into_iter().find(|at| !self.is_answered(*at)) {
            self.show(next, 0);
        }
    }

    /// The answers, as the agent is to be told them.
    pub(super) fn answers(&self, questions: &[Question]) -> BTreeMap<String, Vec<String>> {
        let mut answers = BTreeMap::new();
        for (at, question) in (0..).zip(questions) {
            let Some(given) = self.answers.get(&at) else { continue };
            let picked = given.picked.iter().filter_map(|option| name(question, *option));
            let chosen: Vec<_> = picked.chain(given.text.clone()).collect();
            answers.entry(question.question.clone()).or_insert(chosen);
        }
        answers
    }
}

/// What an option is called in an answer: its label, and what tells it from another of that label.
pub(super) fn name(question: &Question, option: u16) -> Option<String> {
    let chosen = question.options.get(usize::from(option))?;
    let twins = question.options.iter().filter(|other| other.label == chosen.label).count();
    Some(match chosen.description.as_str() {
        _ if twins == 1 && !chosen.label.trim().is_empty() => chosen.label.clone(),
        "" => format!("{} (option {})", chosen.label, option + 1),
        description => format!("{} (option {}: {description})", chosen.label, option + 1),
    })
}

/// The questions that can be answered here, which is all of them or none: as many as there are
/// numbers for in a button, each with a text of its own, as answers are known by that.
pub(super) fn askable(input: &str) -> Vec<Question> {
    let questions = pager_core::question::questions(input);
    let texts: BTreeSet<_> = questions.iter().map(|question| &question.question).collect();
    let fits = questions.len() <= 40
        && texts.len() == questions.len()
        && questions.iter().all(|question| question.options.len() <= 9999);
    if fits { questions } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = r#"{"questions":[
        {"question":"Where?","options":[{"label":"Here","description":"now"},{"label":"There"}]},
        {"question":"What?","options":[{"label":"A"},{"label":"B","description":"x"},{"label":"B"}],
         "multiSelect":true}]}"#;

    fn flat(form: &Form) -> Vec<Vec<String>> {
        form.answers(&askable(INPUT)).into_values().collect()
    }

    #[test]
    fn one_or_several_are_chosen() {
        let questions = askable(INPUT);
        let mut form = Form::default();
        form.pick(&questions[0], 0, 0);
        form.pick(&questions[0], 0, 1);
        form.pick(&questions[0], 0, 1);
        assert_eq!(form.changes, 2);
        assert!(!form.is_complete(&questions));
        form.go_on(&questions);
        assert_eq!(form.at, 1);
        for option in [2, 0, 1] {
            form.pick(&questions[1], 1, option);
        }
        form.unpick(1, 0);
        form.unpick(1, 0);
        form.say(&questions[1], 1, "and C");
        assert!(form.is_complete(&questions));
        assert_eq!(flat(&form), [vec!["B (option 2: x)", "B (option 3)", "and C"], vec!["There"]]);
        form.say(&questions[0], 0, "Nowhere");
        assert_eq!(flat(&form)[1], ["Nowhere"]);
        form.pick(&questions[0], 0, 0);
        assert_eq!(flat(&form)[1], ["Here"]);
        assert_eq!(form.changes, 9);
        let kept = serde_json::to_string(&form).unwrap();
        assert_eq!(serde_json::from_str::<Form>(&kept).unwrap(), form);
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_asked_here() {
        let twice = r#"{"questions":[{"question":"A"},{"question":"A"}]}"#;
        assert!(askable(twice).is_empty());
        assert!(askable(r#"{"questions":7}"#).is_empty());
        assert_eq!(askable(INPUT).len(), 2);
    }
}
