//! What a person is told though nothing is asked of them.

use super::draft::{Draft, refuse};
use super::{Machine, SILENCE};
use crate::{Actor, Context, Event, News, Notice, Outcome, Refusal, Session, SessionId};

impl Machine {
    pub(super) fn report(
        &self,
        context: &Context,
        actor: &Actor,
        session: Option<SessionId>,
        news: News,
    ) -> Outcome {
        let mut draft = Draft::default();
        let session = session.or_else(|| match &news {
            News::SelfApproval { approval, .. } => Some(self.approval(approval)?.session.clone()),
            News::Misfit { approval, .. } => Some(self.approval(&(*approval)?)?.session.clone()),
            _ => None,
        });
        self.tell(&mut draft, context, actor, session.as_ref(), news);
        draft.done()
    }

    pub(super) fn resume(&self, context: &Context, actor: &Actor, id: &SessionId) -> Outcome {
        let Some(session) = self.sessions.get(id) else {
            return refuse(Refusal::NoSession(id.to_string()));
        };
        if session.paused.is_none() {
            let why = format!("session {} is not paused", session.label);
            return refuse(Refusal::InvalidArgument(why));
        }
        let session = Session { paused: None, denials: 0, changed: context.now, ..session.clone() };
        let mut draft = Draft::default();
        draft.events.push(Event::SessionChanged { session });
        draft.notice(self.notice(context, actor, Some(id), News::Resumed));
        draft.done()
    }

    /// Tells it, unless the same was told lately.
    pub(super) fn tell(
        &self,
        draft: &mut Draft,
        context: &Context,
        by: &Actor,
        session: Option<&SessionId>,
        news: News,
    ) {
        let notice = self.notice(context, by, session, news);
        let told = self.told.get(&notice.key());
        // A pause always follows a resumption, if any was told; and every exchange is one of its own.
        let fresh = matches!(notice.news, News::Paused { .. } | News::Queued { .. })
            || notice.file().is_some()
            || told.is_none_or(|at| context.now.duration_since(*at) > SILENCE);
        if fresh {
            draft.notice(notice);
        }
    }

    pub(super) fn notice(
        &self,
        context: &Context,
        by: &Actor,
        session: Option<&SessionId>,
        news: News,
    ) -> Notice {
        let known = session.and_then(|id| self.sessions.get(id));
        Notice {
            session: session.cloned(),
            agent: known.map(|session| session.agent.clone()),
            label: known.map(|session| session.label.clone()).unwrap_or_default(),
            by: by.clone(),
            at: context.now,
            news,
        }
    }
}
