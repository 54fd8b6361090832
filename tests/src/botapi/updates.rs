//! The queue behind `getUpdates`.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Left out unless asked for by name.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];
/// What the server forgets, whether fetched or not.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How held updates are let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    AsSent,
    /// The last one first.
    Reversed,
    /// As they happened, each one twice with ids of its own.
    Twice,
}

#[derive(Clone, Debug)]
struct Update {
    id: i64,
    at: Timestamp,
    body: Value,
    /// Given out once more even though its id is already confirmed.
    again: bool,
}

#[derive(Debug)]
pub(crate) struct Updates {
    queue: VecDeque<Update>,
    /// The last updates that were confirmed, for those who want them again.
    confirmed: VecDeque<Update>,
    held: Option<Vec<(Timestamp, &'static str, Value)>>,
    next: i64,
    allowed: Option<Vec<String>>,
    pub(crate) webhook: Option<String>,
    /// Counts the polls; a poll that finds itself overtaken ends with a conflict.
    pub(crate) poll: u64,
    /// The poll that waits now.
    pub(crate) polling: Option<u64>,
}

impl Updates {
    pub(crate) fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            confirmed: VecDeque::new(),
            held: None,
            next: 731_905_001,
            allowed: None,
            webhook: None,
            poll: 0,
            polling: None,
        }
    }

    /// Queues an update, unless the bot did not ask for its kind.
    pub(crate) fn push(&mut self, at: Timestamp, kind: &'static str, body: Value) {
        let wanted = match &self.allowed {
            Some(kinds) => kinds.iter().any(|wanted| wanted == kind),
            None => !ON_REQUEST.contains(&kind),
        };
        if !wanted {
            return;
        }
        if let Some(held) = &mut self.held {
            held.push((at, kind, body));
            return;
        }
        let id = self.next;
        self.next += 1;
        self.queue.push_back(Update {
            id,
            at,
            body: json!({ "update_id": id, kind: body }),
            again: false,
        });
    }

    /// An empty list means the default kinds; a missing one means what was said last.
    pub(crate) fn allow(&mut self, kinds: &[Value]) {
        let kinds: Vec<String> =
            kinds.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect();
        self.allowed = Some(kinds).filter(|kinds| !kinds.is_empty());
    }

    pub(crate) fn allowed(&self) -> Option<&[String]> {
        self.allowed.as_deref()
    }

    /// Confirms everything before `offset` (or all but the last `-offset`) and gives what follows.
    pub(crate) fn take(&mut self, offset: i64, limit: usize, now: Timestamp) -> Vec<Value> {
        self.queue.retain(|update| now.duration_since(update.at) < KEPT_FOR);
        let before = match offset {
            ..0 => self.queue.len().saturating_sub(offset.unsigned_abs() as usize),
            0 => 0,
            _ => self.queue.iter().take_while(|update| update.id < offset && !update.again).count(),
        };
        self.confirmed.extend(self.queue.drain(..before));
        let given = self.queue.iter_mut().take(limit);
        given
            .map(|update| {
                update.again = false;
                update.body.clone()
            })
            .collect()
    }

    pub(crate) fn pending(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(crate) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    pub(crate) fn release(&mut self, order: Order) {
        let mut held = self.held.take().unwrap_or_default();
        match order {
            Order::AsSent => {}
            Order::Reversed => held.reverse(),
            Order::Twice => held = held.into_iter().flat_map(|one| [one.clone(), one]).collect(),
        }
        for (at, kind, body) in held {
            self.push(at, kind, body);
        }
    }

    /// Puts the last confirmed updates back, ids and all, as a server does that lost a confirmation.
    pub(crate) fn redeliver(&mut self, count: usize) {
        let from = self.confirmed.len().saturating_sub(count);
        let again: Vec<Update> = self.confirmed.drain(from..).collect();
        for update in again.into_iter().rev() {
            self.queue.push_front(Update { again: true, ..update });
        }
    }
}
