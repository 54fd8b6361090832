//! The notification server's interface, as the specification has it.

use std::collections::HashMap;

use zbus::zvariant::Value;

#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
pub(super) trait Notifications {
    /// Shows a notification, or replaces the one of that id; `actions` are pairs of key and label.
    #[allow(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    /// Name, vendor, version, and version of the specification.
    fn get_server_information(&self) -> zbus::Result<(String, String, String, String)>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: &str);

    /// Not in the specification: a line was typed into a notification with the action
    /// `inline-reply`, on servers with the capability of that name.
    #[zbus(signal)]
    fn notification_replied(&self, id: u32, text: &str);

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32);
}
