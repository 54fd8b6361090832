//! The loopback listener: a thread of its own, so that a test may block and the double still answers.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fmt, io};

use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::net::RecvFlags;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::server;
use super::shared::Shared;

/// The far end of a connection.
#[derive(Clone)]
pub(crate) struct Peer(Arc<OwnedFd>);

impl Peer {
    /// Has the client closed the connection? The kernel knows before anybody has read it.
    pub(crate) fn is_gone(&self) -> bool {
        let mut byte = [0_u8; 1];
        match rustix::net::recv(&self.0, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Ok((read, _)) => read == 0,
            Err(error) => error != rustix::io::Errno::AGAIN,
        }
    }
}

/// The reply is not to be sent: the connection ends instead.
#[derive(Debug)]
pub(crate) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

#[derive(Clone, Copy)]
enum Order {
    Close,
    Open,
    Stop,
}

type Inbox = mpsc::UnboundedReceiver<(Order, std_mpsc::Sender<()>)>;

/// Tells the listener what to do.
#[derive(Clone)]
pub(crate) struct Orders(mpsc::UnboundedSender<(Order, std_mpsc::Sender<()>)>);

impl Orders {
    /// Refuses connections and cuts those that stand, until `open`.
    pub(crate) fn close(&self) {
        self.give(Order::Close, true);
    }

    /// Listens again on the same port.
    pub(crate) fn open(&self) {
        self.give(Order::Open, true);
    }

    /// Closes, and opens again after a while; comes back at once.
    pub(crate) fn close_for(&self, time: Duration) {
        let orders = self.clone();
        tokio::spawn(async move {
            orders.give(Order::Close, false);
            tokio::time::sleep(time).await;
            orders.give(Order::Open, false);
        });
    }

    fn give(&self, order: Order, wait: bool) {
        let (done, finished) = std_mpsc::channel();
        if self.0.send((order, done)).is_ok() && wait {
            // Nothing is ever sent: the other end is dropped when the order is carried out.
            let _closed = finished.recv();
        }
    }
}

/// The running listener.
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    pub(crate) runtime: Handle,
    pub(crate) orders: Orders,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn start(shared: Shared, port: u16) -> io::Result<Self> {
        let (sender, inbox) = mpsc::unbounded_channel();
        let orders = Orders(sender);
        let (ready, started) = std_mpsc::channel();
        let serving = Serving { shared, orders: orders.clone() };
        let thread = std::thread::Builder::new().name("botapi-double".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error))),
            };
            runtime.block_on(async {
                match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                    Ok(listener) => {
                        let address = listener.local_addr();
                        drop(ready.send(address.map(|address| (address, Handle::current()))));
                        run(serving, listener, inbox).await;
                    }
                    Err(error) => drop(ready.send(Err(error))),
                }
            });
        })?;
        let stopped = || io::Error::other("the double's thread ended before it listened");
        let (address, runtime) = started.recv().map_err(|_| stopped())??;
        Ok(Self { address, runtime, orders, thread: Some(thread) })
    }

    pub(crate) fn stop(&mut self) {
        self.orders.give(Order::Stop, true);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed where it happened.
            drop(thread.join());
        }
    }
}

/// What every connection is served with.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) shared: Shared,
    pub(crate) orders: Orders,
}

async fn run(serving: Serving, listener: TcpListener, mut inbox: Inbox) {
    let address = listener.local_addr().expect("a bound socket has an address");
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            order = inbox.recv() => match order {
                Some((Order::Close, done)) => {
                    listener = None;
                    connections.shutdown().await;
                    drop(done);
                }
                Some((Order::Open, done)) => {
                    if listener.is_none() {
                        let bound = TcpListener::bind(address).await;
                        listener = Some(bound.expect("the double's port was taken while it was closed"));
                    }
                    drop(done);
                }
                Some((Order::Stop, _)) | None => return connections.shutdown().await,
            },
            Some(stream) = accept(listener.as_ref()) => {
                connections.spawn(serve(serving.clone(), stream));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.ok().map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn serve(serving: Serving, stream: TcpStream) {
    let Ok(twin) = stream.as_fd().try_clone_to_owned() else { return };
    // Replies are small and must not wait for an acknowledgement.
    drop(stream.set_nodelay(true));
    let peer = Peer(Arc::new(twin));
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        server::handle(serving.clone(), peer.clone(), request.map(Body::new))
    });
    // An error here is a client that went away, or a connection dropped on purpose.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}
