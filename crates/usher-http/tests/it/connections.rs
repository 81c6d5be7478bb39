//! Connections from the first to the last: a crowd waits for places; when the server stops, what was taken is answered, what
//! is idle is closed, and what never ends is cut and counted. Connections are in memory and time is moved by the runtime,
//! so nothing waits and nothing depends on speed.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};
use usher_http::{
    serve_at_most,
    server::{DRAIN_TIMEOUT, Drained, HEAD_READ_TIMEOUT, Listen, WRITE_TIMEOUT, connections_within},
};

/// A listener whose connections come from the test.
struct InMemory(mpsc::UnboundedReceiver<DuplexStream>);

impl Listen for InMemory {
    type Stream = DuplexStream;

    async fn next(&mut self) -> io::Result<(DuplexStream, Option<SocketAddr>)> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, None)),
            None => std::future::pending().await,
        }
    }
}

struct Serving {
    connect: mpsc::UnboundedSender<DuplexStream>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Drained>,
}

impl Serving {
    fn open(router: Router) -> Self {
        Self::open_at_most(100, router)
    }

    fn open_at_most(connections_max: usize, router: Router) -> Self {
        let (connect, connections) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve_at_most(
            connections_max,
            InMemory(connections),
            router,
            async {
                let _ = stopped.await;
            },
        ));
        Self {
            connect,
            stop,
            served,
        }
    }

    fn connect(&self) -> DuplexStream {
        let (ours, theirs) = duplex(1_024);
        self.connect.send(theirs).unwrap();
        ours
    }
}

/// A route that says when it has begun and waits until it is told to go on.
fn slow_route() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let inner = (Arc::clone(&begun), Arc::clone(&go_on));
    let handler = async move || {
        inner.0.notify_one();
        inner.1.notified().await;
        "done"
    };
    let router = Router::new()
        .route("/slow", get(handler))
        .route("/large", get(async || "x".repeat(1_000_000)));
    (router, begun, go_on)
}

async fn read_all(stream: &mut DuplexStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_taken_is_answered_and_idle_connections_are_closed() {
    let (router, begun, go_on) = slow_route();
    let serving = Serving::open(router);
    let mut idle = serving.connect();
    let mut kept = serving.connect();
    kept.write_all(b"GET /nowhere HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(kept.read_u8().await.is_ok());
    let mut busy = serving.connect();
    busy.write_all(b"GET /slow HTTP/1.1\r\n\r\n").await.unwrap();
    begun.notified().await;

    serving.stop.send(()).unwrap();
    assert_eq!(read_all(&mut idle).await, "");
    assert!(read_all(&mut kept).await.contains("404"));
    assert!(!serving.served.is_finished(), "one request is not answered yet");

    go_on.notify_one();
    let answer = read_all(&mut busy).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"),
        "{answer}"
    );
    assert_eq!(serving.served.await.unwrap(), Drained { connections_cut: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_cut_and_counted() {
    let (router, begun, _go_on) = slow_route();
    let serving = Serving::open(router);
    let mut stuck = serving.connect();
    stuck.write_all(b"GET /slow HTTP/1.1\r\n\r\n").await.unwrap();
    begun.notified().await;
    let before = Instant::now();
    serving.stop.send(()).unwrap();
    assert_eq!(serving.served.await.unwrap(), Drained { connections_cut: 1 });
    assert!(before.elapsed() >= DRAIN_TIMEOUT);
    assert_eq!(read_all(&mut stuck).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_and_a_silent_connection_are_given_up() {
    let (router, ..) = slow_route();
    let serving = Serving::open(router);
    for beginning in ["", "GET /slow HTT"] {
        let before = Instant::now();
        let mut stream = serving.connect();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
        assert!(before.elapsed() >= HEAD_READ_TIMEOUT);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_nobody_reads_ends_with_its_connection() {
    let (router, ..) = slow_route();
    let serving = Serving::open(router);
    let mut stream = serving.connect();
    stream.write_all(b"GET /large HTTP/1.1\r\n\r\n").await.unwrap();
    tokio::time::sleep(WRITE_TIMEOUT * 2).await;
    let answer = read_all(&mut stream).await;
    assert!(answer.len() < 1_000_000, "the rest was not waited for");
}

/// A crowd waits for places instead of taking more than there are, and everybody has a turn.
#[tokio::test(start_paused = true)]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let (router, begun, go_on) = slow_route();
    let serving = Serving::open_at_most(1, router);
    let request = b"GET /slow HTTP/1.1\r\nConnection: close\r\n\r\n";
    let mut crowd = Vec::new();
    for _ in 0..3 {
        let mut stream = serving.connect();
        stream.write_all(request).await.unwrap();
        crowd.push(stream);
    }
    for mut stream in crowd {
        begun.notified().await;
        // With time standing still, this passes only when everything that can run has run.
        assert!(
            timeout(DRAIN_TIMEOUT, begun.notified()).await.is_err(),
            "only one is inside"
        );
        go_on.notify_one();
        assert!(read_all(&mut stream).await.ends_with("done"));
    }
}

#[test]
fn connections_leave_files_for_the_store() {
    for (open_files, connections) in [(0, 1), (128, 1), (256, 128), (1_024, 896), (1 << 20, 4_096)] {
        assert_eq!(connections_within(open_files), connections);
    }
}
