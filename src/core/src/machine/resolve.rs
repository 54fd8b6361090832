//! How an approval ends before its time.

use jiff::Timestamp;

use super::Machine;
use super::ask::verdict_of;
use super::draft::{Draft, ended, refuse};
use crate::approval::{AlwaysGrant, Kind, Revocation, Yes};
use crate::{
    Actor, Approval, ApprovalId, Assurance, Context, Effect, Event, Judgement, News, Outcome,
    Refusal, Reply, Resolution, State, Verdict, Withdrawal, present, question, words,
};

impl Machine {
    pub(super) fn resolve(
        &self,
        context: &Context,
        actor: &Actor,
        id: ApprovalId,
        verdict: Verdict,
        message_id: Option<i64>,
        assurance: Assurance,
    ) -> Outcome {
        let approval = match self.pending_one(id, context.now) {
            Ok(approval) => approval,
            Err(refusal) => return refuse(refusal),
        };
        if let Err(reason) = fits(approval, &verdict) {
            return refuse(Refusal::InvalidArgument(reason));
        }
        if let Err(refusal) = permitted(approval, actor, &verdict, assurance) {
            return refuse(refusal);
        }
        let mut draft = Draft::default();
        let mut verdict = verdict;
        if verdict.state() == State::Allowed && approval.needed > 1 {
            if approval.yeses.iter().any(|yes| yes.by.is_same_person(actor)) {
                let why = "you have said yes already: now somebody else has to";
                return refuse(Refusal::NotAllowed(why.to_owned()));
            }
            let mut yeses = approval.yeses.clone();
            yeses.push(Yes { by: actor.clone(), verdict, at: context.now });
            verdict = weakest(&yeses);
            let given = u32::try_from(yeses.len()).unwrap_or(u32::MAX);
            draft.events.push(Event::ApprovalCounted { id, yeses });
            if given < approval.needed {
                if !approval.is_queued() {
                    draft.effects.push(Effect::Renew(id));
                }
                return draft.reply(Reply::Counted { given, needed: approval.needed });
            }
        }
        let resolution = Resolution {
            state: verdict.state(),
            verdict: Some(verdict),
            by: actor.clone(),
            at: context.now,
            message_id,
        };
        draft.settle(id, resolution.clone());
        self.count(&mut draft, context, approval, &resolution);
        draft.reply(Reply::Resolved(resolution))
    }

    /// Notes who told the session something, counts denials in a row, and pauses the session that has
    /// had too many.
    fn count(
        &self,
        draft: &mut Draft,
        context: &Context,
        approval: &Approval,
        resolution: &Resolution,
    ) {
        let Some(session) = self.sessions.get(&approval.session) else { return };
        let denials = match resolution.state {
            // Sending a plan back is how plans are made.
            State::Denied if approval.kind != Kind::Plan => session.denials.saturating_add(1),
            State::Denied => session.denials,
            _ => 0,
        };
        let driver = drives(resolution).or_else(|| session.driver.clone());
        if denials == session.denials && driver == session.driver {
            return;
        }
        let limit = context.limits.denials_in_a_row;
        let more = denials > session.denials;
        let pauses = more && limit > 0 && denials >= limit && session.paused.is_none();
        let mut session = session.clone();
        session.driver = driver;
        session.denials = denials;
        session.changed = context.now;
        if pauses {
            session.paused = Some(context.now);
        }
        let id = session.id.clone();
        draft.events.push(Event::SessionChanged { session });
        if pauses {
            self.tell(draft, context, &Actor::Pager, Some(&id), News::Paused { denials });
        }
    }

    pub(super) fn withdraw(&self, context: &Context, id: ApprovalId, why: Withdrawal) -> Outcome {
        if let Err(refusal) = self.pending_one(id, Timestamp::MIN) {
            return refuse(refusal);
        }
        let resolution = match why {
            Withdrawal::Terminated => ended(State::Elsewhere, Actor::Terminal, context.now),
            Withdrawal::AgentGone | Withdrawal::Disconnected => {
                ended(State::Cancelled, Actor::Agent, context.now)
            }
        };
        let mut draft = Draft::default();
        draft.settle(id, resolution.clone());
        draft.reply(Reply::Resolved(resolution))
    }

    pub(super) fn rejudge(
        &self,
        context: &Context,
        judgements: Vec<(ApprovalId, Judgement)>,
    ) -> Outcome {
        let mut draft = Draft::default();
        for (id, judgement) in judgements {
            let Ok(approval) = self.pending_one(id, context.now) else { continue };
            if approval.judgement.as_ref() == Some(&judgement) {
                continue;
            }
            let verdict = verdict_of(approval, &judgement).filter(|(verdict, _)| self.may(verdict));
            let reads_anew =
                present::judged(approval.judgement.as_ref()) != present::judged(Some(&judgement));
            draft.events.push(Event::ApprovalJudged { id, judgement });
            if verdict.is_none() && reads_anew && !approval.is_queued() {
                draft.effects.push(Effect::Renew(id));
            }
            if let Some((verdict, rule)) = verdict {
                let state = verdict.state();
                let by = Actor::Policy { rule };
                let at = context.now;
                let verdict = Some(verdict);
                draft.settle(id, Resolution { state, verdict, by, at, message_id: None });
            }
        }
        draft.done()
    }

