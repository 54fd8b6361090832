//! What the app-server says, and what it is told.

use pager_agents::codex::app_server::{self, ServerRequest, Subject};
use pager_agents::codex::{agent, request_of};
use pager_core::approval::{Kind, Request};
use pager_core::{ApprovalId, Command, Facts, Reply, Resolution, Verdict, Withdrawal};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::held::{Held, Open};
use super::link::{Expected, Link, Pending, withdraw};
use super::socket::{Incoming, SocketError};

#[derive(Deserialize)]
struct Loaded {
    data: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfThread {
    thread_id: String,
    #[serde(default)]
    request_id: Value,
}

impl Link {
    pub(super) async fn hear(&mut self, incoming: Incoming) -> Result<(), SocketError> {
        match incoming {
            Incoming::Request { id, method, params } => {
                // Whatever is not understood is left to the other clients: the terminal is one.
                match app_server::understand(&method, params.get()) {
                    Some(request) => self.asked(id, request).await,
                    None => Ok(()),
                }
            }
            Incoming::Notification { method, params } => {
                if let Ok(of) = serde_json::from_str::<OfThread>(params.get()) {
                    match method.as_str() {
                        "serverRequest/resolved" => self.answered(&of).await,
                        "thread/closed" => self.lose(&of.thread_id).await,
                        _ => {}
                    }
                }
                Ok(())
            }
            Incoming::Response { id, result } => match self.pending.remove(&id) {
                Some(pending) => self.replied(pending, result).await,
                None => Ok(()),
            },
            Incoming::Unknown => Ok(()),
        }
    }

    async fn replied(
        &mut self,
        pending: Pending,
        result: Result<Box<RawValue>, Value>,
    ) -> Result<(), SocketError> {
        match pending {
            Pending::Loaded { thread, joined } => {
                let loaded = result
                    .ok()
                    .and_then(|result| serde_json::from_str::<Loaded>(result.get()).ok());
                if !loaded.is_some_and(|loaded| loaded.data.contains(&thread)) {
                    self.lose(&thread).await;
                    return Ok(());
                }
                let params = json!({ "threadId": thread, "excludeTurns": true });
                let asked = self.socket.request("thread/resume", &params).await?;
                self.pending.insert(asked, Pending::Resume { thread, joined });
            }
            Pending::Resume { thread, joined } => match result {
                Ok(_) => {
                    self.joined.insert(thread.clone());
                    if let Some(joined) = joined {
                        self.seat(thread, joined);
                    }
                }
                Err(error) => {
                    tracing::debug!("a thread of Codex's cannot be joined: {error}");
                    self.lose(&thread).await;
                }
            },
        }
        Ok(())
    }

    /// The app-server asks.
    async fn asked(&mut self, id: Value, request: ServerRequest) -> Result<(), SocketError> {
        let known = |held: &&mut Held| {
            held.thread == request.thread && held.open.as_ref().is_some_and(|open| open.id == id)
        };
        if self.held.iter_mut().any(|mut held| known(&mut held)) {
            return Ok(());
        }
        let at = match self.held.iter().position(|held| held.is_asked_by(&request)) {
            Some(at) => at,
            None => match self.put(&request).await {
                Some(at) => at,
                None => return Ok(()),
            },
        };
        let open = Open { id, turn: request.turn, form: request.form };
        let held = &mut self.held[at];
        held.wait(&self.waiters);
        match held.verdict.take() {
            Some(verdict) => {
                let held = self.held.swap_remove(at);
                self.answer(&held, &open, &verdict).await
            }
            None => {
                held.open = Some(open);
                Ok(())
            }
        }
    }

