//! A reply to a message of ours: the reason of a no, or an answer in somebody's own words.

use jiff::Timestamp;
use pager_core::access::{Access, Action, Form, Why};
use pager_core::approval::{Kind, Verdict};
use pager_core::question::Question;
use pager_core::{Approval, ApprovalId, present};
use teloxide_core::types::Message;

use super::Door;
use super::callback::Choice;
use super::commands::Wish;
use super::dialogue::{Place, Purpose};
use super::form;
use super::gate::{Seen, replied_to};
use super::job::Job;
use crate::engine::EngineError;
use crate::redaction;

/// Words that mean yes: whoever replies them wants no denial.
const YES: [&str; 8] = ["y", "yes", "ok", "okay", "allow", "approve", "👍", "✅"];

/// What somebody said in reply to something.
struct Said<'a> {
    user: i64,
    /// None where they sent a picture, a voice message, …
    text: Option<&'a str>,
    /// What they replied to.
    place: Place,
    purpose: Purpose,
    /// The message that asks, and what it offers.
    asking: i32,
    offers: Vec<Choice>,
}

impl Door {
    /// Makes of a reply what it is worth, and says what is to be answered. The outer `None`: it is
    /// none to a message that asks for something. `since` is the time before which it cannot have
    /// been written.
    ///
    /// # Errors
    /// [`EngineError::Stopped`]: nothing was done, the next daemon is to see this reply.
    pub(super) async fn replied(
        &self,
        message: &Message,
        bot: &str,
        since: Timestamp,
    ) -> Result<Option<Option<String>>, EngineError> {
        match self.heed(message, bot, since).await {
            Err(error @ EngineError::StoreUnavailable(_)) => {
                tracing::warn!("a reply came to nothing: {error}");
                let text = "Nothing was decided: pager cannot write it down.".to_owned();
                Ok(Some(Some(text)))
            }
            heeded => heeded,
        }
    }

    async fn heed(
        &self,
        message: &Message,
        bot: &str,
        since: Timestamp,
    ) -> Result<Option<Option<String>>, EngineError> {
        let chat = message.chat.id.0;
        let Some(original) = replied_to(message) else { return Ok(None) };
        let ours =
            original.from.as_ref().is_some_and(|from| from.id.0.to_string() == self.api.bot_id());
        let judged = self.judge_message(message, bot, Form::Message, Action::Deny).await?;
        let user = Seen::of_message(message).user();
        if !ours {
            let of_a_bot = original.from.as_ref().is_some_and(|from| from.is_bot);
            return match judged {
                Access::Granted(_) if of_a_bot || original.forward_origin().is_some() => {
                    self.strange(user, message).await
                }
                _ => Ok(None),
            };
        }
        let place = self.place(chat, original.id.0);
        let anchor = match self.anchored(&place).await? {
            // A message can be answered before the server has told us that it is there.
            None if matches!(judged, Access::Granted(_)) => {
                drop(self.sending.lock().await);
                self.anchored(&place).await?
            }
            anchor => anchor,
        };
        let Some((id, purpose)) = anchor else { return Ok(None) };
        if let Access::Refused(why) = judged {
            let news = self.misfit(user, Some(id), why.words()).await?;
            let answer = why.answer().unwrap_or("You may not do this.");
            let news = news && why != Why::Locked;
            return Ok(Some(news.then(|| answer.to_owned())));
        }
        let text = message.text();
        if text.and_then(|text| Wish::read(text, bot, true)).is_some_and(Wish::is_command) {
            return Ok(None);
        }
        let (approval, notes) = self.look(id).await?;
        let Some(approval) = approval else { return Ok(None) };
        if let Some(resolution) = &approval.resolution {
            return Ok(Some(Some(format!("{}.", present::late(resolution)))));
        }
        let here = notes.into_iter().map(|(_, sent)| sent).find(|sent| {
            (&sent.bot, sent.chat) == (&place.bot, place.chat) && sent.message.is_some()
        });
        let (asking, offers) = here
            .map_or_else(Default::default, |sent| (sent.message.unwrap_or_default(), sent.offers));
        let said = Said { user, text, place, purpose, asking, offers };
        let written = Timestamp::from_second(message.date.timestamp()).unwrap_or(Timestamp::MIN);
        if self.is_stale(since.max(approval.created).max(written)) {
            let text = "This reply is an old one, so it did not count. Reply again.".to_owned();
            return Ok(Some(Some(text)));
        }
        self.take_words(&approval, &said, bot).await.map(|text| Some(Some(text)))
    }

