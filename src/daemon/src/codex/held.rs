//! A question that waits at the terminal and at pager's doors alike.

use std::sync::Arc;

use pager_agents::codex::app_server::{Form, ServerRequest, Subject, is_command_of};
use pager_agents::codex::request_of;
use pager_core::{Approval, ApprovalId, RequestId, Sha256Hex, Verdict};
use serde_json::Value;

use crate::waiters::Waiters;

/// An approval whose answer goes to the app-server.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: ApprovalId,
    pub(super) thread: String,
    /// The turn it was asked in, where that is known.
    turn: Option<String>,
    request: RequestId,
    tool: String,
    fingerprint: Sha256Hex,
    input: Arc<str>,
    /// What the app-server asks of it, once it has.
    pub(super) open: Option<Open>,
    /// What was decided before it asked.
    pub(super) verdict: Option<Verdict>,
    /// Tells the daemon that somebody waits for the answer.
    waiting: Option<Arc<Waiters>>,
}

/// A request of the app-server's that has no answer yet.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: Value,
    pub(super) turn: Option<String>,
    pub(super) form: Form,
}

impl Held {
    pub(super) fn new(approval: &Approval, thread: String, turn: Option<String>) -> Self {
        Self {
            id: approval.id,
            thread,
            turn,
            request: approval.request,
            tool: approval.tool.clone(),
            fingerprint: approval.fingerprint.clone(),
            input: Arc::clone(approval.input.text()),
            open: None,
            verdict: None,
            waiting: None,
        }
    }

    /// The turn that an answer to such a request is about.
    pub(super) fn turn_of<'a>(&'a self, open: &'a Open) -> Option<&'a str> {
        open.turn.as_deref().or(self.turn.as_deref())
    }

    /// Notes that its answer is waited for here.
    pub(super) fn wait(&mut self, waiters: &Arc<Waiters>) {
        if self.waiting.is_none() {
            waiters.begin(self.id);
            self.waiting = Some(Arc::clone(waiters));
        }
    }

    /// Whether its answer is waited for here.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Whether this is what a request asks.
    pub(super) fn is_asked_by(&self, request: &ServerRequest) -> bool {
        let is_item = |item| self.request == request_of(&request.thread, item);
        self.thread == request.thread
            && match &request.subject {
                // The words of a command are looked at once more: what is answered is what was shown.
                Subject::Call { item, command: Some(command) } => {
                    is_item(item) && self.tool == "Bash" && is_command_of(command, &self.input)
                }
                Subject::Call { item, command: None } => {
                    is_item(item) && self.tool == "apply_patch"
                }
                Subject::Question { item, .. } => is_item(item),
                // Of two equal calls the one that nothing is known to ask about.
                Subject::Tool { tool, fingerprint } => {
                    (tool, fingerprint) == (&self.tool, &self.fingerprint) && self.open.is_none()
                }
            }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(waiters) = &self.waiting {
            waiters.end(&self.id);
        }
    }
}
