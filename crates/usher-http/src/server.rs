//! The HTTP/1.1 connection loop, with its limits.
//!
//! Not `axum::serve`, because it cannot spell header names in Title-Case, and Feishu's Python SDK finds `Content-Type`
//! and `X-Tt-Logid` only so (client-behaviour.md, rule 1). HTTP/2 is left out: its names are lower case by definition, no
//! client of ours needs it, and a gateway in front can speak it.
//!
//! Every connection of the public address begins on the short way to the door (`short_way`), and comes here with its first
//! request that is none of the door's.
//!
//! Load: there are so many places for connections. When they are taken, whoever comes gets the place of the connection that
//! has waited for its client longest (`places`); when everybody is being served, a crowd waits in the kernel's own
//! queue and costs us nothing. Time: a client has [`HEAD_READ_TIMEOUT`] for each request's head, also when it says nothing
//! on a kept connection, and bodies have a limit of their own (`body.rs`). An answer that its reader does not take makes
//! no progress for [`WRITE_TIMEOUT`] and ends with its connection. Whoever was told that the server is busy and comes back too
//! early waits out the second that they were told (`pause`).
//!
//! Stopping: the listener is closed, kept connections without a request are closed, every request that was taken is
//! answered with `Connection: close`, and what is not done after [`DRAIN_TIMEOUT`] is cut and counted.
//!
//! ```text
//! accepting --shutdown--> draining --all answered--> Drained { connections_cut: 0 }
//!                             \-----time is over---> Drained { connections_cut: n }
//! ```

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt as _;

use crate::{
    access::accesses,
    edge::{Edge, PeerAddress},
    wire::envelope::Crowded,
};

mod arriving;
mod pause;
mod places;
mod short_way;
mod write_timeout;

use arriving::Arriving;
use pause::Pause;
use places::{Place, Places};
use short_way::Onward;
use write_timeout::WriteTimeout;

/// Longest head of a request in bytes, request line and headers together: twice our longest address, which leaves 8 KiB
/// for a token of 4 KiB and what proxies add. Also the read buffer of a connection, so that
/// `CONNECTIONS_MAX` of them hold 64 MiB at most.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most headers of a request; browsers and proxies together send some 40.
pub const HEADERS_MAX: usize = 100;
/// How long the head of a request may take, and how long a kept connection may be silent. Longer than the 60 seconds for
/// which nginx keeps connections to us, so that nginx closes first and never meets a connection we are just closing.
pub const HEAD_READ_TIMEOUT: Duration = Duration::from_secs(75);
/// How long an answer may make no progress because nobody reads it.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Most connections at once, whatever the process may open: some dozens for gateways' pools and API programs, the rest is
/// room for crowds. Each costs a buffer, a task and a file descriptor.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Files the rest of the program may need open: the store's, its readers', logs, the lock. If connections could take
/// these, a crowd at the socket would stop the store.
pub const FILES_RESERVED: usize = 128;
/// Files a process may open unless somebody raised it: the usual soft limit of Linux.
const OPEN_FILES_USUAL: usize = 1_024;
/// How long requests may take to be answered after the server was told to stop; service managers kill after 30 to 90.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// How long to wait when the kernel cannot give a connection (file descriptors used up): trying at once would only burn.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Something connections come from.
pub trait Listen: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Takes the next connection, and where it comes from if that has an address. Dropping the future loses nothing.
    fn next(&mut self) -> impl Future<Output = io::Result<(Self::Stream, Option<SocketAddr>)>> + Send;
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    async fn next(&mut self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        let (stream, address) = self.accept().await?;
        // An answer is one write; waiting to fill a packet would only delay it. Failing to say so is no harm.
        let _ = stream.set_nodelay(true);
        Ok((stream, Some(address)))
    }
}

impl Listen for UnixListener {
    type Stream = UnixStream;

    async fn next(&mut self) -> io::Result<(UnixStream, Option<SocketAddr>)> {
        let (stream, _) = self.accept().await?;
        Ok((stream, None))
    }
}

/// What connections are answered with.
#[derive(Clone)]
pub struct Served {
    router: Router,
    /// Whose door is asked before the routes are.
    door: Option<Arc<Edge>>,
}

impl Served {
    /// All public routes of an edge, with the short way to its door.
    #[must_use]
    pub fn public(edge: Arc<Edge>) -> Self {
        Self {
            router: crate::router(Arc::clone(&edge)),
            door: Some(edge),
        }
    }
}

impl From<Router> for Served {
    /// These routes and nothing before them.
    fn from(router: Router) -> Self {
        Self { router, door: None }
    }
}

/// How the serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections cut because they were not done in time; 0 when every request was answered.
    pub connections_cut: usize,
}

/// How many connections fit when the process may open `open_files_max` files; at least one.
#[must_use]
pub fn connections_within(open_files_max: usize) -> usize {
    open_files_max
        .saturating_sub(FILES_RESERVED)
        .clamp(1, CONNECTIONS_MAX)
}

