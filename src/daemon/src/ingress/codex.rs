//! What is different about Codex's hooks: its dialog comes only after them.

use pager_agents::Adapter;
use pager_agents::codex::Step;
use pager_core::{Activity, Actor, Command, Reply, Ruling};
use pager_proto::{RequestDecoder, ServerLine};
use tokio::net::UnixStream;

use super::Ingress;
use super::connection::say;
use super::preview;

impl Ingress {
    /// Asks a question of Codex's. Where its session could be joined the hook ends at once, so that
    /// the terminal is asked at the same time; elsewhere it holds the terminal up for a short window.
    pub(super) async fn carry_out_for_codex(
        &self,
        stream: &mut UnixStream,
        decoder: RequestDecoder,
        mut command: Command,
        step: Option<Step>,
    ) {
        let joined = match step {
            Some(step) => self.codex.follow(step).await,
            None => None,
        };
        let window = match (&mut command, &joined) {
            (Command::Ask { request, .. }, Some(joined)) => {
                request.request = joined.request();
                None
            }
            (Command::Ask { .. }, None) => Some(self.codex.window()),
            _ => None,
        };
        let policy = self.policy.advise(&self.handle, &mut command).await;
        preview::fill(&mut command, preview::WITHIN).await;
        // No time for a person; a rule of theirs needs none.
        if let Command::Ask { facts, request } = &command
            && window.is_some_and(|window| window.is_zero())
            && request.judgement.as_ref().is_none_or(|judgement| judgement.ruling == Ruling::Ask)
        {
            let facts = facts.clone();
            command = Command::Observe { facts, activity: Activity::ToolStarting };
        }
        let asked = self.handle.submit_within(Actor::Agent, command, window).await;
        drop(policy);
        if let (Ok(Reply::Asked { id, resolution: None }), Some(joined)) = (&asked, joined) {
            joined.hold(&self.handle, *id).await;
            let reason = "the terminal is asked as well".to_owned();
            say(stream, &ServerLine::NoDecision { reason }).await;
            return;
        }
        self.conclude_asking(stream, decoder, Adapter::Codex, asked).await;
    }
}
