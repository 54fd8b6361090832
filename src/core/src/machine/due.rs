//! What is due by the clock: expiry, the queues, and forgetting what is long over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Machine;
use super::ask::MINUTE;
use super::draft::{Draft, ended};
use crate::{Actor, Approval, Context, Effect, Event, News, Outcome, Phase, SessionId, State};

/// How long a settled approval is kept at hand, for late answers and for those who watch.
const KEEP_SETTLED: SignedDuration = SignedDuration::from_hours(1);
/// How long a session that ended is kept at hand.
const KEEP_ENDED: SignedDuration = SignedDuration::from_hours(24);
/// How long a session of which nothing is heard is kept at hand.
const KEEP_SILENT: SignedDuration = SignedDuration::from_hours(24 * 14);

impl Machine {
    /// When something is due next: an approval expires, or a queue may move.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let expiry = self.pending().map(|approval| approval.expires).min();
        let queues = self.queued();
        let moves = queues.iter().map(|(session, waiting)| {
            if self.told_waiting(session) != count(waiting) {
                return now;
            }
            let first = self.announced_lately(session, now).min();
            first.map_or(now, |at| at.saturating_add(MINUTE).unwrap_or(Timestamp::MAX))
        });
        let emptied =
            self.queues.iter().any(|(session, told)| *told > 0 && !queues.contains_key(session));
        let codes = self.pairing_expiry();
        expiry.into_iter().chain(codes).chain(moves).chain(emptied.then_some(now)).min()
    }

    pub(super) fn tick(&self, context: &Context) -> Outcome {
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
        self.move_queues(&mut draft, context);
        self.end_pairings(&mut draft, context);
        for session in self.sessions.values() {
            let keep = if session.phase == Phase::Ended { KEEP_ENDED } else { KEEP_SILENT };
            let waits = self.pending().any(|approval| approval.session == session.id);
            if !waits && older(session.changed, keep, context.now) {
                draft.events.push(Event::SessionForgotten { id: session.id.clone() });
            }
        }
        draft.done()
    }

    /// Shows as much of each session's queue as the minute allows, and tells how much waits on.
    fn move_queues(&self, draft: &mut Draft, context: &Context) {
        let queues = self.queued();
        let told = self.queues.iter().filter(|(_, told)| **told > 0).map(|(session, _)| session);
        let sessions: BTreeSet<&SessionId> = queues.keys().copied().chain(told).collect();
        for session in sessions {
            let mut waiting = queues.get(session).cloned().unwrap_or_default();
            waiting.retain(|approval| approval.expires > context.now);
            let limit = usize::try_from(context.limits.approvals_per_minute).unwrap_or(usize::MAX);
            let free = limit.saturating_sub(self.announced_lately(session, context.now).count());
            for approval in waiting.drain(..free.min(waiting.len())) {
                draft.events.push(Event::ApprovalAnnounced { id: approval.id, at: context.now });
                draft.effects.push(Effect::Ask(approval.id));
            }
            let waiting = count(&waiting);
            if waiting != self.told_waiting(session) {
                let news = News::Queued { waiting };
                self.tell(draft, context, &Actor::Pager, Some(session), news);
            }
        }
    }

    /// The approvals that wait in their session's queue, the oldest first.
    fn queued(&self) -> BTreeMap<&SessionId, Vec<&Approval>> {
        let mut queues: BTreeMap<&SessionId, Vec<&Approval>> = BTreeMap::new();
        for approval in self.pending().filter(|approval| approval.is_queued()) {
            queues.entry(&approval.session).or_default().push(approval);
        }
        for queue in queues.values_mut() {
            queue.sort_by_key(|approval| approval.created);
        }
        queues
    }

    fn told_waiting(&self, session: &SessionId) -> u32 {
        self.queues.get(session).copied().unwrap_or(0)
    }
}

fn count(approvals: &[&Approval]) -> u32 {
    u32::try_from(approvals.len()).unwrap_or(u32::MAX)
}

fn older(then: Timestamp, keep: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(then) > keep
}
