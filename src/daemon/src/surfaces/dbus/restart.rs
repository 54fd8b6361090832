//! Restarting the daemon: the service manager's work, which pager only asks for.

use tokio::sync::watch;
use zbus::Connection;

use super::error::Error;
use crate::host::manager::{ServiceManagerProxy, why};

/// The connection to the session bus while there is one; objects on other connections need it too.
pub(super) type SessionBus = watch::Sender<Option<Connection>>;

/// Asks the user's service manager to restart pager.
pub(super) async fn restart(bus: &SessionBus) -> Result<(), Error> {
    let cannot = |why: &str| {
        Error::Unavailable(format!(
            "pager cannot be restarted from here: {why}; \
             use systemctl --user restart pager.service, or end pagerd and start it again"
        ))
    };
    let connection = bus.borrow().clone().ok_or_else(|| cannot("there is no session bus"))?;
    let manager = ServiceManagerProxy::new(&connection).await?;
    match manager.restart_unit("pager.service", "replace").await {
        Ok(_) => Ok(()),
        Err(error @ zbus::Error::MethodError(..)) => {
            Err(cannot(&format!("the service manager says: {}", why(error))))
        }
        Err(error) => Err(cannot(&error.to_string())),
    }
}
