//! The notification server that is there, and what it can do.

use zbus::names::BusName;

use super::DoorError;
use super::proxy::NotificationsProxy;

/// The key by which servers that have it know the button that opens a line to type in.
pub(super) const REPLY: &str = "inline-reply";

/// What a server can do, of what makes a difference here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    /// Buttons.
    pub actions: bool,
    /// A body under the summary.
    pub body: bool,
    /// The body is read as markup, so that what looks like it must be escaped.
    pub markup: bool,
    /// A line can be typed into a notification.
    pub reply: bool,
}

/// A server.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// Its unique name on the bus.
    pub owner: String,
    pub abilities: Abilities,
}

impl Server {
    /// Asks the server what it can do. One that can be started by the bus is started; none if there
    /// is none to be had.
    pub(super) async fn meet(
        connection: &zbus::Connection,
        notifications: &NotificationsProxy<'_>,
    ) -> Result<Option<Self>, DoorError> {
        let names = match notifications.get_capabilities().await {
            Ok(names) => names,
            Err(error) => {
                tracing::info!("there is no notification server yet: {error}");
                return Ok(None);
            }
        };
        let has = |name: &str| names.iter().any(|known| known == name);
        // dunst reads markup whatever it says, unless it is told not to, and leaves out of a text
        // what it takes for a tag: then a person would allow what they do not see.
        let who = notifications.get_server_information().await;
        let is_dunst = who.is_ok_and(|(name, ..)| name == "dunst");
        let abilities = Abilities {
            actions: has("actions"),
            body: has("body"),
            markup: has("body-markup") || is_dunst,
            reply: has(REPLY),
        };
        let bus = zbus::fdo::DBusProxy::new(connection).await?;
        let name = BusName::try_from("org.freedesktop.Notifications").map_err(zbus::Error::from)?;
        match bus.get_name_owner(name).await {
            Ok(owner) => Ok(Some(Self { owner: owner.to_string(), abilities })),
            // Gone again in between; its return will be told.
            Err(zbus::fdo::Error::NameHasNoOwner(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
