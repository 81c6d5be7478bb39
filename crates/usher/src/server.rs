//! A running server: the public routes on TCP, the control channel on its socket, the hourly round of tickets, the minutely
//! round through the store and a word to other instances every second, over one ledger.
//!
//! ```text
//! start: ledger and key open -> address bound -> control socket bound -> other instances told -> both served
//! stop:  both stop taking -> what was taken is answered -> door closed -> other instances told -> store closed
//!        -> folder let go
//! ```

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, TcpSocket, lookup_host},
    sync::watch,
    task::JoinHandle,
};
use usher_http::{EdgeSettings, server::connections_within};
use usher_store::InstanceName;

use crate::{
    control::{
        self, Place,
        channel::held,
        server::{ControlListener, SocketPlace},
    },
    failure::Failure,
    instances,
    ledger::Ledger,
    ledger_place::LedgerPlace,
    open_files, tending, words,
};

/// Connections that may wait with the kernel to be taken: a crowd that comes in one moment. One more would have to try again
/// after a second. Most systems allow as many and not more (`net.core.somaxconn`).
const WAITING_CONNECTIONS_MAX: u32 = 4_096;

/// A server that listens.
pub(crate) struct Server {
    ledger: Ledger,
    address: SocketAddr,
    place: Place,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Opens the ledger at a place for a server. A running server is named at once; a command at work is waited for. A
    /// database has room for everybody, and needs no socket.
    ///
    /// # Errors
    /// As [`Ledger::open`], or [`Exit::Held`](crate::output::Exit::Held).
    pub(crate) async fn open(
        place: &LedgerPlace,
        command: &str,
    ) -> Result<(Ledger, Option<SocketPlace>), Failure> {
        let socket = match place {
            LedgerPlace::File { folder, .. } => Some(SocketPlace::choose(folder)?),
            LedgerPlace::Database { .. } => None,
        };
        let path = socket.as_ref().map(|socket| socket.path().to_owned());
        let ledger = control::channel::open_when_free(place, command, path).await?;
        match ledger {
            Ok(ledger) => Ok((ledger, socket)),
            Err(holder) => {
                let listening = control::channel::listening(holder.as_ref()).await;
                Err(held(place, holder.as_ref(), listening.as_deref()))
            }
        }
    }

    /// Binds the address and the socket and begins to serve.
    ///
    /// # Errors
    /// A failure when the address or the socket cannot be had; the ledger is closed then.
    pub(crate) async fn start(
        (ledger, socket): (Ledger, Option<SocketPlace>),
        listen: &str,
        settings: EdgeSettings,
        name: Option<InstanceName>,
    ) -> Result<Self, Failure> {
        match Self::prepare(&ledger, socket, listen, name).await {
            Ok(bound) => Ok(Self::serve(ledger, bound, settings)),
            Err(failure) => {
                ledger.close().await;
                Err(failure)
            }
        }
    }

    /// Everything that may fail. Others are told last, and before anybody is let in.
    async fn prepare(
        ledger: &Ledger,
        socket: Option<SocketPlace>,
        listen: &str,
        name: Option<InstanceName>,
    ) -> Result<Bound, Failure> {
        let bound = bind(socket, listen).await?;
        let name = name.map_or_else(|| instances::name_by_chance(&*ledger.chance), Ok)?;
        instances::enter(&*ledger.store, name, &ledger.door, &*ledger.clock).await?;
        Ok(bound)
    }