    /// Puts an expected question to the person.
    async fn put(&mut self, request: &ServerRequest) -> Option<usize> {
        let Subject::Question { item, input } = &request.subject else { return None };
        let at = self.expected.iter().position(|Expected { call, .. }| {
            call.thread == request.thread && call.item.as_ref() == Some(item)
        })?;
        let Expected { call, origin } = self.expected.swap_remove(at);
        let name = request_of(&call.thread, item);
        let question = Request {
            fingerprint: call.fingerprint,
            subagent: (call.thread != call.session.as_str()).then(|| call.thread.clone()),
            ..Request::new(name, Kind::Question, call.tool, input.clone())
        };
        // The hook may have ended too early to be looked at; who asks now is there.
        let origin = if origin.agent.is_some() { origin } else { self.socket.origin().clone() };
        let facts = Facts::new(call.session, agent());
        let ask = Command::Ask { facts, request: Box::new(question) };
        let asked = self.entry.bring(origin, ask, None).await;
        let Ok(Reply::Asked { id, resolution }) = asked else { return None };
        let approval = self.entry.handle().approval(id).await.ok()??;
        let mut held = Held::new(&approval, call.thread, Some(call.turn));
        match resolution {
            None => self.watch(held),
            // A rule has decided, and Codex need not wait.
            Some(Resolution { verdict: Some(verdict), .. }) => {
                held.verdict = Some(verdict);
                self.held.push(held);
            }
            Some(_) => return None,
        }
        Some(self.held.len() - 1)
    }

    /// A request has its answer: one that was not ours is the terminal's.
    async fn answered(&mut self, of: &OfThread) {
        let at = self.held.iter().position(|held| {
            held.thread == of.thread_id
                && held.open.as_ref().is_some_and(|open| open.id == of.request_id)
        });
        if let Some(at) = at {
            let held = self.held.swap_remove(at);
            if !withdraw(self.entry.handle(), held.id, Withdrawal::Terminated).await {
                tracing::warn!(
                    pager_approval = %held.id,
                    "the terminal answered in the same moment, and Codex went by that"
                );
            }
        }
    }

    /// An approval is settled.
    pub(super) async fn settle(
        &mut self,
        id: ApprovalId,
        resolution: Option<Resolution>,
    ) -> Result<(), SocketError> {
        let Some(at) = self.held.iter().position(|held| held.id == id) else { return Ok(()) };
        match (resolution.and_then(|resolution| resolution.verdict), &self.held[at].open) {
            // Codex has yet to ask.
            (Some(verdict), None) => self.held[at].verdict = Some(verdict),
            (Some(verdict), Some(_)) => {
                let mut held = self.held.swap_remove(at);
                if let Some(open) = held.open.take() {
                    return self.answer(&held, &open, &verdict).await;
                }
            }
            // The hooks have told of the end, or the time is over: the terminal has the question.
            (None, _) => drop(self.held.swap_remove(at)),
        }
        Ok(())
    }

    async fn answer(
        &mut self,
        held: &Held,
        open: &Open,
        verdict: &Verdict,
    ) -> Result<(), SocketError> {
        let Some(answer) = open.form.answer(verdict) else {
            tracing::warn!("Codex has no form for this answer: the terminal decides");
            return Ok(());
        };
        self.socket.respond(&open.id, &answer).await?;
        let Verdict::Deny { reason, interrupt } = verdict else { return Ok(()) };
        let thread = &held.thread;
        let Some(turn) = held.turn_of(open) else {
            if *interrupt && !open.form.ends_turn() {
                tracing::warn!(pager_approval = %held.id, "Codex does not say which turn to end");
            }
            return Ok(());
        };
        // The answer has no room for these.
        if *interrupt && !open.form.ends_turn() {
            let params = json!({ "threadId": thread, "turnId": turn });
            self.socket.request("turn/interrupt", &params).await?;
        } else if !*interrupt && !reason.is_empty() {
            let text = json!({ "type": "text", "text": reason, "text_elements": [] });
            let params = json!({ "threadId": thread, "expectedTurnId": turn, "input": [text] });
            self.socket.request("turn/steer", &params).await?;
        }
        Ok(())
    }
}
