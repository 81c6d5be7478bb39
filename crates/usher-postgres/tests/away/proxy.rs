//! Stands between the engine and the database, and cuts a connection at a chosen moment.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The last words of a transaction as they travel.
const COMMIT: &[u8] = b"COMMIT\0";

/// When the next connection that commits is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Not at all.
    Never,
    /// The server never hears of the commit.
    BeforeCommit,
    /// The server has committed and said so, and nobody hears it.
    BeforeAnswer,
}

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    address: SocketAddr,
    next: Arc<AtomicU8>,
    cuts: Arc<AtomicU64>,
}

impl Proxy {
    /// Begins to stand before the server at a port of this machine.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            next: Arc::new(AtomicU8::new(Cut::Never as u8)),
            cuts: Arc::new(AtomicU64::new(0)),
        };
        let (next, cuts) = (Arc::clone(&proxy.next), Arc::clone(&proxy.cuts));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (next, cuts) = (Arc::clone(&next), Arc::clone(&cuts));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                        carry(client, server, &next, &cuts).await;
                    }
                });
            }
        });
        proxy
    }

    /// The address of a database through the proxy.
    pub(crate) fn database(&self, name: &str) -> String {
        format!("postgres://postgres@{}/{name}", self.address)
    }

    /// Cuts the next connection that commits.
    pub(crate) fn cut_next(&self, cut: Cut) {
        self.next.store(cut as u8, Ordering::SeqCst);
    }

    /// How many connections were cut so far.
    pub(crate) fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways until one side ends or it is time to cut.
async fn carry(mut client: TcpStream, mut server: TcpStream, next: &AtomicU8, cuts: &AtomicU64) {
    let (mut said, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut said) => {
                let Ok(count @ 1..) = read else { return };
                let commits = said[..count].windows(COMMIT.len()).any(|words| words == COMMIT);
                let cut = if commits { next.swap(Cut::Never as u8, Ordering::SeqCst) } else { Cut::Never as u8 };
                if cut == Cut::BeforeCommit as u8 {
                    cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if server.write_all(&said[..count]).await.is_err() {
                    return;
                }
                if cut == Cut::BeforeAnswer as u8 {
                    until_committed(&mut server).await;
                    cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Hears the server's answer to the commit and tells nobody.
async fn until_committed(server: &mut TcpStream) {
    let mut heard = Vec::new();
    let mut bytes = vec![0; 65_536];
    while !heard.windows(COMMIT.len()).any(|words| words == COMMIT) {
        let Ok(count @ 1..) = server.read(&mut bytes).await else {
            return;
        };
        heard.extend_from_slice(&bytes[..count]);
    }
}
