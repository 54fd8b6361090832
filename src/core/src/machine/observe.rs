//! What is learned from an agent's events that ask nothing.

use super::Machine;
use super::draft::{Draft, ended};
use crate::session::label_for;
use crate::{
    Activity, Actor, Approval, ApprovalId, Context, Event, Facts, News, Origin, Outcome, Phase,
    Session, SessionId, State,
};

impl Machine {
    pub(super) fn observe(&self, context: &Context, facts: &Facts, activity: &Activity) -> Outcome {
        let mut draft = Draft::default();
        if let Some(origin) = self.impostor(context, facts) {
            // Whoever it is, it settles nothing that the session's own agent asked. What has ended too
            // early to be looked at may well be that agent's, and is no reason for an alarm.
            if origin.agent.is_some() {
                let by = &Actor::Agent;
                self.tell(&mut draft, context, by, Some(&facts.session), news_of(origin));
            }
            return draft.done();
        }
        let phase = match activity {
            Activity::Started | Activity::TurnEnded => Some(Phase::Idle),
            Activity::Prompted
            | Activity::ToolStarting
            | Activity::ToolFinished { .. }
            | Activity::CallsFinished { .. } => Some(Phase::Working),
            Activity::Ended => Some(Phase::Ended),
            Activity::SubagentEnded { .. } | Activity::Told => None,
        };
        let driver = (*activity == Activity::Prompted).then_some(Actor::Terminal);
        draft.events.extend(self.learn(context, facts, phase, driver));
        for id in self.settled_by(&facts.session, activity) {
            draft.settle(id, ended(State::Elsewhere, Actor::Terminal, context.now));
        }
        draft.done()
    }

    /// The approvals that such an activity proves to have been answered at the terminal.
    fn settled_by(&self, session: &SessionId, activity: &Activity) -> Vec<ApprovalId> {
        match activity {
            Activity::ToolFinished { tool, fingerprint, subagent } => {
                let call = |approval: &&Approval| {
                    approval.session == *session
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
                self.pending_of(session, |approval| approval.subagent == *subagent)
            }
            // A subagent in the background still waits when the main turn is over.
            Activity::TurnEnded | Activity::Prompted => {
                self.pending_of(session, |approval| approval.subagent.is_none())
            }
            Activity::SubagentEnded { subagent } => self.pending_of(session, |approval| {
                approval.subagent.is_some() && approval.subagent == *subagent
            }),
            Activity::Ended => self.pending_of(session, |_| true),
            Activity::Started | Activity::ToolStarting | Activity::Told => Vec::new(),
        }
    }

    /// Where the event comes from, if that is not the process its session is bound to, which still
    /// lives. What has no known origin is as strange as what has another.
    pub(super) fn impostor<'a>(&self, context: &Context, facts: &'a Facts) -> Option<&'a Origin> {
        let session = self.sessions.get(&facts.session)?;
        let bound = session.origin.as_ref()?.agent?;
        let origin = facts.origin.as_ref()?;
        if session.phase == Phase::Ended {
            // Its agent has left it for another, and whoever resumes it is its agent then.
            return None;
        }
        (context.agent_lives && origin.agent != Some(bound)).then_some(origin)
    }

    /// What facts add to what is known of a session; nothing where they add nothing.
    pub(super) fn learn(
        &self,
        context: &Context,
        facts: &Facts,
        phase: Option<Phase>,
        driver: Option<Actor>,
    ) -> Option<Event> {
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
            origin: None,
            driver: None,
            denials: 0,
            paused: None,
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
        // An origin without its process binds nothing.
        if let Some(origin) = facts.origin.as_ref().filter(|origin| origin.agent.is_some()) {
            session.origin = Some(origin.clone());
        }
        session.context_percent = facts.context_percent.or(session.context_percent);
        session.cost_usd = facts.cost_usd.or(session.cost_usd);
        session.phase = phase.unwrap_or(session.phase);
        session.driver = driver.or(session.driver);
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
}

pub(super) fn news_of(origin: &Origin) -> News {
    News::Impostor { program: origin.program.clone(), pid: origin.agent.map(|process| process.pid) }
}
