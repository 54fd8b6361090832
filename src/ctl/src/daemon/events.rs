//! What happens, as the daemon's signals tell it.

use futures_util::StreamExt;
use tokio::sync::mpsc;
use zbus::fdo::DBusProxy;
use zbus::message::Type;
use zbus::zvariant::OwnedObjectPath;
use zbus::{Connection, MatchRule, Message, MessageStream};

use super::{BUS_NAME, ROOT};
use crate::failure::{Failure, Status};

const MANAGER: &str = "org.pagerd.Pager1.Manager";

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// An agent asks.
    Requested { id: String },
    /// An approval is settled.
    Resolved { id: String, verdict: String, by: String },
    /// A session does something else than before.
    Session { id: String, state: String },
    /// Something a person should know though nothing is asked of them.
    Notice { kind: String, text: String, session: String },
    /// The daemon is on the bus again.
    Started,
    /// The daemon has left the bus.
    Stopped,
}

/// The events, in their order.
#[derive(Debug)]
pub(crate) struct Events {
    messages: mpsc::UnboundedReceiver<Message>,
    /// The daemon's unique name; none where there is no bus in between, or while it is away.
    owner: Option<String>,
    on_bus: bool,
}

impl Events {
    pub(super) async fn subscribe(connection: &Connection) -> Result<Self, Failure> {
        let mut stream = MessageStream::from(connection);
        let on_bus = connection.is_bus();
        let mut owner = None;
        if on_bus {
            let bus = DBusProxy::new(connection).await?;
            let signals = MatchRule::builder().msg_type(Type::Signal);
            let signals = signals.sender(BUS_NAME)?.interface(MANAGER)?.build();
            bus.add_match_rule(signals).await?;
            let owners = MatchRule::builder().msg_type(Type::Signal);
            let owners = owners.sender("org.freedesktop.DBus")?.member("NameOwnerChanged")?;
            bus.add_match_rule(owners.arg(0, BUS_NAME)?.build()).await?;
            let name = BUS_NAME.try_into().map_err(zbus::Error::from)?;
            owner = bus.get_name_owner(name).await.ok().map(|owner| owner.to_string());
        }
        // The connection reads no replies while a stream is full, and whoever takes the events
        // makes calls in between: so they are taken off at once.
        let (sender, messages) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                if message.message_type() == Type::Signal && sender.send(message).is_err() {
                    return;
                }
            }
        });
        Ok(Self { messages, owner, on_bus })
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Result<Event, Failure> {
        while let Some(message) = self.messages.recv().await {
            if let Some(event) = self.read(&message) {
                return Ok(event);
            }
        }
        let who = if self.on_bus { "the session bus" } else { "pagerd" };
        Err(Failure::new(Status::Unreachable, format!("{who} closed the connection")))
    }

    fn read(&mut self, message: &Message) -> Option<Event> {
        let header = message.header();
        let body = message.body();
        let (interface, member) = (header.interface()?.as_str(), header.member()?.as_str());
        let sender = header.sender().map(ToString::to_string);
        if self.on_bus && interface == "org.freedesktop.DBus" && member == "NameOwnerChanged" {
            let (name, _, new): (String, String, String) = body.deserialize().ok()?;
            if name != BUS_NAME || sender.as_deref() != Some("org.freedesktop.DBus") {
                return None;
            }
            self.owner = (!new.is_empty()).then_some(new);
            return Some(if self.owner.is_some() { Event::Started } else { Event::Stopped });
        }
        // Anybody on the bus may send us a signal of this name.
        let genuine = !self.on_bus || sender == self.owner;
        if !genuine || interface != MANAGER || header.path()?.as_str() != ROOT {
            return None;
        }
        match member {
            "ApprovalRequested" => {
                let (id, _): (String, OwnedObjectPath) = body.deserialize().ok()?;
                Some(Event::Requested { id })
            }
            "ApprovalResolved" => {
                let (id, verdict, by) = body.deserialize().ok()?;
                Some(Event::Resolved { id, verdict, by })
            }
            "SessionChanged" => {
                let (id, state) = body.deserialize().ok()?;
                Some(Event::Session { id, state })
            }
            "Notice" => {
                let (kind, text, session) = body.deserialize().ok()?;
                Some(Event::Notice { kind, text, session })
            }
            _ => None,
        }
    }
}
