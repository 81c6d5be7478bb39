//! Limits of reports at their edges, on the short way and on the one through hyper: what just fits is served, one more is refused,
//! and whoever comes next is served as before. The limits of heads and addresses are in `raw_socket`, those of connections in
//! `connections`.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};
use usher_door::DoorLimits;
use usher_http::{
    EdgeSettings,
    body::{BODY_BYTES_MAX, BODY_READ_TIMEOUT, BULK_BODY_BYTES_MAX},
    server::{HEAD_BYTES_MAX, HEADERS_MAX},
};
use usher_store::TokenKind;

use crate::{
    raw_socket::Listening,
    support::{ADMINISTRATOR, Ask, House, TokenOrder},
};

/// Lines that say nothing to us; the second makes hyper read the request.
const WAYS: [&str; 2] = ["", "TE: trailers\r\n"];
const WELL: &str = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

async fn open_with(limits: DoorLimits) -> (Listening, String) {
    let house = House::open_in_file_with_door(EdgeSettings::default(), limits).await;
    house
        .change(vec![house.app("crm"), house.seat(ADMINISTRATOR, None)])
        .await;
    let token = house
        .token(TokenOrder {
            kind: TokenKind::Service,
            client: None,
            user: None,
            scopes: Vec::new(),
            ..house.order()
        })
        .await;
    let server = Listening::of(house).await;
    // The token is known from here on.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    send(&mut stream, &(head(&token, "", 100) + &body(100))).await;
    answer(&mut stream).await;
    (server, token)
}

async fn open() -> (Listening, String) {
    open_with(DoorLimits::default()).await
}

fn head(token: &str, more: &str, body_bytes: usize) -> String {
    format!(
        "POST /usher/v1/accesses HTTP/1.1\r\nHost: a\r\n{more}Authorization: Bearer {token}\r\n\
         Content-Length: {body_bytes}\r\n\r\n"
    )
}

/// A report of one access in so many bytes.
fn body(bytes: usize) -> String {
    let access = format!("{{\"user_id\":{ADMINISTRATOR},\"namespace\":\"crm\"}}");
    " ".repeat(bytes - access.len()) + &access
}

async fn send(stream: &mut TcpStream, text: &str) {
    // A server that has refused already may have closed; its answer is there all the same.
    let _ = stream.write_all(text.as_bytes()).await;
}

/// The next answer of a connection: its status and all of it.
async fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head + &String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn a_report_may_have_a_mebibyte_and_not_a_byte_more() {
    let (server, token) = open().await;
    for way in WAYS {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        for bytes in [BODY_BYTES_MAX, 100, BODY_BYTES_MAX] {
            send(&mut stream, &(head(&token, way, bytes) + &body(bytes))).await;
            let (status, text) = answer(&mut stream).await;
            assert_eq!(status, 200, "{way:?}, {bytes}: {text}");
            assert!(text.contains("\"admitted\""), "{text}");
        }
        send(&mut stream, WELL).await;
        assert_eq!(answer(&mut stream).await.0, 200);

        let mut stream = TcpStream::connect(server.address).await.unwrap();
        send(&mut stream, &head(&token, way, BODY_BYTES_MAX + 1)).await;
        let (status, text) = answer(&mut stream).await;
        assert_eq!(status, 413, "{way:?}: {text}");
    }
    assert!(
        server
            .exchange(WELL.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
            .await
            .ends_with("alive\n")
    );
    server.close().await;
}

/// The body of a long report may come in any pieces.
#[tokio::test]
async fn a_long_report_may_come_in_pieces() {
    let (server, token) = open().await;
    let (head, body) = (head(&token, "", 20_000), body(20_000));
    for cut in [1, 4_096, 10_000, 19_999] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let (first, last) = body.split_at(cut);
        for piece in [&head, first] {
            send(&mut stream, piece).await;
            tokio::task::yield_now().await;
        }
        // The next question comes right behind.
        send(&mut stream, &format!("{last}{WELL}")).await;
        assert_eq!(answer(&mut stream).await.0, 200);
        assert!(answer(&mut stream).await.1.ends_with("alive\n"));
    }
    server.close().await;
}

#[tokio::test]
async fn a_long_report_that_stops_arriving_is_given_up() {
    let (server, token) = open().await;
    for way in WAYS {
        let (status, text, waited) = abandoned(&server, &head(&token, way, 20_000)).await;
        assert_eq!(status, 408, "{way:?}: {text}");
        // Five to ten seconds on the short way, and the usual time with hyper; timers ring a little late.
        assert!(waited.as_secs() <= 2 * BODY_READ_TIMEOUT.as_secs(), "{waited:?}");
    }
    server.close().await;
}

/// Sends half of a report and no more: the status and the text of the answer, and how long it took by a clock that is moved on
/// whenever everybody waits.
async fn abandoned(server: &Listening, head: &str) -> (u16, String, Duration) {
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    send(&mut slow, &(head.to_owned() + &body(10_000))).await;
    // What was sent is taken while time still passes.
    let mut other = TcpStream::connect(server.address).await.unwrap();
    send(&mut other, WELL).await;
    assert_eq!(first_status(&mut other).await, 200);
    tokio::time::pause();
    let begun = Instant::now();
    let (status, text) = answer(&mut slow).await;
    let waited = begun.elapsed();
    tokio::time::resume();
    (status, text, waited)
}

