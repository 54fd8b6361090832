//! `pagerctl answer`

use std::collections::HashMap;

use pager_core::question::{Question, questions};

use super::approve::Decided;
use super::picker;
use crate::authentication::with_agent;
use crate::daemon::Daemon;
use crate::failure::{Failure, Status};
use crate::output::Output;

pub(super) async fn run(
    daemon: &Daemon,
    output: &Output,
    id: &str,
    given: &[String],
) -> Result<(), Failure> {
    let approval = daemon.approval(id).await?;
    let answers = if approval.kind != "question" || approval.state != "pending" {
        // The daemon knows best what is wrong with it.
        HashMap::from([(String::new(), given.to_vec())])
    } else if given.is_empty() {
        picker::ask(&approval).await?
    } else {
        assign(&questions(&approval.input), given)
            .map_err(|why| Failure::new(Status::Usage, why))?
    };
    let call = async || daemon.manager().answer(&approval.id, &answers).await;
    with_agent(daemon, output, &approval.id, call).await?;
    output.done(&Decided { id, verdict: "answer", pending: false }, || format!("Answered {id}"))
}

/// There is no answer and nobody to ask for one.
pub(super) fn unsaid() -> Failure {
    Failure::usage("there is nobody at a terminal to ask: give the answer with --answer")
}

/// Which answer goes to which question.
fn assign(
    questions: &[Question],
    given: &[String],
) -> Result<HashMap<String, Vec<String>>, String> {
    let mut answers: HashMap<String, Vec<String>> = HashMap::new();
    for answer in given {
        let named = questions.iter().find_map(|question| {
            [&question.question, &question.header].into_iter().find_map(|name| {
                let rest = answer.strip_prefix(name.as_str()).filter(|_| !name.is_empty())?;
                Some((question, rest.strip_prefix('=')?))
            })
        });
        let (question, text) = match (named, questions) {
            (Some(named), _) => named,
            (None, [only]) => (only, answer.as_str()),
            (None, []) => return Err("the agent's questions cannot be read".to_owned()),
            (None, _) => {
                let names = questions.iter().map(|question| {
                    let name = if question.header.is_empty() {
                        &question.question
                    } else {
                        &question.header
                    };
                    format!("{name:?}")
                });
                return Err(format!(
                    "{answer:?} does not say which question it answers: put one of {} and = before it",
                    names.collect::<Vec<_>>().join(", ")
                ));
            }
        };
        let answers = answers.entry(question.question.clone()).or_default();
        if !answers.is_empty() && !question.several {
            return Err(format!("{:?} takes one answer only", question.question));
        }
        answers.push(text.to_owned());
    }
    match questions.iter().find(|question| !answers.contains_key(&question.question)) {
        Some(question) => Err(format!("{:?} has no answer", question.question)),
        None => Ok(answers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(question: &str, header: &str, several: bool) -> Question {
        let options = Vec::new();
        Question { question: question.into(), header: header.into(), options, several }
    }

    fn given(answers: &[&str]) -> Vec<String> {
        answers.iter().map(|&answer| answer.to_owned()).collect()
    }

    #[test]
    fn answers_find_their_question() {
        let one = [question("Which way?", "Way", false)];
        let left = HashMap::from([("Which way?".to_owned(), given(&["left=right"]))]);
        for form in ["left=right", "Way=left=right", "Which way?=left=right"] {
            assert_eq!(assign(&one, &given(&[form])).as_ref(), Ok(&left), "{form}");
        }
        let two = [question("A = B?", "", false), question("Which?", "Which", true)];
        let answers = assign(&two, &given(&["A = B?=yes", "Which=x", "Which?=y"])).unwrap();
        assert_eq!(answers["A = B?"], ["yes"]);
        assert_eq!(answers["Which?"], ["x", "y"]);
    }

    #[test]
    fn what_is_unclear_is_not_guessed() {
        let two = [question("A?", "a", false), question("B?", "b", false)];
        assert!(assign(&two, &given(&["yes"])).unwrap_err().contains("\"a\", \"b\""));
        assert!(assign(&two, &given(&["a=yes"])).unwrap_err().contains("\"B?\" has no answer"));
        assert!(assign(&two, &given(&["a=x", "a=y", "b=z"])).unwrap_err().contains("one answer"));
        assert!(assign(&[], &given(&["yes"])).is_err());
    }
}
