//! What goes over a real socket: spelling of header names, and requests no HTTP library would send.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use usher_http::{
    EdgeSettings, Served,
    router::URI_BYTES_MAX,
    serve,
    server::{Drained, HEAD_BYTES_MAX, HEADERS_MAX},
};

use crate::support::{ACTIVITIES, House};

/// A house with a socket. Dropping the sender stops it.
pub struct Listening {
    pub house: House,
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Drained>,
}

impl Listening {
    pub async fn open() -> Self {
        Self::open_with(EdgeSettings::default()).await
    }

    /// The same under other settings.
    pub async fn open_with(settings: EdgeSettings) -> Self {
        Self::of(House::open_with(settings).await).await
    }

    /// A house that is there already.
    pub async fn of(house: House) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let public = Served::public(Arc::clone(&house.edge));
        let served = tokio::spawn(serve(listener, public, async {
            let _ = stopped.await;
        }));
        Self {
            house,
            address,
            stop,
            served,
        }
    }

    /// Sends bytes and reads until the server closes the connection.
    pub async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may have refused and closed before everything was written; its answer is there all the same.
        let _ = stream.write_all(bytes.as_ref()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub async fn close(self) {
        let _ = self.stop.send(());
        assert_eq!(self.served.await.unwrap(), Drained { connections_cut: 0 });
    }
}

/// The status, or 0 when the connection was closed without an answer.
fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1);
    code.map_or(0, |code| code.parse().unwrap())
}

fn header_names(answer: &str) -> Vec<&str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    let lines = head.lines().skip(1);
    lines.map(|line| line.split(':').next().unwrap()).collect()
}

#[tokio::test]
async fn header_names_arrive_in_title_case() {
    let server = Listening::open().await;
    let token = server.house.administrator_token().await;
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        )
    };
    let page = format!("{ACTIVITIES}?seat_type=per_user&page_size=1");
    let mut limited = String::new();
    for _ in 0..11 {
        limited = server.exchange(request(&page)).await;
    }
    assert_eq!(status(&limited), 429);
    for name in [
        "Content-Type",
        "Content-Length",
        "X-Tt-Logid",
        "X-Request-Id",
        "X-Ogw-Ratelimit-Limit",
        "X-Ogw-Ratelimit-Reset",
        "Retry-After",
    ] {
        assert!(header_names(&limited).contains(&name), "{name}: {limited}");
    }
    server.house.clock.advance(1_000);
    for (path, expected) in [(&page[..], 200), (ACTIVITIES, 400), ("/nowhere", 404)] {
        let answer = server.exchange(request(path)).await;
        assert_eq!(status(&answer), expected, "{answer}");
        for name in header_names(&answer) {
            assert!(
                name.split('-')
                    .all(|part| part.starts_with(|first: char| first.is_ascii_uppercase())),
                "{name}"
            );
        }
    }
    server.close().await;
}

/// Two SDKs send `{}` with every GET; the connection stays good for the next request, also when the body comes late.
#[tokio::test]
async fn a_get_with_a_body_leaves_the_connection_usable() {
    let server = Listening::open().await;
    let token = server.house.administrator_token().await;
    let path = format!("{ACTIVITIES}?seat_type=per_user&page_size=1");
    let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let chunked = "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    for body in ["content-length: 2\r\n\r\n{}", chunked, "\r\n"] {
        let (first, last) = body.split_at(body.len() - 1);
        stream
            .write_all(format!("{head}{first}").as_bytes())
            .await
            .unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(last.as_bytes()).await.unwrap();
        let answer = read_one(&mut stream).await;
        assert_eq!(status(&answer), 200, "{answer}");
        assert!(!answer.contains("Connection: close"), "{answer}");
    }
    drop(stream);
    server.close().await;
}

/// Reads one answer that has a `Content-Length`.
async fn read_one(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.unwrap().parse().unwrap() {
                return text;
            }
        }
        assert_ne!(
            stream.read_buf(&mut bytes).await.unwrap(),
            0,
            "closed early: {text}"
        );
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Listening::open().await;
    let one = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = server.exchange(format!("{one}{one}{last}")).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert!(answer.ends_with("404 page not found"), "{answer}");
    server.close().await;
}

/// A GET that ends its connection, with further header lines.
fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")
}

/// A GET whose body is chunked as written.
fn chunked(body: &str) -> String {
    get(ACTIVITIES, "Transfer-Encoding: chunked\r\n") + body
}

