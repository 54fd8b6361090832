//! An outcome in the making.

use jiff::Timestamp;

use crate::approval::{Resolution, State};
use crate::{Actor, ApprovalId, Effect, Event, Notice, Outcome, Refusal, Reply};

#[derive(Default)]
pub(super) struct Draft {
    pub(super) events: Vec<Event>,
    pub(super) effects: Vec<Effect>,
}

impl Draft {
    pub(super) fn settle(&mut self, id: ApprovalId, resolution: Resolution) {
        self.events.push(Event::ApprovalResolved { id, resolution });
        self.effects.push(Effect::Settle(id));
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        if notice.is_told() {
            self.effects.push(Effect::Tell(Box::new(notice.clone())));
        }
        self.events.push(Event::Noticed { notice });
    }

    pub(super) fn done(self) -> Outcome {
        self.reply(Reply::Done)
    }

    pub(super) fn reply(self, reply: Reply) -> Outcome {
        Outcome { events: self.events, effects: self.effects, reply: Ok(reply) }
    }
}

pub(super) fn refuse(refusal: Refusal) -> Outcome {
    Outcome { events: Vec::new(), effects: Vec::new(), reply: Err(refusal) }
}

/// An end without a verdict.
pub(super) fn ended(state: State, by: Actor, at: Timestamp) -> Resolution {
    Resolution { state, verdict: None, by, at, message_id: None }
}