    /// A reply to what is no message of ours, or no longer one.
    async fn strange(
        &self,
        user: i64,
        message: &Message,
    ) -> Result<Option<Option<String>>, EngineError> {
        let chat = message.chat.id.0;
        if chat != user && self.home() != Some(chat) {
            return Ok(None);
        }
        let why = "a reply to a message that is not pager's own";
        self.misfit(user, None, why).await?;
        let text = "That is no message of pager's own. Reply to the question itself.".to_owned();
        Ok(Some(Some(text)))
    }

    async fn take_words(
        &self,
        approval: &Approval,
        said: &Said<'_>,
        bot: &str,
    ) -> Result<String, EngineError> {
        let Some(text) = said.text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok("Only words count here. Nothing was decided.".to_owned());
        };
        if Wish::read(text, bot, true) == Some(Wish::Cancel) {
            return Ok(self.cancel(approval.id, said));
        }
        match (said.purpose, approval.kind) {
            (Purpose::Reason, _) | (Purpose::Verdict, Kind::Permission | Kind::Plan) => {
                self.deny(approval, said, text).await
            }
            (Purpose::Answer(at), _) => self.answer(approval, said, text, Some(at)).await,
            (Purpose::Verdict, Kind::Question) => self.answer(approval, said, text, None).await,
        }
    }

    fn cancel(&self, id: ApprovalId, said: &Said<'_>) -> String {
        if said.purpose != Purpose::Verdict {
            let place = said.place.clone();
            self.later(Job::Retract { id, place });
        }
        "Cancelled. Nothing was decided, the question still waits.".to_owned()
    }

    async fn deny(
        &self,
        approval: &Approval,
        said: &Said<'_>,
        reason: &str,
    ) -> Result<String, EngineError> {
        let plain = reason.trim_end_matches(['.', '!']).to_lowercase();
        if said.purpose == Purpose::Verdict && YES.contains(&plain.as_str()) {
            return Ok("Nothing was decided: a reply is a no, with what you write as its reason. \
                       For a yes tap a button."
                .to_owned());
        }
        let verdict = Verdict::deny(reason);
        let decided = self.decide(approval.id, said.user, said.asking, verdict).await?;
        Ok(match decided {
            Err(why) => format!("{}.", why.trim_end_matches('.')),
            Ok(()) if approval.kind == Kind::Plan => {
                "It keeps planning, with what you wrote.".to_owned()
            }
            Ok(()) => "Denied, with what you wrote as the reason.".to_owned(),
        })
    }

    /// Answers one question; none named is the one whose options are shown.
    async fn answer(
        &self,
        approval: &Approval,
        said: &Said<'_>,
        text: &str,
        at: Option<u16>,
    ) -> Result<String, EngineError> {
        let id = approval.id;
        let questions = form::askable(approval.input.text());
        if said.offers.contains(&Choice::Details) {
            return Ok("Not all of it was shown here. Tap Details first.".to_owned());
        }
        let at = match at {
            Some(at) => at,
            None => self.dialogue(id).await?.form.at,
        };
        let Some(question) = questions.get(usize::from(at)).cloned() else {
            return Ok(format!(
                "This cannot be answered here: answer at the terminal, or with pagerctl answer {}.",
                id.short()
            ));
        };
        if questions.len() > 1 {
            if said.purpose != Purpose::Verdict {
                self.later(Job::Retract { id, place: said.place.clone() });
            }
            return self.note_answer(id, questions, question, at, text).await;
        }
        let answers = [(question.question, vec![text.to_owned()])].into();
        let answer = Verdict::Answer { answers };
        let decided = self.decide(id, said.user, said.asking, answer).await?;
        Ok(match decided {
            Err(why) => format!("{}.", why.trim_end_matches('.')),
            Ok(()) => "Answered, with what you wrote.".to_owned(),
        })
    }

    async fn note_answer(
        &self,
        id: ApprovalId,
        questions: Vec<Question>,
        question: Question,
        at: u16,
        text: &str,
    ) -> Result<String, EngineError> {
        let name = redaction::line(&question.titled(), 200);
        let text = text.to_owned();
        let complete = self
            .converse(id, move |dialogue| {
                let form = &mut dialogue.form;
                form.say(&question, at, &text);
                if form.at == at {
                    form.go_on(&questions);
                }
                form.is_complete(&questions)
            })
            .await?;
        self.later(Job::Draw(id));
        let next =
            if complete { "Tap Submit when all is right." } else { "There are more questions." };
        Ok(format!("Noted for \u{201c}{name}\u{201d}. {next}"))
    }
}
