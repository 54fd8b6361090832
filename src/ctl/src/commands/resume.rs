//! `pagerctl resume`

use serde::Serialize;

use crate::daemon::{Daemon, Session};
use crate::failure::{Failure, Status};
use crate::output::Output;

#[derive(Debug, Serialize)]
pub(super) struct Resumed<'a> {
    pub(super) session: &'a str,
    pub(super) label: &'a str,
}

pub(super) async fn run(daemon: &Daemon, output: &Output, name: &str) -> Result<(), Failure> {
    let sessions = daemon.sessions().await?;
    let session = named(&sessions, name)?;
    let Session { id, label, .. } = session;
    if !session.paused {
        let what = format!("session {label} is not paused");
        return Err(Failure::new(Status::Settled, what));
    }
    daemon.manager().resume_session(id).await?;
    output.done(&Resumed { session: id, label }, || format!("{label} may ask again"))
}

/// The one session meant by an id, the beginning of one, or a label.
fn named<'a>(sessions: &'a [Session], name: &str) -> Result<&'a Session, Failure> {
    let meant = |session: &&Session| session.id.starts_with(name) || session.label == name;
    let mut meant: Vec<&Session> = sessions.iter().filter(meant).collect();
    if let Some(exact) = meant.iter().find(|session| session.id == name) {
        return Ok(exact);
    }
    if meant.len() > 1 {
        // Of several of one name it is the one that stands still.
        meant.retain(|session| session.paused);
    }
    match meant.as_slice() {
        [one] if !name.is_empty() => Ok(one),
        [_, _, ..] => {
            Err(Failure::failed(format!("{name} names more than one session: give its id")))
        }
        _ => Err(Failure::new(Status::NotFound, format!("there is no session {name}"))),
    }
}
