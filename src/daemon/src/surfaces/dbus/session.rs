//! The Session interface: one conversation with an agent.

use std::collections::HashMap;

use pager_core::sanitize::one_line;
use pager_core::{Command, Phase, Session, SessionId};
use zbus::message::Header;
use zbus::zvariant::Value;
use zbus::{Connection, fdo, interface};

use super::context::{Context, plain};
use super::error::{Error, unreadable};

/// A session with its state in a word, which depends on its approvals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub(super) session: Session,
    pub(super) state: &'static str,
}

impl View {
    /// All properties that change, as they are.
    fn changing(&self) -> [(&'static str, Value<'static>); 8] {
        let Session { label, cwd, model, permission_mode, .. } = &self.session;
        [
            ("Label", plain(label).into()),
            ("State", self.state.into()),
            ("Cwd", plain(cwd).into()),
            ("Model", plain(model).into()),
            ("PermissionMode", plain(permission_mode).into()),
            ("ContextPercent", self.context_percent().into()),
            ("CostUsd", self.cost_usd().into()),
            ("Paused", self.session.paused.is_some().into()),
        ]
    }

    /// The properties that differ from those of `before`.
    pub(super) fn changed_since(&self, before: &Self) -> HashMap<&'static str, Value<'static>> {
        let pairs = self.changing().into_iter().zip(before.changing());
        pairs.filter(|(now, then)| now != then).map(|(now, _)| now).collect()
    }

    fn context_percent(&self) -> f64 {
        self.session.context_percent.unwrap_or(-1.0)
    }

    fn cost_usd(&self) -> f64 {
        self.session.cost_usd.unwrap_or(-1.0)
    }
}

/// Serves one session; everything about it is asked of the engine.
pub(super) struct SessionObject {
    context: Context,
    id: SessionId,
}

impl SessionObject {
    pub(super) fn new(context: Context, id: SessionId) -> Self {
        Self { context, id }
    }

    async fn now(&self) -> fdo::Result<View> {
        let id = self.id.clone();
        let view = self.context.handle().with_store(move |_, machine| {
            Ok(machine.session(&id).map(|session| View {
                session: session.clone(),
                state: machine.session_state(session),
            }))
        });
        view.await.map_err(unreadable)?.ok_or_else(|| unreadable("the session is no longer known"))
    }
}

/// The one session that `name` is the id of, or the beginning of its id, or its label.
pub(super) async fn find(context: &Context, name: &str) -> Result<SessionId, Error> {
    let wanted = name.to_owned();
    let meant = context.handle().with_store(move |_, machine| {
        let named = |session: &&Session| {
            session.label == wanted || session.id.as_str().starts_with(&wanted)
        };
        let mut meant: Vec<&Session> = machine.sessions().filter(named).collect();
        if let Some(exact) = meant.iter().find(|session| session.id.as_str() == wanted) {
            meant = vec![exact];
        } else if meant.len() > 1 {
            meant.retain(|session| session.phase != Phase::Ended);
        }
        Ok(meant.into_iter().map(|session| session.id.clone()).collect::<Vec<_>>())
    });
    let name = plain(&one_line(name, 64));
    match meant.await?.as_slice() {
        [one] if !name.is_empty() => Ok(one.clone()),
        [_, _, ..] => {
            Err(Error::InvalidArgument(format!("{name} names more than one session: give its id")))
        }
        _ => Err(Error::NotFound(format!("there is no session {name}"))),
    }
}

/// Lets a paused session ask again.
pub(super) async fn resume(
    context: &Context,
    connection: &Connection,
    header: &Header<'_>,
    session: SessionId,
) -> Result<(), Error> {
    let actor = context.person(connection, header).await?;
    context.handle().submit(actor, Command::Resume { session }).await?;
    Ok(())
}

/// What is said to those who would drive a session before pager can start one.
pub(super) fn not_ours(id: &str) -> Error {
    Error::Unavailable(format!(
        "session {id} was not started by pager and cannot be driven from here; use its own terminal"
    ))
}

/// One conversation with an agent, learned from its hooks.
#[interface(name = "org.pagerd.Pager1.Session")]
impl SessionObject {
    /// Gives the session a prompt; Unavailable unless pager runs it.
    async fn send(
        &self,
        text: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        drop(text);
        self.context.person(connection, &header).await?;
        Err(not_ours(self.id.as_str()))
    }

    /// Ends the session's turn; Unavailable unless pager runs it.
    async fn interrupt(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.person(connection, &header).await?;
        Err(not_ours(self.id.as_str()))
    }

    /// Ends the session; Unavailable unless pager runs it.
    async fn stop(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.context.person(connection, &header).await?;
        Err(not_ours(self.id.as_str()))
    }

    /// Lets the session ask again after it was paused; InvalidArgument where it is not.
    async fn resume(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        resume(&self.context, connection, &header, self.id.clone()).await
    }

    /// Gives the session another label; Unavailable unless pager runs it.
    async fn rename(
        &self,
        label: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        drop(label);
        self.context.person(connection, &header).await?;
        Err(not_ours(self.id.as_str()))
    }

    /// The agent's own id for it.
    #[zbus(property(emits_changed_signal = "const"))]
    fn id(&self) -> &str {
        self.id.as_str()
    }

    /// What a person calls it.
    #[zbus(property)]
    async fn label(&self) -> fdo::Result<String> {
        Ok(plain(&self.now().await?.session.label))
    }

    /// The agent's short name: claude, codex, …
    #[zbus(property(emits_changed_signal = "const"))]
    async fn agent(&self) -> fdo::Result<String> {
        Ok(plain(self.now().await?.session.agent.as_str()))
    }

    /// working, waiting (for an answer), idle (between turns), paused (see Paused) or ended.
    #[zbus(property)]
    async fn state(&self) -> fdo::Result<&'static str> {
        Ok(self.now().await?.state)
    }

    /// The folder it works in.
    #[zbus(property)]
    async fn cwd(&self) -> fdo::Result<String> {
        Ok(plain(&self.now().await?.session.cwd))
    }

    /// The model's name; empty until known.
    #[zbus(property)]
    async fn model(&self) -> fdo::Result<String> {
        Ok(plain(&self.now().await?.session.model))
    }

    /// The agent's permission mode (default, acceptEdits, …); empty until known.
    #[zbus(property)]
    async fn permission_mode(&self) -> fdo::Result<String> {
        Ok(plain(&self.now().await?.session.permission_mode))
    }

    /// The unit it runs in; empty unless pager runs it.
    #[zbus(property(emits_changed_signal = "const"))]
    fn unit(&self) -> &'static str {
        ""
    }

    /// How full its context window is, in percent; -1 until known.
    #[zbus(property)]
    async fn context_percent(&self) -> fdo::Result<f64> {
        Ok(self.now().await?.context_percent())
    }

    /// What it has cost so far in US dollars; -1 until known.
    #[zbus(property)]
    async fn cost_usd(&self) -> fdo::Result<f64> {
        Ok(self.now().await?.cost_usd())
    }

    /// Whether it stands still, as it was denied too often in a row: whatever it asks is denied at
    /// once, until it is resumed.
    #[zbus(property)]
    async fn paused(&self) -> fdo::Result<bool> {
        Ok(self.now().await?.session.paused.is_some())
    }

    /// Whether pager runs it.
    #[zbus(property(emits_changed_signal = "const"))]
    fn managed(&self) -> bool {
        false
    }
}
