//! The private socket: the same objects, peer to peer, for where there is no session bus.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use zbus::{Guid, connection};

use super::caller::{Caller, Callers, authorise};
use super::context::{Context, Shared};
use super::publisher::{Ended, Publisher};

/// More clients at a time than any person has.
const CLIENTS_MAX: usize = 64;

/// Serves whoever comes for as long as it is polled.
pub(super) async fn serve(listener: UnixListener, shared: Arc<Shared>) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = clients.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(_) if clients.len() >= CLIENTS_MAX => {
                    tracing::warn!("refused a client: {CLIENTS_MAX} are connected to the private socket");
                }
                Ok((stream, _)) => {
                    clients.spawn(client(stream, shared.clone()));
                }
                Err(error) => {
                    tracing::error!("cannot take a connection on the private socket: {error}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            },
        }
    }
}

pub(super) async fn client(stream: UnixStream, shared: Arc<Shared>) {
    let ended = match admit(stream, shared).await {
        Ok(publisher) => publisher.run().await,
        Err(ended) => ended,
    };
    match ended {
        Ended::Closed => {}
        Ended::Broken(_) => tracing::debug!("a client of the private socket left: {ended}"),
        Ended::Stuck => tracing::warn!("gave up a client of the private socket: {ended}"),
    }
}

async fn admit(stream: UnixStream, shared: Arc<Shared>) -> Result<Publisher, Ended> {
    let peer =
        socket_peercred(&stream).map_err(|error| zbus::Error::from(io::Error::from(error)))?;
    let pid = u32::try_from(peer.pid.as_raw_nonzero().get()).ok();
    let caller = Caller::new(peer.uid.as_raw(), pid);
    if let Err(error) = authorise(&caller) {
        tracing::warn!(uid = caller.uid, program = caller.program, "refused a client: {error}");
        return Err(Ended::Closed);
    }
    let context = Context::new(shared, Callers::Peer(caller));
    let builder = connection::Builder::unix_stream(stream).server(Guid::generate())?.p2p();
    Publisher::open(builder, context).await
}