    fn serve(ledger: Ledger, bound: Bound, settings: EdgeSettings) -> Self {
        let connections_max = connections_within(open_files::raise_limit());
        let (stop, stopping) = watch::channel(false);
        let listening = base_address(bound.address);
        let base = settings.public_origin.as_ref().map(ToString::to_string);
        let place = Place {
            base: base.unwrap_or_else(|| listening.clone()),
            listening,
        };
        let edge = ledger.edge(settings);
        let public = usher_http::Served::public(Arc::clone(&edge));
        let calls = control::router(ledger.control(Some(place.clone())), Arc::clone(&edge));
        let (public_stop, calls_stop) = (stopped(stopping.clone()), stopped(stopping.clone()));
        let (tickets_stop, words_stop) = (stopping.clone(), stopping.clone());
        let tending = tending::every_minute(Arc::clone(&ledger.store), Arc::clone(&ledger.clock));
        let words = instances::speak(
            Arc::clone(&ledger.store),
            ledger.door.clone(),
            Arc::clone(&ledger.clock),
        );
        let mut tasks = vec![
            tokio::spawn(async move {
                tokio::select! {
                    () = words => {}
                    () = stopped(words_stop) => {}
                }
            }),
            tokio::spawn(async move {
                usher_http::serve_at_most(connections_max, bound.public, public, public_stop).await;
            }),
            tokio::spawn(async move {
                tokio::select! {
                    () = usher_http::oauth::tickets::deliver_every_hour(edge) => {}
                    () = stopped(tickets_stop) => {}
                }
            }),
            tokio::spawn(async move {
                tokio::select! {
                    () = tending => {}
                    () = stopped(stopping) => {}
                }
            }),
        ];
        if let Some(control) = bound.control {
            tasks.push(tokio::spawn(async move {
                usher_http::serve(control, calls, calls_stop).await;
            }));
        }
        Self {
            ledger,
            address: bound.address,
            place,
            stop,
            tasks,
        }
    }

    /// The address it listens on, with the real port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens and where it is found.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The ledger it serves.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Stops: takes nothing new, answers what was taken, closes the door and the store.
    ///
    /// # Errors
    /// A failure when one of the two servers had ended by a panic.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.stop.send_replace(true);
        let mut failure = None;
        for task in self.tasks {
            if let Err(error) = task.await {
                failure = Some(Failure::failed(words!(
                    "a part of the server had ended early: {error}",
                    "服务器的一部分提前结束：{error}"
                )));
            }
        }
        self.ledger.close().await;
        failure.map_or(Ok(()), Err)
    }
}

/// Everything that can fail before serving.
struct Bound {
    public: TcpListener,
    address: SocketAddr,
    /// None where commands reach the ledger without this process.
    control: Option<ControlListener>,
}

async fn bind(socket: Option<SocketPlace>, listen: &str) -> Result<Bound, Failure> {
    let public = listener(listen).await;
    let public = public.map_err(|error| address_unusable(listen, &error))?;
    let address = public
        .local_addr()
        .map_err(|error| address_unusable(listen, &error))?;
    Ok(Bound {
        public,
        address,
        control: socket.map(ControlListener::bind).transpose()?,
    })
}

/// Listens at the first of the addresses that can be had.
async fn listener(listen: &str) -> io::Result<TcpListener> {
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host(listen).await? {
        match listener_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn listener_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A server that starts again must not wait until the system has forgotten the connections of the last one.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_CONNECTIONS_MAX)
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // The sender going away means the same as its word.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

fn address_unusable(listen: &str, error: &io::Error) -> Failure {
    let words = if error.kind() == io::ErrorKind::AddrInUse {
        words!(
            "{listen} is in use by another program",
            "{listen} 已被另一个程序占用"
        )
    } else {
        words!("cannot listen on {listen}: {error}", "无法监听 {listen}：{error}")
    };
    Failure::failed(words).next(words!(
        "usher serve --listen 127.0.0.1:0",
        "usher serve --listen 127.0.0.1:0"
    ))
}

/// The address as a client on this machine would write it.
pub(crate) fn base_address(address: SocketAddr) -> String {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_address_is_shown_as_this_machine() {
        assert_eq!(base_address("0.0.0.0:80".parse().unwrap()), "http://127.0.0.1:80");
        assert_eq!(base_address("[::]:80".parse().unwrap()), "http://[::1]:80");
        assert_eq!(base_address("10.0.0.7:80".parse().unwrap()), "http://10.0.0.7:80");
    }
}
