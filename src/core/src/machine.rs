//! The machine: the whole state, the one function that decides, and the one that changes.

mod access;
mod ask;
mod draft;
mod due;
mod observe;
mod resolve;
mod tell;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::{
    AccessCommand, Actor, Approval, ApprovalId, Command, Context, Effect, Event, News, Outcome,
    Phase, Refusal, RequestId, Session, SessionId,
};
use draft::refuse;

pub use access::Lock;

/// How long what was told is not told again.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);

/// All approvals that are pending or were settled lately, and all sessions known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machine {
    approvals: BTreeMap<ApprovalId, Approval>,
    requests: HashMap<RequestId, ApprovalId>,
    sessions: BTreeMap<SessionId, Session>,
    /// What was told lately, by its key: nobody is told the same again and again.
    told: BTreeMap<String, Timestamp>,
    /// How many approvals of a session a person was told to be in its queue.
    queues: BTreeMap<SessionId, u32>,
    access: access::Known,
}

impl Machine {
    /// A machine to which nothing has happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The approval of that name, pending or settled lately.
    pub fn approval(&self, id: &ApprovalId) -> Option<&Approval> {
        self.approvals.get(id)
    }

    /// All approvals at hand, in no order that means anything.
    pub fn approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.values()
    }

    /// The approvals that wait for a verdict.
    pub fn pending(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.values().filter(|approval| approval.is_pending())
    }

    /// The session of that name.
    pub fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// All sessions at hand.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// What a session is doing in a word: `paused` while it may not ask, `waiting` while one of its
    /// approvals is pending, else its phase.
    pub fn session_state(&self, session: &Session) -> &'static str {
        let live = session.phase != Phase::Ended;
        let waits = || self.pending().any(|approval| approval.session == session.id);
        match session.phase {
            _ if live && session.paused.is_some() => "paused",
            _ if live && waits() => "waiting",
            phase => phase.as_str(),
        }
    }

    /// Decides what a command comes to. Nothing changes until the events are applied.
    pub fn handle(&self, context: &Context, actor: &Actor, command: Command) -> Outcome {
        if self.shuts_out(actor, &command) {
            return refuse(Refusal::NotAllowed("everything is shut since a panic".to_owned()));
        }
        let opens = matches!(command, Command::Access(AccessCommand::Unlock));
        let mut outcome = self.decide(context, actor, command);
        if self.access.locked.is_some() && !opens {
            // Nothing goes out but that a question is taken back.
            outcome.effects.retain(|effect| matches!(effect, Effect::Settle(_)));
        }
        outcome
    }

    fn decide(&self, context: &Context, actor: &Actor, command: Command) -> Outcome {
        match command {
            Command::Observe { facts, activity } => self.observe(context, &facts, &activity),
            Command::Ask { facts, request } => self.ask(context, &facts, *request),
            Command::Resolve { id, verdict, message_id, assurance } => {
                self.resolve(context, actor, id, verdict, message_id, assurance)
            }
            Command::Withdraw { id, why } => self.withdraw(context, id, why),
            Command::Report { session, news } => self.report(context, actor, session, news),
            Command::Resume { session } => self.resume(context, actor, &session),
            Command::Revoke { approval } => self.revoke(context, actor, &approval),
            Command::Rejudge { judgements } => self.rejudge(context, judgements),
            Command::Access(command) => self.access(context, actor, command),
            Command::Tick => self.tick(context),
        }
    }

    /// Lets an event that is durable have happened.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::SessionChanged { session } => {
                self.sessions.insert(session.id.clone(), session.clone());
            }
            Event::SessionForgotten { id } => {
                self.sessions.remove(id);
                self.queues.remove(id);
            }
            Event::ApprovalRequested { approval } => {
                self.requests.insert(approval.request, approval.id);
                self.approvals.insert(approval.id, (**approval).clone());
            }
            Event::ApprovalAnnounced { id, at } => {
                if let Some(approval) = self.approvals.get_mut(id) {
                    approval.announced.get_or_insert(*at);
                }
            }
            Event::ApprovalJudged { id, judgement } => {
                if let Some(approval) = self.approvals.get_mut(id) {
                    approval.judgement = Some(judgement.clone());
                }
            }
            Event::ApprovalCounted { id, yeses } => {
                if let Some(approval) = self.approvals.get_mut(id) {
                    approval.yeses.clone_from(yeses);
                }
            }
            Event::ApprovalResolved { id, resolution } => {
                if let Some(approval) = self.approvals.get_mut(id) {
                    approval.resolution.get_or_insert_with(|| resolution.clone());
                }
            }
            Event::ApprovalForgotten { id } => {
                if let Some(approval) = self.approvals.remove(id) {
                    self.requests.remove(&approval.request);
                }
            }
            Event::GrantRevoked { id, revocation } => {
                if let Some(approval) = self.approvals.get_mut(id) {
                    approval.revoked.get_or_insert_with(|| revocation.clone());
                }
            }
            Event::AccessChanged { change, at } => self.apply_access(change, *at),
            Event::Noticed { notice } => {
                self.told.retain(|_, at| notice.at.duration_since(*at) <= SILENCE);
                self.told.insert(notice.key(), notice.at);
                if let (News::Queued { waiting }, Some(session)) = (&notice.news, &notice.session) {
                    self.queues.insert(session.clone(), *waiting);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
