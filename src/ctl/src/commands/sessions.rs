//! `pagerctl sessions`

use pager_core::sanitize::one_line;

use super::words::{short, short_len};
use crate::daemon::{Daemon, Session};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::table;

pub(super) async fn run(daemon: &Daemon, output: &Output, all: bool) -> Result<(), Failure> {
    let mut sessions = daemon.sessions().await?;
    sessions.retain(|session| all || session.state != "ended");
    output.data(&sessions, || text(&sessions, output))
}

pub(super) fn text(sessions: &[Session], output: &Output) -> String {
    if sessions.is_empty() {
        return output.remark("No agent is at work.\n".to_owned());
    }
    let len = short_len(sessions.iter().map(|session| session.id.as_str()));
    let rows = sessions.iter().map(|session| {
        let model = session.model.as_deref().unwrap_or("-");
        let context = session.context_percent.map(|percent| format!("{percent:.0}%"));
        [
            short(&session.id, len),
            one_line(&session.state, 16),
            one_line(&session.label, 24),
            one_line(&session.agent, 16),
            one_line(model, 24),
            context.unwrap_or_else(|| "-".to_owned()),
            one_line(&session.cwd, 500),
        ]
    });
    let header = ["SESSION", "STATE", "LABEL", "AGENT", "MODEL", "CONTEXT", "FOLDER"];
    table(header, rows.collect())
}