/// Sends each and holds the answer to a status; then the server must be well.
async fn assert_statuses(cases: &[(&str, String, u16)]) {
    let server = Listening::open().await;
    for (title, bytes, expected) in cases {
        let answer = server.exchange(bytes).await;
        assert_eq!(status(&answer), *expected, "{title}: {answer:?}");
    }
    let well = server.exchange(get("/livez", "")).await;
    assert!(well.ends_with("alive\n"), "{well}");
    server.close().await;
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let raw = ToOwned::to_owned;
    assert_statuses(&[
        ("nonsense", raw("nonsense\r\n\r\n"), 400),
        ("a letter", raw("\r\n\r\nx\r\n\r\n"), 400),
        ("TLS hello", raw("\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n"), 400),
        ("HTTP/2 preface", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0),
        ("unknown version", raw("GET / HTTP/9.9\r\nHost: a\r\n\r\n"), 400),
        ("bad header name", get("/", "Bad Name: x\r\n"), 400),
        ("folded header", get("/", "X-A: 1\r\n 2\r\n"), 400),
        ("NUL in a header", get("/", "X-A: \0\r\n"), 400),
        ("space in the target", get("/a b", ""), 400),
        ("control character in the target", get("/a\u{1}b", ""), 400),
        (
            "two lengths",
            get("/", "Content-Length: 1\r\nContent-Length: 2\r\n"),
            400,
        ),
        ("negative length", get("/", "Content-Length: -1\r\n"), 400),
        (
            "length that is no number",
            get("/", "Content-Length: 1e3\r\n"),
            400,
        ),
        (
            "length beyond any",
            get("/", "Content-Length: 99999999999999999999999\r\n"),
            400,
        ),
        ("bad chunk size", chunked("zz\r\n{}\r\n0\r\n\r\n"), 400),
        (
            "chunk larger than its size",
            chunked("1\r\n{}xxxx\r\n0\r\n\r\n"),
            400,
        ),
        (
            "chunk size beyond any",
            chunked("ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
            400,
        ),
    ])
    .await;
}

#[tokio::test]
async fn oversized_requests_are_refused() {
    let long_query = format!("{ACTIVITIES}?{}", "a".repeat(9_000));
    let longer_than_a_head = format!("/{}", "a".repeat(70_000));
    assert_statuses(&[
        (
            "one large header",
            get("/", &format!("X-Filler: {}\r\n", "a".repeat(20_000))),
            431,
        ),
        ("many headers", get("/", &"X-Filler: 1\r\n".repeat(200)), 431),
        ("target", get(&long_query, ""), 414),
        (
            "target larger than a head may be",
            get(&longer_than_a_head, ""),
            431,
        ),
    ])
    .await;
}

#[tokio::test]
async fn unusual_requests_are_understood() {
    let ended = "Host: a:1\r\nConnection: close\r\n\r\n";
    assert_statuses(&[
        ("asterisk", format!("OPTIONS * HTTP/1.1\r\n{ended}"), 404),
        ("authority", format!("CONNECT a:1 HTTP/1.1\r\n{ended}"), 404),
        ("absolute form", get("http://other.example/livez", ""), 200),
        (
            "no host",
            "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
            200,
        ),
        ("HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n".to_owned(), 200),
        ("empty query", get("/livez?", ""), 200),
        ("lone percent", get("/%", ""), 404),
        ("dots", get("/../../etc/passwd", ""), 404),
    ])
    .await;
}

/// A body of a GET that is larger than we read ends its connection, and the answer is the same.
#[tokio::test]
async fn an_endless_body_of_a_get_is_not_read_to_its_end() {
    let server = Listening::open().await;
    let head = format!("GET {ACTIVITIES} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000000\r\n\r\n");
    let answer = server.exchange(head + &"x".repeat(100)).await;
    assert_eq!(status(&answer), 400);
    assert!(answer.contains("99991661"), "{answer}");
    server.close().await;
}

/// Reads one answer of a kept connection: its status.
async fn next_status(stream: &mut TcpStream) -> u16 {
    status(&read_one(stream).await)
}

/// Every limit at its edge: what just fits is served, one more is refused, and where the connection stays it serves the next.
#[tokio::test]
async fn each_limit_holds_at_its_edge() {
    let server = Listening::open().await;
    let target = |bytes: usize| format!("/livez?{}", "a".repeat(bytes - "/livez?".len()));
    for (bytes, expected) in [(URI_BYTES_MAX, 200), (URI_BYTES_MAX + 1, 414)] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", target(bytes));
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(
            next_status(&mut stream).await,
            expected,
            "an address of {bytes} bytes"
        );
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(
            next_status(&mut stream).await,
            200,
            "the connection is not harmed"
        );
    }
    let with_headers = |count: usize| get("/livez", &"X-A: 1\r\n".repeat(count - 2));
    for (headers, expected) in [(HEADERS_MAX, 200), (HEADERS_MAX + 1, 431)] {
        let answer = server.exchange(with_headers(headers)).await;
        assert_eq!(status(&answer), expected, "{headers} headers: {answer}");
    }
    let bare = get("/livez", "X-A: \r\n").len();
    let head_of = |bytes: usize| get("/livez", &format!("X-A: {}\r\n", "a".repeat(bytes - bare)));
    for (bytes, expected) in [(HEAD_BYTES_MAX - 1, 200), (HEAD_BYTES_MAX + 1, 431)] {
        let answer = server.exchange(head_of(bytes)).await;
        assert_eq!(status(&answer), expected, "a head of {bytes} bytes: {answer}");
    }
    server.close().await;
}