    pub(super) fn revoke(&self, context: &Context, actor: &Actor, approval: &Approval) -> Outcome {
        // What is at hand is newer than what the caller has read.
        let approval = self.approvals.get(&approval.id).unwrap_or(approval);
        let granted = approval
            .resolution
            .as_ref()
            .is_some_and(|resolution| resolution.verdict == Some(Verdict::AllowAlways));
        if !granted {
            let why = format!("no rule was granted with approval {}", approval.id);
            return refuse(Refusal::InvalidArgument(why));
        }
        let mut draft = Draft::default();
        if approval.revoked.is_none() {
            let revocation = Revocation { by: actor.clone(), at: context.now };
            draft.events.push(Event::GrantRevoked { id: approval.id, revocation });
        }
        draft.done()
    }

    /// The approval if it can still be decided at that time.
    fn pending_one(&self, id: ApprovalId, now: Timestamp) -> Result<&Approval, Refusal> {
        let approval = self.approval(&id).ok_or_else(|| Refusal::NotFound(id.to_string()))?;
        match &approval.resolution {
            Some(resolution) => Err(Refusal::AlreadyResolved(resolution.clone())),
            // The clock has decided even where its event is still to come.
            None if approval.expires <= now => Err(Refusal::AlreadyResolved(ended(
                State::Expired,
                Actor::Timeout,
                approval.expires,
            ))),
            None => Ok(approval),
        }
    }
}

/// Whether such a verdict may come through such a door.
fn permitted(
    approval: &Approval,
    actor: &Actor,
    verdict: &Verdict,
    assurance: Assurance,
) -> Result<(), Refusal> {
    let require = approval.require();
    let remote = require.remote && matches!(actor, Actor::Telegram { .. });
    let polkit = require.polkit && assurance == Assurance::Polkit;
    if require.is_nothing() || !verdict.is_yes() || remote || polkit {
        return Ok(());
    }
    let rule = approval.judgement.as_ref().and_then(|judgement| judgement.rule.as_deref());
    Err(Refusal::NotAllowed(format!(
        "your policy's rule {} wants this yes from {}; a no is taken from anywhere",
        rule.unwrap_or("default"),
        require.words()
    )))
}

/// What all of them have said yes to.
fn weakest(yeses: &[Yes]) -> Verdict {
    match yeses {
        [first, others @ ..] if others.iter().all(|yes| yes.verdict == first.verdict) => {
            first.verdict.clone()
        }
        _ => Verdict::Allow,
    }
}

/// Who it is that tells an agent with this what to do: by an answer, or by the words of a no.
fn drives(resolution: &Resolution) -> Option<Actor> {
    let says = match resolution.verdict.as_ref()? {
        Verdict::Answer { .. } => true,
        Verdict::Deny { reason, .. } => !reason.trim().is_empty(),
        Verdict::Allow | Verdict::AllowAlways | Verdict::AllowEdits => false,
    };
    says.then(|| resolution.by.clone())
}

/// Whether a verdict is an answer to such a question.
fn fits(approval: &Approval, verdict: &Verdict) -> Result<(), String> {
    let always: Option<&AlwaysGrant> = approval.always.as_ref();
    if matches!(verdict, Verdict::Deny { interrupt: true, .. }) && !approval.stoppable {
        return Err(present::cannot_stop(&approval.agent));
    }
    for text in texts(verdict) {
        words::check(text).map_err(|error| error.to_string())?;
    }
    let sentence = match (verdict, approval.kind) {
        (Verdict::Deny { .. }, _)
        | (Verdict::Allow, Kind::Permission | Kind::Plan)
        | (Verdict::AllowEdits, Kind::Plan) => return Ok(()),
        (Verdict::AllowAlways, Kind::Permission) if always.is_some() => return Ok(()),
        (Verdict::Answer { answers }, Kind::Question) if answers.is_empty() => {
            "there is no answer in this answer"
        }
        (Verdict::Answer { answers }, Kind::Question) => {
            return question::check(&question::questions(approval.input.text()), answers);
        }
        (Verdict::Allow | Verdict::AllowAlways | Verdict::AllowEdits, Kind::Question) => {
            "this is a question: answer it, or deny it"
        }
        (Verdict::AllowAlways, Kind::Plan) => "a plan cannot be allowed for always: allow it",
        (Verdict::AllowAlways, Kind::Permission) => {
            "the agent suggested no rule that could be granted: allow it once"
        }
        (Verdict::AllowEdits, Kind::Permission) => "this is not a plan: allow it, or deny it",
        (Verdict::Answer { .. }, Kind::Permission | Kind::Plan) => {
            "this is not a question: allow or deny it"
        }
    };
    Err(sentence.to_owned())
}

/// What of a verdict is in the words of whoever gives it.
fn texts(verdict: &Verdict) -> Box<dyn Iterator<Item = &str> + '_> {
    match verdict {
        Verdict::Deny { reason, .. } => Box::new(std::iter::once(reason.as_str())),
        Verdict::Answer { answers } => Box::new(answers.values().flatten().map(String::as_str)),
        Verdict::Allow | Verdict::AllowAlways | Verdict::AllowEdits => Box::new(std::iter::empty()),
    }
}