/// Serves until `shutdown` is done, then answers what was taken and returns. Takes as many connections as fit
/// into the usual limit of open files.
pub async fn serve<Listener: Listen>(
    listener: Listener,
    served: impl Into<Served>,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    serve_at_most(connections_within(OPEN_FILES_USUAL), listener, served, shutdown).await
}

/// The same for whoever knows better how many connections fit.
pub async fn serve_at_most<Listener: Listen>(
    connections_max: usize,
    mut listener: Listener,
    served: impl Into<Served>,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let served = served.into();
    let (stop, stopping) = watch::channel(false);
    let places = Places::new(connections_max);
    let mut connections = JoinSet::new();
    // Taken from the kernel and without a place yet; kept here, where no other event loses it.
    let mut newcomer = None;
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => log_panic(ended),
            (stream, peer) = next_connection(&mut listener), if newcomer.is_none() => {
                newcomer = Some((stream, peer));
            }
            place = places.take(), if newcomer.is_some() => {
                if let Some((stream, peer)) = newcomer.take() {
                    let from = (peer, Arc::new(place));
                    connections.spawn(converse(stream, from, served.clone(), stopping.clone()));
                }
            }
        }
    }
    drop(listener);
    // Nobody listens when there are no connections, which is fine.
    let _ = stop.send(true);
    drain(connections).await
}

/// Waits for a connection. Dropping the future loses nothing.
async fn next_connection<Listener: Listen>(
    listener: &mut Listener,
) -> (Listener::Stream, Option<SocketAddr>) {
    let mut failed_before = false;
    loop {
        match listener.next().await {
            Ok(connection) => return connection,
            Err(error) => {
                // Said once for a row of failures; twenty lines a second would bury everything else.
                if !failed_before {
                    tracing::warn!(%error, "connections cannot be accepted; trying again");
                }
                failed_before = true;
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// Answers the requests of one connection, one after the other.
async fn converse<Stream>(
    stream: Stream,
    (peer, place): (Option<SocketAddr>, Arc<Place>),
    served: Served,
    mut stopping: watch::Receiver<bool>,
) where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = WriteTimeout::new(stream, WRITE_TIMEOUT);
    let onward = match &served.door {
        Some(edge) => short_way::converse(edge, stream, (peer.map(PeerAddress), &place), &stopping).await,
        None => Some(Onward::new(Vec::new(), stream)),
    };
    let Some(stream) = onward.map(TokioIo::new) else {
        return;
    };
    let router = served.router;
    let for_requests = (Arc::clone(&place), Arc::new(Pause::default()));
    let service = service_fn(move |request| answer(router.clone(), peer, for_requests.clone(), request));
    let mut connection = pin!(protocol().serve_connection(stream, service));
    let stop = async move {
        // The sender going away means the same as its word.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    // Polled after the connection: what was there already has been taken before the connection counts as waiting.
    let leave = async {
        place.wait_unless_at_work();
        place.must_leave().await;
    };
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = leave => return tracing::debug!("a connection that said nothing has left its place to another"),
        () = stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A client that breaks off or sends nonsense has been answered as far as it can be; an operator need not act.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The limits of HTTP/1.1 as hyper takes them, each spelt out.
fn protocol() -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .title_case_headers(true)
        .keep_alive(true)
        .half_close(false)
        .pipeline_flush(false)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .header_read_timeout(HEAD_READ_TIMEOUT);
    protocol
}

/// Hands one request to the routes, with the address it came from.
async fn answer(
    router: Router,
    peer: Option<SocketAddr>,
    (place, pause): (Arc<Place>, Arc<Pause>),
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, std::convert::Infallible> {
    let reports = request.uri().path() == accesses::PATH;
    if reports {
        pause.over().await;
    }
    let mut request: Request = if request.body().is_end_stream() {
        place.work();
        request.map(Body::new)
    } else {
        place.wait();
        request.map(|body| Body::new(Arriving::new(body, Arc::clone(&place))))
    };
    if let Some(address) = peer {
        request.extensions_mut().insert(PeerAddress(address));
    }
    let answered = router.oneshot(request).await;
    if reports && matches!(&answered, Ok(answer) if answer.extensions().get::<Crowded>().is_some()) {
        pause.begin();
    }
    place.wait();
    answered
}

/// Waits until every connection is done, or cuts what is left.
async fn drain(mut connections: JoinSet<()>) -> Drained {
    let all_done = async {
        while let Some(ended) = connections.join_next().await {
            log_panic(ended);
        }
    };
    if timeout(DRAIN_TIMEOUT, all_done).await.is_ok() {
        return Drained { connections_cut: 0 };
    }
    let connections_cut = connections.len();
    connections.shutdown().await;
    tracing::warn!(
        connections_cut,
        grace_seconds = DRAIN_TIMEOUT.as_secs(),
        "stopped before every request was answered"
    );
    Drained { connections_cut }
}

/// Handlers' panics are answered inside the router; one that gets here is in the loop itself.
fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Some(error) = ended.err().filter(tokio::task::JoinError::is_panic) {
        tracing::error!(%error, "a connection's task panicked");
    }
}
