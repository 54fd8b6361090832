//! The questions in an agent's question: what may be chosen, and whether an answer answers them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sanitize::one_line;

/// One question of those an agent asks at once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    /// The question itself, by which its answer is known.
    pub question: String,
    /// Its title in a few words, where the agent gave one.
    #[serde(default)]
    pub header: String,
    /// What may be chosen; a text of one's own may always be given instead.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Whether more than one may be chosen.
    #[serde(default, rename = "multiSelect")]
    pub several: bool,
}

impl Question {
    /// The question as a person is asked it, its title first: "Database: Which one?".
    pub fn titled(&self) -> Cow<'_, str> {
        match self.header.trim() {
            "" => Cow::Borrowed(&self.question),
            header => Cow::Owned(format!("{header}: {}", self.question)),
        }
    }
}

/// One thing that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Choice {
    /// Its name, which is the answer.
    pub label: String,
    /// What it means.
    #[serde(default)]
    pub description: String,
}

/// The questions in the input of a question tool; none where it holds none that can be understood.
pub fn questions(input: &str) -> Vec<Question> {
    #[derive(Deserialize)]
    struct Input {
        questions: Vec<Question>,
    }
    serde_json::from_str(input).map_or_else(|_| Vec::new(), |input: Input| input.questions)
}

/// Whether these answers answer these questions: every one of them, and nothing else.
///
/// # Errors
/// A sentence for the person who answers.
pub fn check(
    questions: &[Question],
    answers: &BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    for asked in answers.keys() {
        if !questions.iter().any(|question| question.question == *asked) {
            return Err(format!("there is no question {:?}", one_line(asked, 100)));
        }
    }
    for question in questions {
        let name = one_line(&question.question, 100);
        let chosen = answers.get(&question.question).map_or(&[][..], Vec::as_slice);
        match chosen {
            [] => return Err(format!("the question {name:?} is not answered")),
            chosen if chosen.iter().any(|text| text.trim().is_empty()) => {
                return Err(format!("an answer to {name:?} is empty"));
            }
            [_, _, ..] if !question.several => {
                return Err(format!("only one answer can be given to {name:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = r#"{"questions":[
        {"question":"Which database?","header":"Database","options":[
            {"label":"Postgres","description":"a server"},{"label":"SQLite"}],"multiSelect":false},
        {"question":"Which checks?","options":[{"label":"fmt"},{"label":"clippy"}],"multiSelect":true}]}"#;

    fn answers(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        pairs
            .iter()
            .map(|(question, chosen)| {
                (question.to_string(), chosen.iter().map(ToString::to_string).collect())
            })
            .collect()
    }

    #[test]
    fn questions_are_read_with_their_choices() {
        let questions = questions(INPUT);
        assert_eq!(
            questions[0].options[1],
            Choice { label: "SQLite".into(), description: String::new() }
        );
        assert_eq!((questions[0].several, questions[1].several), (false, true));
        let titled: Vec<_> = questions.iter().map(Question::titled).collect();
        assert_eq!(titled, ["Database: Which database?", "Which checks?"]);
        assert!(super::questions(r#"{"questions":"none"}"#).is_empty());
    }

    #[test]
    fn an_answer_answers_every_question_and_no_other() {
        let check = |pairs: &[(&str, &[&str])]| check(&questions(INPUT), &answers(pairs)).err();
        let checks: (&str, &[&str]) = ("Which checks?", &["fmt", "clippy"]);
        assert_eq!(check(&[("Which database?", &["none, a file"]), checks]), None);
        for (bad, why) in [
            (check(&[checks]), "the question \"Which database?\" is not answered"),
            (
                check(&[("Which database?", &[]), checks]),
                "the question \"Which database?\" is not answered",
            ),
            (
                check(&[("Which database?", &[" "]), checks]),
                "an answer to \"Which database?\" is empty",
            ),
            (
                check(&[("Which database?", &["Postgres", "SQLite"]), checks]),
                "only one answer can be given to \"Which database?\"",
            ),
            (
                check(&[("Which colour?", &["red"]), checks]),
                "there is no question \"Which colour?\"",
            ),
        ] {
            assert_eq!(bad.as_deref(), Some(why));
        }
    }
}
