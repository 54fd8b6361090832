//! The machine: the whole state, the one function that decides, and the one that changes.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::approval::{AlwaysGrant, Kind, Request};
use crate::session::label_for;
use crate::{
    Activity, Actor, Approval, ApprovalId, Command, Context, Effect, Event, Facts, Outcome, Phase,
    Refusal, Reply, RequestId, Resolution, Session, SessionId, State, Verdict, Withdrawal, present,
};

/// How long a settled approval is kept at hand, for late answers and for those who watch.
const KEEP_SETTLED: SignedDuration = SignedDuration::from_hours(1);
/// How long a session that ended is kept at hand.
const KEEP_ENDED: SignedDuration = SignedDuration::from_hours(24);
/// How long a session of which nothing is heard is kept at hand.
const KEEP_SILENT: SignedDuration = SignedDuration::from_hours(24 * 14);

/// All approvals that are pending or were settled lately, and all sessions known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machine {
    approvals: BTreeMap<ApprovalId, Approval>,
    requests: HashMap<RequestId, ApprovalId>,
    sessions: BTreeMap<SessionId, Session>,
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

    /// What a session is doing in a word: `waiting` while one of its approvals is pending, else its
    /// phase.
    pub fn session_state(&self, session: &Session) -> &'static str {
        let waits = session.phase != Phase::Ended
            && self.pending().any(|approval| approval.session == session.id);
        if waits { "waiting" } else { session.phase.as_str() }
    }

    /// When the next approval expires.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.pending().map(|approval| approval.expires).min()
    }

    /// Decides what a command comes to. Nothing changes until the events are applied.
    pub fn handle(&self, context: &Context, actor: &Actor, command: Command) -> Outcome {
        match command {
            Command::Observe { facts, activity } => self.observe(context, &facts, &activity),
            Command::Ask { facts, request } => self.ask(context, &facts, *request),
            Command::Resolve { id, verdict, message_id } => {
                self.resolve(context, actor, id, verdict, message_id)
            }
            Command::Withdraw { id, why } => self.withdraw(context, id, why),
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
            }
            Event::ApprovalRequested { approval } => {
                self.requests.insert(approval.request, approval.id);
                self.approvals.insert(approval.id, (**approval).clone());
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
        }
    }

    fn observe(&self, context: &Context, facts: &Facts, activity: &Activity) -> Outcome {
        let phase = match activity {
            Activity::Started | Activity::TurnEnded => Some(Phase::Idle),
            Activity::Prompted
            | Activity::ToolStarting
            | Activity::ToolFinished { .. }
            | Activity::CallsFinished { .. } => Some(Phase::Working),
            Activity::Ended => Some(Phase::Ended),
            Activity::SubagentEnded { .. } | Activity::Told => None,
        };
        let mut draft = Draft::default();
        draft.events.extend(self.learn(context, facts, phase));
        let settled: Vec<ApprovalId> = match activity {
            Activity::ToolFinished { tool, fingerprint, subagent } => {
                let call = |approval: &&Approval| {
                    approval.session == facts.session
                        && approval.tool == *tool
                        && approval.fingerprint == *fingerprint
                        && approval.subagent == *subagent
                };
                // Two equal calls are two approvals: one use settles the older one.
                self.pending()
                    .filter(call)
                    .min_by_key(|a| a.created)
                    .map(|a| a.id)
                    .into_iter()
                    .collect()
            }
            Activity::CallsFinished { subagent } => {
                self.pending_of(&facts.session, |approval| approval.subagent == *subagent)
            }
            // A subagent in the background still waits when the main turn is over.
            Activity::TurnEnded | Activity::Prompted => {
                self.pending_of(&facts.session, |approval| approval.subagent.is_none())
            }
            Activity::SubagentEnded { subagent } => self.pending_of(&facts.session, |approval| {
                approval.subagent.is_some() && approval.subagent == *subagent
            }),
            Activity::Ended => self.pending_of(&facts.session, |_| true),
            Activity::Started | Activity::ToolStarting | Activity::Told => Vec::new(),
        };
        for id in settled {
            draft.settle(id, ended(State::Elsewhere, Actor::Terminal, context.now));
        }
        draft.done()
    }

    fn ask(&self, context: &Context, facts: &Facts, request: Request) -> Outcome {
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
        let seen = self.learn(context, facts, Some(Phase::Working));
        let known = self.sessions.get(&facts.session);
        let session = match &seen {
            Some(Event::SessionChanged { session }) => Some(session),
            _ => known,
        };
        let (label, cwd) = session
            .map_or_else(Default::default, |session| (session.label.clone(), session.cwd.clone()));
        let id = ApprovalId::from_bytes(context.fresh);
        let approval = Approval {
            id,
            request: request.request,
            session: facts.session.clone(),
            agent: facts.agent.clone(),
            kind: request.kind,
            summary: present::summary(&request.tool, request.input.text()),
            tool: request.tool,
            input: request.input,
            fingerprint: request.fingerprint,
            cwd: facts.cwd.clone().unwrap_or(cwd),
            label,
            subagent: request.subagent,
            always: request.always,
            created: context.now,
            expires: context.now.saturating_add(context.window).unwrap_or(Timestamp::MAX),
            resolution: None,
        };
        draft.events.extend(seen);
        draft.events.push(Event::ApprovalRequested { approval: Box::new(approval) });
        draft.effects.push(Effect::Ask(id));
        draft.reply(Reply::Asked { id, resolution: None })
    }

    fn resolve(
        &self,
        context: &Context,
        actor: &Actor,
        id: ApprovalId,
        verdict: Verdict,
        message_id: Option<i64>,
    ) -> Outcome {
        let approval = match self.pending_one(id, context.now) {
            Ok(approval) => approval,
            Err(refusal) => return refuse(refusal),
        };
        if let Err(reason) = fits(approval.kind, approval.always.as_ref(), &verdict) {
            return refuse(Refusal::InvalidArgument(reason.to_owned()));
        }
        let resolution = Resolution {
            state: verdict.state(),
            verdict: Some(verdict),
            by: actor.clone(),
            at: context.now,
            message_id,
        };
        let mut draft = Draft::default();
        draft.settle(id, resolution.clone());
        draft.reply(Reply::Resolved(resolution))
    }

    fn withdraw(&self, context: &Context, id: ApprovalId, why: Withdrawal) -> Outcome {
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

    fn tick(&self, context: &Context) -> Outcome {
        let mut draft = Draft::default();
        for approval in self.approvals.values() {
            match &approval.resolution {
                None if approval.expires <= context.now => {
                    draft.settle(approval.id, ended(State::Expired, Actor::Timeout, context.now));
                }
                Some(resolution) if older(resolution.at, KEEP_SETTLED, context.now) => {
                    draft.events.push(Event::ApprovalForgotten { id: approval.id });
                }
                _ => {}
            }
        }
        for session in self.sessions.values() {
            let keep = if session.phase == Phase::Ended { KEEP_ENDED } else { KEEP_SILENT };
            let waits = self.pending().any(|approval| approval.session == session.id);
            if !waits && older(session.changed, keep, context.now) {
                draft.events.push(Event::SessionForgotten { id: session.id.clone() });
            }
        }
        draft.done()
    }

    /// What facts add to what is known of a session; nothing where they add nothing.
    fn learn(&self, context: &Context, facts: &Facts, phase: Option<Phase>) -> Option<Event> {
        let known = self.sessions.get(&facts.session);
        let mut session = known.cloned().unwrap_or_else(|| Session {
            id: facts.session.clone(),
            agent: facts.agent.clone(),
            label: String::new(),
            cwd: String::new(),
            model: String::new(),
            permission_mode: String::new(),
            phase: Phase::Idle,
            context_percent: None,
            cost_usd: None,
            started: context.now,
            changed: context.now,
        });
        if let Some(cwd) = &facts.cwd {
            session.cwd.clone_from(cwd);
        }
        // The first folder names the session: a label that moved with every `cd` would name nothing.
        if session.label.is_empty() {
            session.label = label_for(&session.cwd, &session.id);
        }
        if let Some(model) = &facts.model {
            session.model.clone_from(model);
        }
        if let Some(mode) = &facts.permission_mode {
            session.permission_mode.clone_from(mode);
        }
        session.context_percent = facts.context_percent.or(session.context_percent);
        session.cost_usd = facts.cost_usd.or(session.cost_usd);
        session.phase = phase.unwrap_or(session.phase);
        if known == Some(&session) {
            return None;
        }
        session.changed = context.now;
        Some(Event::SessionChanged { session })
    }

    fn pending_of(
        &self,
        session: &SessionId,
        which: impl Fn(&Approval) -> bool,
    ) -> Vec<ApprovalId> {
        self.pending().filter(|a| a.session == *session && which(a)).map(|a| a.id).collect()
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

/// Whether a verdict is an answer to such a question.
fn fits(kind: Kind, always: Option<&AlwaysGrant>, verdict: &Verdict) -> Result<(), &'static str> {
    match (verdict, kind) {
        (Verdict::Deny { .. }, _) | (Verdict::Allow, Kind::Permission | Kind::Plan) => Ok(()),
        (Verdict::Allow | Verdict::AllowAlways, Kind::Question) => {
            Err("this is a question: answer it, or deny it")
        }
        (Verdict::AllowAlways, _) => match always {
            Some(_) => Ok(()),
            None => Err("the agent suggested no rule that could be granted: allow it once"),
        },
        (Verdict::Answer { answers }, Kind::Question) if answers.is_empty() => {
            Err("there is no answer in this answer")
        }
        (Verdict::Answer { .. }, Kind::Question) => Ok(()),
        (Verdict::Answer { .. }, _) => Err("this is not a question: allow or deny it"),
    }
}

fn older(then: Timestamp, keep: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(then) > keep
}

fn ended(state: State, by: Actor, at: Timestamp) -> Resolution {
    Resolution { state, verdict: None, by, at, message_id: None }
}

fn refuse(refusal: Refusal) -> Outcome {
    Outcome { events: Vec::new(), effects: Vec::new(), reply: Err(refusal) }
}

/// An outcome in the making.
#[derive(Default)]
struct Draft {
    events: Vec<Event>,
    effects: Vec<Effect>,
}

impl Draft {
    fn settle(&mut self, id: ApprovalId, resolution: Resolution) {
        self.events.push(Event::ApprovalResolved { id, resolution });
        self.effects.push(Effect::Settle(id));
    }

    fn done(self) -> Outcome {
        self.reply(Reply::Done)
    }

    fn reply(self, reply: Reply) -> Outcome {
        Outcome { events: self.events, effects: self.effects, reply: Ok(reply) }
    }
}

#[cfg(test)]
mod tests;
