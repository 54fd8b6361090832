//! What each button does.

use pager_core::approval::Verdict;
use pager_core::question::Question;

use super::{Argument, Choice, Job, Purpose, Tap, Toast, alert, toast};
use crate::engine::EngineError;
use crate::redaction;
use crate::surfaces::telegram::Door;
use crate::surfaces::telegram::form;

impl Door {
    pub(super) async fn choose(
        &self,
        tap: &Tap<'_>,
        choice: Choice,
        argument: Argument,
    ) -> Result<Toast, EngineError> {
        let id = tap.approval.id;
        match choice {
            Choice::Allow => self.verdict(tap, Verdict::Allow, "Allowed").await,
            Choice::Edits => {
                self.verdict(tap, Verdict::AllowEdits, "Allowed, and its edits with it").await
            }
            Choice::Deny => self.verdict(tap, Verdict::deny(""), "Denied").await,
            Choice::Stop => {
                let stop = Verdict::Deny { reason: String::new(), interrupt: true };
                self.verdict(tap, stop, "Denied, and its turn is ended").await
            }
            Choice::Always => {
                self.converse(id, |dialogue| dialogue.confirming = true).await?;
                self.later(Job::Draw(id));
                Ok(toast("Look at the rule, then tap Yes"))
            }
            Choice::Back => {
                self.converse(id, |dialogue| dialogue.confirming = false).await?;
                self.later(Job::Draw(id));
                Ok(toast("Nothing was decided"))
            }
            Choice::AlwaysYes if !self.dialogue(id).await?.confirming => {
                self.misfit(tap.user, Some(id), "a second tap for always without a first").await?;
                Ok(toast("Tap Always… first"))
            }
            Choice::AlwaysYes => self.verdict(tap, Verdict::AllowAlways, "Always allowed").await,
            Choice::Reason => Ok(self.ask_for(tap, Purpose::Reason, "Reply with the reason")),
            Choice::Details => {
                let (chat, message) = (tap.sent.chat, tap.message);
                self.later(Job::Details { id, chat, message });
                Ok(toast("The whole is on its way as a file"))
            }
            Choice::Pick | Choice::Unpick | Choice::Other | Choice::Show | Choice::Submit => {
                self.fill_in(tap, choice, argument).await
            }
        }
    }

    async fn verdict(
        &self,
        tap: &Tap<'_>,
        verdict: Verdict,
        done: &str,
    ) -> Result<Toast, EngineError> {
        let decided = self.decide(tap.approval.id, tap.user, tap.message, verdict).await?;
        Ok(match decided {
            Ok(()) => toast(done),
            Err(why) if why.chars().count() > 60 => alert(&why),
            Err(why) => toast(&why),
        })
    }

    fn ask_for(&self, tap: &Tap<'_>, purpose: Purpose, told: &str) -> Toast {
        let (id, chat, message) = (tap.approval.id, tap.sent.chat, tap.message);
        self.later(Job::Prompt { id, chat, message, purpose });
        toast(told)
    }

    /// A step towards the answers to an agent's questions.
    async fn fill_in(
        &self,
        tap: &Tap<'_>,
        choice: Choice,
        argument: Argument,
    ) -> Result<Toast, EngineError> {
        let id = tap.approval.id;
        let questions = form::askable(tap.approval.input.text());
        if choice == Choice::Submit {
            return self.submit(tap, &questions, argument.0).await;
        }
        let Argument(at, second) = argument;
        let question = questions.get(usize::from(at));
        let option = question.and_then(|question| question.options.get(usize::from(second)));
        let picks = matches!(choice, Choice::Pick | Choice::Unpick);
        let (Some(question), true) = (question, option.is_some() || !picks) else {
            self.misfit(tap.user, Some(id), "a tap on an option that there is not").await?;
            return Ok(toast("This message does not offer that"));
        };
        let told = match choice {
            Choice::Other => {
                return Ok(self.ask_for(tap, Purpose::Answer(at), "Reply with your answer"));
            }
            Choice::Show => {
                self.converse(id, move |dialogue| dialogue.form.show(at, second)).await?;
                redaction::line(&question.titled(), 90)
            }
            Choice::Unpick => {
                self.converse(id, move |dialogue| dialogue.form.unpick(at, second)).await?;
                "Taken back".to_owned()
            }
            _ => {
                let chosen = form::name(question, second).unwrap_or_default();
                if questions.len() == 1 && !question.several {
                    let answers = [(question.question.clone(), vec![chosen.clone()])].into();
                    let answer = Verdict::Answer { answers };
                    return self.verdict(tap, answer, &format!("Answered: {chosen}")).await;
                }
                self.pick(tap, questions.clone(), question.clone(), argument).await?;
                chosen
            }
        };
        self.later(Job::Draw(id));
        Ok(toast(&told))
    }

    async fn pick(
        &self,
        tap: &Tap<'_>,
        questions: Vec<Question>,
        question: Question,
        Argument(at, option): Argument,
    ) -> Result<(), EngineError> {
        self.converse(tap.approval.id, move |dialogue| {
            let form = &mut dialogue.form;
            form.pick(&question, at, option);
            if !question.several && form.at == at {
                form.go_on(&questions);
            }
        })
        .await
    }

    /// Answers, if what was chosen is what the buttons showed that were tapped.
    async fn submit(
        &self,
        tap: &Tap<'_>,
        questions: &[Question],
        seen: u16,
    ) -> Result<Toast, EngineError> {
        let form = self.dialogue(tap.approval.id).await?.form;
        if form.changes != seen {
            self.later(Job::Draw(tap.approval.id));
            return Ok(alert("The answers have changed meanwhile. Look, and tap Submit again."));
        }
        if !form.is_complete(questions) {
            return Ok(toast("Some questions have no answer yet"));
        }
        let answers = form.answers(questions);
        self.verdict(tap, Verdict::Answer { answers }, "Answered").await
    }
}
