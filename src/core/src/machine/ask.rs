//! An agent asks.

use jiff::{SignedDuration, Timestamp};

use super::Machine;
use super::draft::{Draft, refuse};
use super::observe::news_of;
use crate::approval::{Kind, Request};
use crate::{
    Actor, Approval, ApprovalId, Context, Effect, Event, Facts, Judgement, News, Outcome, Phase,
    Refusal, Reply, Resolution, Ruling, Session, SessionId, Verdict,
};

/// The span over which a session's approvals are counted.
pub(super) const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// The rule a paused session is denied by, as the audit log names it.
const PAUSE_RULE: &str = "paused";

impl Machine {
    pub(super) fn ask(&self, context: &Context, facts: &Facts, request: Request) -> Outcome {
        if let Some(known) = self.requests.get(&request.request).and_then(|id| self.approval(id)) {
            if known.session != facts.session || known.input != request.input {
                return refuse(Refusal::InvalidArgument(
                    "this request id was used for another question".to_owned(),
                ));
            }
            let reply = Reply::Asked { id: known.id, resolution: known.resolution.clone() };
            return Outcome { events: Vec::new(), effects: Vec::new(), reply: Ok(reply) };
        }
        let mut draft = Draft::default();
        let impostor = self.impostor(context, facts);
        let seen = match impostor {
            Some(_) => None,
            None => self.learn(context, facts, Some(Phase::Working), None),
        };
        let known = self.sessions.get(&facts.session);
        let session = match &seen {
            Some(Event::SessionChanged { session }) => Some(session),
            _ => known,
        };
        let id = ApprovalId::from_bytes(context.fresh);
        let (label, cwd) =
            session.map_or_else(Default::default, |known| (known.label.clone(), known.cwd.clone()));
        let expires = context.now.saturating_add(context.window).unwrap_or(Timestamp::MAX);
        let mut approval = Approval::new(id, facts, request, label, context.now, expires);
        if facts.cwd.is_none() {
            approval.cwd = cwd;
        }
        approval.impostor = impostor.is_some();
        // A question is answered, not allowed.
        approval.needed = if approval.kind == Kind::Question { 1 } else { context.needed.max(1) };
        let barred = session.and_then(|session| self.barred(&context.rules, session, &approval));
        let verdict =
            standing_verdict(&approval, session, barred).filter(|(verdict, _)| self.may(verdict));
        draft.events.extend(seen);
        if let Some((verdict, rule)) = verdict {
            let by = Actor::Policy { rule };
            let state = verdict.state();
            let at = context.now;
            let resolution = Resolution { state, verdict: Some(verdict), by, at, message_id: None };
            draft.events.push(Event::ApprovalRequested { approval: Box::new(approval) });
            draft.events.push(Event::ApprovalResolved { id, resolution: resolution.clone() });
            return draft.reply(Reply::Asked { id, resolution: Some(resolution) });
        }
        let limit = context.limits.approvals_per_minute;
        let asked = self.announced_lately(&facts.session, context.now).count();
        let asked = u32::try_from(asked).unwrap_or(u32::MAX);
        if asked < limit && !self.has_queue(&facts.session) {
            approval.announced = Some(context.now);
            draft.effects.push(Effect::Ask(id));
        }
        draft.events.push(Event::ApprovalRequested { approval: Box::new(approval) });
        if let Some(origin) = impostor {
            self.tell(&mut draft, context, &Actor::Agent, Some(&facts.session), news_of(origin));
        }
        let asked = asked.saturating_add(1);
        if asked == nearly(limit) {
            let busy = News::Busy { asked, limit };
            self.tell(&mut draft, context, &Actor::Pager, Some(&facts.session), busy);
        }
        draft.reply(Reply::Asked { id, resolution: None })
    }

    /// When the session's approvals of the last minute were shown to a person.
    pub(super) fn announced_lately(
        &self,
        session: &SessionId,
        now: Timestamp,
    ) -> impl Iterator<Item = Timestamp> {
        self.approvals
            .values()
            .filter(move |approval| approval.session == *session)
            .filter_map(|approval| approval.announced)
            .filter(move |at| now.duration_since(*at) < MINUTE)
    }

    /// Whether a rule may give this verdict now: since a panic nothing is allowed but by a person.
    pub(super) fn may(&self, verdict: &Verdict) -> bool {
        self.locked().is_none() || !verdict.is_yes()
    }

    fn has_queue(&self, session: &SessionId) -> bool {
        self.approvals.values().any(|a| a.is_queued() && a.session == *session)
    }
}

/// From how many on a person is warned: four in five of what may reach them, and never the first.
fn nearly(limit: u32) -> u32 {
    (limit.saturating_mul(4) / 5).max(2)
}

/// The verdict that is given without asking anybody, and the rule that gives it.
fn standing_verdict(
    approval: &Approval,
    session: Option<&Session>,
    barred: Option<(Verdict, String)>,
) -> Option<(Verdict, String)> {
    if let Some(Judgement { ruling: Ruling::Deny, .. }) = &approval.judgement {
        return approval.judgement.as_ref().and_then(|judgement| verdict_of(approval, judgement));
    }
    if barred.is_some() {
        return barred;
    }
    let session = session.filter(|session| session.paused.is_some());
    if let Some(session) = session {
        let reason = format!(
            "pager has paused this session after {} refusals in a row. Stop here: nothing will be \
             allowed until the user resumes it with `pagerctl resume {}`.",
            session.denials, session.id
        );
        let interrupt = approval.stoppable;
        return Some((Verdict::Deny { reason, interrupt }, PAUSE_RULE.to_owned()));
    }
    approval.judgement.as_ref().and_then(|judgement| verdict_of(approval, judgement))
}

/// The verdict a judgement comes to; none where a person is to be asked.
pub(super) fn verdict_of(approval: &Approval, judgement: &Judgement) -> Option<(Verdict, String)> {
    let rule = judgement.rule.clone().unwrap_or_else(|| "default".to_owned());
    match judgement.ruling {
        Ruling::Deny => {
            let reason = match judgement.reason.as_str() {
                "" => format!("The user's policy denies this (rule {rule})."),
                reason => format!("The user's policy denies this (rule {rule}): {reason}"),
            };
            Some((Verdict::deny(reason), rule))
        }
        // A rule can say yes to what the agent would do, but not choose or judge in a person's
        // place; and what comes from a stranger to the session is not what the rule was made for.
        Ruling::Allow if approval.kind == Kind::Permission && !approval.impostor => {
            Some((Verdict::Allow, rule))
        }
        Ruling::Allow | Ruling::Ask => None,
    }
}