#[tokio::test]
async fn the_edges_of_a_question_s_head_are_the_same_on_both_ways() {
    let (server, token) = open().await;
    let report = |more: &str| head(&token, more, 100) + &body(100);
    let three = "Host: a\r\n".len() + head(&token, "", 100).len();
    // 48 is where the short way ends.
    for (headers, expected) in [(48, 200), (49, 200), (HEADERS_MAX, 200), (HEADERS_MAX + 1, 431)] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        send(&mut stream, &report(&"X-A: 1\r\n".repeat(headers - 3))).await;
        let status = first_status(&mut stream).await;
        assert_eq!(status, expected, "{headers} headers");
    }
    for (bytes, expected) in [
        (HEAD_BYTES_MAX / 2, 200),
        (HEAD_BYTES_MAX - 1_000, 200),
        (HEAD_BYTES_MAX + 1_000, 431),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        send(
            &mut stream,
            &report(&format!("X-A: {}\r\n", "a".repeat(bytes - three))),
        )
        .await;
        let status = first_status(&mut stream).await;
        assert_eq!(status, expected, "a head of some {bytes} bytes");
    }
    server.close().await;
}

/// The status of an answer that may have neither body nor length.
async fn first_status(stream: &mut TcpStream) -> u16 {
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).await.unwrap();
    String::from_utf8_lossy(&beginning[9..]).parse().unwrap()
}

#[tokio::test]
async fn a_bulk_call_may_have_ten_mebibytes_and_not_a_byte_more() {
    let house = House::open().await;
    let manager = house.manager().await;
    for (bytes, expected) in [(BULK_BODY_BYTES_MAX, 400), (BULK_BODY_BYTES_MAX + 1, 413)] {
        let ask = Ask::get("/usher/v1/seats/assign").method("POST").bearer(&manager);
        let answer = house.ask(ask.body(" ".repeat(bytes))).await;
        assert_eq!(answer.status.as_u16(), expected, "{bytes}");
    }
}

/// A door without any room.
const FULL: DoorLimits = DoorLimits {
    queue_accesses_max: 0,
    batch_accesses_max: 1,
};

#[tokio::test]
async fn a_full_door_refuses_by_the_head_and_the_connection_goes_on() {
    let (server, token) = open_with(FULL).await;
    for way in WAYS {
        for bytes in [100, 20_000, BODY_BYTES_MAX] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            send(&mut stream, &(head(&token, way, bytes) + &body(bytes))).await;
            let (status, text) = answer(&mut stream).await;
            assert_eq!(status, 503, "{way:?}, {bytes}: {text}");
            assert!(
                text.contains("2329001") && text.contains("\r\nRetry-After: 1\r\n"),
                "{text}"
            );
            tokio::time::pause();
            send(&mut stream, WELL).await;
            assert!(answer(&mut stream).await.1.ends_with("alive\n"));
            tokio::time::resume();
        }
    }
    // On the short way the answer does not wait for the body, and what is left of it is no question.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let text = body(20_000);
    let (first, last) = text.split_at(10);
    send(&mut stream, &(head(&token, "", text.len()) + first)).await;
    assert_eq!(answer(&mut stream).await.0, 503);
    tokio::time::pause();
    send(&mut stream, &format!("{last}{WELL}")).await;
    assert!(answer(&mut stream).await.1.ends_with("alive\n"));
    tokio::time::resume();
    server.close().await;
}

/// Whoever has no business at the door does not learn that it is full.
#[tokio::test]
async fn a_full_door_is_no_answer_to_a_stranger() {
    let (server, _) = open_with(FULL).await;
    for way in WAYS {
        for bytes in [100, 20_000] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            send(&mut stream, &(head("s-unknown", way, bytes) + &body(bytes))).await;
            let (status, text) = answer(&mut stream).await;
            assert_eq!(status, 400, "{text}");
            assert!(text.contains("99991668"), "{text}");
        }
    }
    server.close().await;
}

/// While there is no verdict for anybody, everybody hears so at once, however often they ask.
#[tokio::test]
async fn a_connection_that_was_refused_for_want_of_a_store_does_not_pause() {
    let (server, token) = open().await;
    server.house.edge.door.close().await;
    for way in WAYS {
        let report = head(&token, way, 100) + &body(100);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        tokio::time::pause();
        for _ in 0..3 {
            let begun = Instant::now();
            send(&mut stream, &report).await;
            assert_eq!(answer(&mut stream).await.0, 503);
            let waited = begun.elapsed();
            // Time that nobody waits for may jump to some other timer, but to none that is this near.
            assert!(
                !(500..=1_100).contains(&waited.as_millis()),
                "{way:?}: {waited:?}"
            );
        }
        tokio::time::resume();
    }
    server.close().await;
}

/// Who comes back at once after a refusal waits out the second that they were told; another connection does not.
#[tokio::test]
async fn a_connection_that_was_refused_pauses() {
    let (server, token) = open_with(FULL).await;
    for way in WAYS {
        let report = head(&token, way, 100) + &body(100);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        send(&mut stream, &report).await;
        assert_eq!(answer(&mut stream).await.0, 503);
        let mut other = TcpStream::connect(server.address).await.unwrap();
        tokio::time::pause();
        let begun = Instant::now();
        send(&mut other, &report).await;
        assert_eq!(answer(&mut other).await.0, 503);
        let at_once = begun.elapsed();
        send(&mut stream, &report).await;
        assert_eq!(answer(&mut stream).await.0, 503);
        let paused = begun.elapsed();
        tokio::time::resume();
        assert!(at_once.as_millis() < 500, "{way:?}: {at_once:?}");
        assert!((500..=1_100).contains(&paused.as_millis()), "{way:?}: {paused:?}");
    }
    server.close().await;
}
