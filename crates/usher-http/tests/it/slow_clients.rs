//! Clients that open connections and hardly say anything: they wait, and nobody else does.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};
use usher_http::serve_at_most;

use crate::support::House;

/// Places of the server in this tale.
const PLACES: usize = 16;
/// Connections of slow clients: many more than places.
const SLOW: usize = 200;
/// Only ends a test that would otherwise hang: without places given up the first honest answer would come after 75 seconds.
const HANGING: Duration = Duration::from_secs(60);

/// Asks once on a connection of its own; gives the answer.
async fn honest(address: SocketAddr) -> String {
    let asked = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    timeout(HANGING, asked).await.unwrap()
}

async fn with_a_small_server(tale: impl AsyncFnOnce(SocketAddr)) {
    let house = House::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(serve_at_most(PLACES, listener, house.router.clone(), async {
        let _ = stopped.await;
    }));
    tale(address).await;
    drop(stop);
    served.await.unwrap();
}

#[tokio::test]
async fn half_heads_silence_and_trickling_bodies_stop_nobody() {
    let beginnings = [
        "",
        "GET /livez HTT",
        "POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nuser",
    ];
    for beginning in beginnings {
        with_a_small_server(async |address| {
            let mut slow = Vec::new();
            for _ in 0..SLOW {
                let mut stream = TcpStream::connect(address).await.unwrap();
                // One that had to leave already cannot be written to.
                let _ = stream.write_all(beginning.as_bytes()).await;
                slow.push(stream);
            }
            for _ in 0..20 {
                let answer = honest(address).await;
                assert!(answer.ends_with("alive\n"), "{beginning:?}: {answer}");
            }
            drop(slow);
        })
        .await;
    }
}

/// A connection that is used stays, however many come and say nothing.
#[tokio::test]
async fn a_connection_in_use_keeps_its_place() {
    with_a_small_server(async |address| {
        let mut kept = TcpStream::connect(address).await.unwrap();
        let mut slow = Vec::new();
        for _ in 0..SLOW / PLACES {
            kept.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
                .await
                .unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"alive\n") {
                answer.push(timeout(HANGING, kept.read_u8()).await.unwrap().unwrap());
            }
            // Fewer than there are places, so that the one in use never waits longest.
            for _ in 0..PLACES / 2 {
                slow.push(TcpStream::connect(address).await.unwrap());
                honest(address).await;
            }
        }
    })
    .await;
}
