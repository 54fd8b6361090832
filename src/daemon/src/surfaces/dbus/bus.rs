//! The session bus: connecting, owning the name, and coming back after either was lost.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::watch;
use zbus::fdo::{DBusProxy, RequestNameFlags, RequestNameReply};
use zbus::{Connection, connection};

use super::caller::Callers;
use super::context::{Context, Shared};
use super::names::BUS_NAME;
use super::publisher::{Ended, Publisher};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How it stands with the session bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusState {
    /// Not tried yet.
    Starting,
    /// There is none to be used.
    Off,
    /// The name is owned and everything is exported.
    Owned,
    /// Not now; it is tried again.
    Failing {
        /// Why.
        why: String,
    },
}

impl BusState {
    /// Whether the first attempt is over, well or badly.
    pub fn is_settled(&self) -> bool {
        *self != Self::Starting
    }
}

#[derive(Debug, thiserror::Error)]
enum BusError {
    #[error("the session bus at {0} cannot be used: {1}")]
    Connect(String, Ended),
    #[error("{BUS_NAME} is owned by somebody else on the session bus: is another pagerd running?")]
    Taken,
    #[error("{BUS_NAME} was taken away by the session bus")]
    Lost,
    #[error("the session bus was lost: {0}")]
    Ended(Ended),
}

/// Keeps pager on the session bus for as long as it is polled.
pub(super) async fn keep(address: &str, shared: Arc<Shared>, state: watch::Sender<BusState>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match serve(address, &shared, &state).await {
            Err(error) => error,
            Ok(error) => {
                pause = FIRST_PAUSE;
                error
            }
        };
        shared.session_bus.send_replace(None);
        let why = error.to_string();
        let news = state.send_if_modified(|state| {
            let failing = BusState::Failing { why: why.clone() };
            let news = *state != failing;
            *state = failing;
            news
        });
        if news {
            tracing::warn!("{why}; trying again");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// `Err` where the bus could not be had at all, `Ok` with the reason where it was had and lost.
async fn serve(
    address: &str,
    shared: &Arc<Shared>,
    state: &watch::Sender<BusState>,
) -> Result<BusError, BusError> {
    let cannot = |error: Ended| BusError::Connect(address.to_owned(), error);
    let context = Context::new(shared.clone(), Callers::Bus);
    let builder = connection::Builder::address(address).map_err(|error| cannot(error.into()))?;
    let publisher = Publisher::open(builder, context).await.map_err(cannot)?;
    let connection = publisher.connection().clone();
    let bus = DBusProxy::new(&connection).await.map_err(|error| cannot(error.into()))?;
    let mut lost = bus.receive_name_lost().await.map_err(|error| cannot(error.into()))?;
    own_name(&connection).await?;
    tracing::info!("on the session bus as {BUS_NAME}");
    shared.session_bus.send_replace(Some(connection));
    state.send_replace(BusState::Owned);
    let mut running = std::pin::pin!(publisher.run());
    loop {
        tokio::select! {
            ended = &mut running => return Ok(BusError::Ended(ended)),
            Some(signal) = lost.next() => {
                if signal.args().is_ok_and(|args| args.name() == BUS_NAME) {
                    return Ok(BusError::Lost);
                }
            }
        }
    }
}

async fn own_name(connection: &Connection) -> Result<(), BusError> {
    let flags = RequestNameFlags::DoNotQueue.into();
    match connection.request_name_with_flags(BUS_NAME, flags).await {
        Ok(RequestNameReply::PrimaryOwner | RequestNameReply::AlreadyOwner) => Ok(()),
        Ok(RequestNameReply::Exists | RequestNameReply::InQueue) | Err(zbus::Error::NameTaken) => {
            Err(BusError::Taken)
        }
        Err(error) => Err(BusError::Connect(BUS_NAME.to_owned(), error.into())),
    }
}
