//! What is different about Codex's hooks: its dialog comes only after them.

use pager_agents::Adapter;
use pager_agents::codex::Step;
use pager_core::{Command, Origin, Reply};
use pager_proto::{RequestDecoder, ServerLine};
use tokio::net::UnixStream;

use super::Ingress;
use super::connection::say;

impl Ingress {
    /// Asks a question of Codex's. Where its session could be joined the hook ends at once, so that
    /// the terminal is asked at the same time; elsewhere it holds the terminal up for a short window.
    pub(super) async fn carry_out_for_codex(
        &self,
        stream: &mut UnixStream,
        decoder: RequestDecoder,
        origin: Origin,
        mut command: Command,
        step: Option<Step>,
    ) {
        let joined = match step {
            Some(step) => self.codex.follow(step, &origin).await,
            None => None,
        };
        let window = match (&mut command, &joined) {
            (Command::Ask { request, .. }, Some(joined)) => {
                request.request = joined.request();
                // The app-server ends a turn, which the hook has no word for.
                request.stoppable = true;
                None
            }
            (Command::Ask { .. }, None) => Some(self.codex.window()),
            _ => None,
        };
        let asked = self.entry.bring(origin, command, window).await;
        if let (Ok(Reply::Asked { id, resolution: None }), Some(joined)) = (&asked, joined) {
            joined.hold(self.entry.handle(), *id).await;
            let reason = "the terminal is asked as well".to_owned();
            say(stream, &ServerLine::NoDecision { reason }).await;
            return;
        }
        self.conclude_asking(stream, decoder, Adapter::Codex, asked).await;
    }
}
