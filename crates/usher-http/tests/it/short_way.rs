//! Most questions of the door never meet the routes. Whoever asks must not be able to tell: the answers are the same, a change of
//! the ledger is known at once, and a connection goes on with whatever comes next.

use std::net::IpAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use usher_http::{
    EdgeSettings,
    body_room::{BODIES_BYTES_MAX, SHORT_BODY_BYTES},
    server::HEAD_READ_TIMEOUT,
};
use usher_identity::Secret;
use usher_store::{AppRoute, Change, TokenHash, TokenKind};

use crate::{
    raw_socket::Listening,
    support::{ADMINISTRATOR, Ask, TokenOrder, namespace},
};

/// Holds nothing.
const CHEN: i64 = 3;
/// A header that says nothing to us, and that the short way leaves to hyper.
const THE_LONG_WAY: &str = "TE: trailers\r\n";

/// The administrator holds a platform seat, Chen none; `crm` has a host to itself, `hr` a part of one.
async fn open_with(settings: EdgeSettings) -> (Listening, String) {
    let server = Listening::open_with(settings).await;
    let house = &server.house;
    let mut changes = vec![house.user(CHEN, true, false)];
    for (app, host, path_prefix) in [("crm", "crm.example.com", "/"), ("hr", "apps.example.com", "/hr")] {
        changes.push(house.app(app));
        changes.push(Change::PutAppRoute(AppRoute {
            host: host.to_owned(),
            path_prefix: path_prefix.to_owned(),
            tenant_id: house.tenant_id,
            namespace: namespace(app),
        }));
    }
    changes.push(house.seat(ADMINISTRATOR, None));
    house.change(changes).await;
    let token = house
        .token(TokenOrder {
            kind: TokenKind::Service,
            client: None,
            user: None,
            scopes: Vec::new(),
            ..house.order()
        })
        .await;
    (server, token)
}

async fn open() -> (Listening, String) {
    open_with(EdgeSettings::default()).await
}

/// A gateway's question, with whatever headers it has.
fn question(headers: &str) -> String {
    format!("GET /usher/v1/forward-auth HTTP/1.1\r\nHost: usher\r\n{headers}\r\n")
}

fn enter(user: i64) -> String {
    question(&format!(
        "X-Forwarded-Host: crm.example.com\r\nX-Forwarded-Uri: /a\r\nX-Forwarded-User: {user}\r\n"
    ))
}

/// A back end's report.
fn report(token: &str, body: &str) -> String {
    let bytes = body.len();
    format!(
        "POST /usher/v1/accesses HTTP/1.1\r\nHost: usher\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {bytes}\r\n\r\n{body}"
    )
}

fn access(user: i64) -> String {
    format!("{{\"user_id\":{user},\"namespace\":\"crm\"}}")
}

/// A kept connection.
struct Kept(TcpStream);

impl Kept {
    async fn to(server: &Listening) -> Self {
        Self(TcpStream::connect(server.address).await.unwrap())
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next answer, head and body.
    async fn answer(&mut self) -> (String, String) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let bytes = value(&head, "Content-Length").unwrap().parse().unwrap();
        let mut body = vec![0; bytes];
        self.0.read_exact(&mut body).await.unwrap();
        (head, String::from_utf8(body).unwrap())
    }

    async fn ask(&mut self, text: &str) -> (String, String) {
        self.send(text).await;
        self.answer().await
    }
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| *found == name).map(|(_, value)| value)
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// An answer without what differs from moment to moment, its headers in order of name.
fn lasting((head, body): &(String, String)) -> (String, Vec<String>, String) {
    let log_id = value(head, "X-Tt-Logid").unwrap();
    assert_eq!(value(head, "X-Request-Id"), Some(log_id), "{head}");
    assert!(value(head, "Date").unwrap().ends_with(" GMT"), "{head}");
    let mut lines = head.trim_end().lines();
    let first = lines.next().unwrap().to_owned();
    let mut rest: Vec<String> = lines
        .filter(|line| !line.starts_with("Date: "))
        .map(|line| line.replace(log_id, "LOG_ID"))
        .collect();
    rest.sort();
    (first, rest, body.replace(log_id, "LOG_ID"))
}

/// Every question gets the same answer on both ways.
async fn assert_alike(server: &Listening, questions: &[String], statuses: &[u16]) {
    for (question, expected) in questions.iter().zip(statuses) {
        let (mut short, mut long) = (Kept::to(server).await, Kept::to(server).await);
        let answer = short.ask(question).await;
        assert_eq!(status(&answer.0), *expected, "{question}\n{answer:?}");
        let the_long_way = question.replacen("\r\n", &format!("\r\n{THE_LONG_WAY}"), 1);
        let other = long.ask(&the_long_way).await;
        assert_eq!(lasting(&answer), lasting(&other), "{question}");
    }
    assert_eq!(questions.len(), statuses.len());
}

#[tokio::test]
async fn a_gateway_cannot_tell_the_ways_apart() {
    let (server, _) = open().await;
    let crm = "X-Forwarded-Host: crm.example.com\r\n";
    let user = format!("X-Forwarded-User: {ADMINISTRATOR}\r\n");
    let questions = [
        enter(ADMINISTRATOR),
        enter(CHEN),
        enter(4),
        question(crm),
        question(&format!("{crm}X-Forwarded-User: nobody\r\n")),
        question(&format!("{crm}{crm}{user}")),
        question(&format!("{crm}{user}X_Forwarded_User: 7\r\n")),
        question(&format!("{crm}{user}x.forwarded.user: 7\r\n")),
        question(&user),
        question(&format!("x-forwarded-host: CRM.example.com:443\r\n{user}")),
        question(&format!("X-Forwarded-Host: nowhere.example.com\r\n{user}")),
        question(&format!(
            "X-Forwarded-Host: apps.example.com\r\nX-Forwarded-Uri: /hr/a\r\n{user}"
        )),
        question(&format!(
            "X-Forwarded-Host: apps.example.com\r\nX-Forwarded-Uri: //hr\r\n{user}"
        )),
        question(&format!(
            "{crm}Accept: application/json\r\nConnection: keep-alive\r\n"
        )),
        question(&format!("{crm}Accept-Language: zh-CN\r\n")),
    ];
    let statuses = [
        200, 403, 403, 401, 403, 403, 403, 403, 403, 200, 403, 200, 403, 401, 401,
    ];
    assert_alike(&server, &questions, &statuses).await;
    server.close().await;
}

#[tokio::test]
async fn trust_is_the_same_on_both_ways() {
    let strangers = EdgeSettings {
        trusted_proxies: vec![IpAddr::from([192, 0, 2, 1]).into()],
        ..EdgeSettings::default()
    };
    let (server, _) = open_with(strangers).await;
    assert_alike(&server, &[enter(ADMINISTRATOR), enter(CHEN)], &[403, 403]).await;
    server.close().await;
    let with_a_secret = EdgeSettings {
        gateway_secret: Some(Secret::new("open sesame")),
        user_header: "X_User".to_owned(),
        ..EdgeSettings::default()
    };
    let (server, _) = open_with(with_a_secret).await;
    let named = format!("X-Forwarded-Host: crm.example.com\r\nx_user: {ADMINISTRATOR}\r\n");
    let secret = "X-Usher-Gateway-Secret: open sesame\r\n";
    let questions = [
        question(&named),
        question(&format!("{named}{secret}")),
        question(&format!("{named}{secret}{secret}")),
        question(&format!("{named}X-Usher-Gateway-Secret: open sesam\r\n")),
        question(&format!("{named}{secret}X-User: 7\r\n")),
    ];
    assert_alike(&server, &questions, &[403, 200, 403, 403, 200]).await;
    server.close().await;
}

#[tokio::test]
async fn a_back_end_cannot_tell_the_ways_apart() {
    let (server, token) = open().await;
    let other_kind = server.house.administrator_token().await;
    let twice =
        report(&token, &access(ADMINISTRATOR)).replace("Content", "Authorization: Bearer x\r\nContent");
    let questions = [
        report(&token, &access(ADMINISTRATOR)),
        report(&token, &access(CHEN)),
        report(&token, &format!("[{},{}]", access(ADMINISTRATOR), access(4))),
        report(
            &token,
            r#"{"user_id":1,"namespace":"crm","tenant_key":"default"}"#,
        ),
        report(&token, r#"{"user_id":"1","namespace":"crm"}"#),
        report(&token, "nonsense"),
        report(&token, ""),
        report("s-unknown", &access(ADMINISTRATOR)),
        report("", &access(ADMINISTRATOR)),
        report(&other_kind, &access(ADMINISTRATOR)),
        twice,
    ];
    let statuses = [200, 200, 200, 200, 400, 400, 400, 400, 400, 400, 400];
    assert_alike(&server, &questions, &statuses).await;
    server.close().await;
}

#[tokio::test]
async fn a_connection_goes_on_with_whatever_comes_next() {
    let (server, token) = open().await;
    let mut kept = Kept::to(&server).await;
    for _ in 0..2 {
        assert_eq!(status(&kept.ask(&enter(ADMINISTRATOR)).await.0), 200);
        let (_, body) = kept.ask(&report(&token, &access(CHEN))).await;
        assert!(body.contains("no_seat"), "{body}");
        let (head, _) = kept.ask("GET /livez HTTP/1.1\r\nHost: usher\r\n\r\n").await;
        assert_eq!(status(&head), 200);
    }
    server.close().await;
}

#[tokio::test]
async fn questions_may_come_together_or_in_pieces() {
    let (server, token) = open().await;
    let mut kept = Kept::to(&server).await;
    let three = [
        enter(ADMINISTRATOR),
        report(&token, &access(ADMINISTRATOR)),
        enter(CHEN),
    ];
    kept.send(&three.concat()).await;
    for expected in [200, 200, 403] {
        assert_eq!(status(&kept.answer().await.0), expected);
    }
    let whole = report(&token, &access(ADMINISTRATOR));
    for bytes in [1, 10, whole.len() - 1] {
        let (begin, end) = whole.split_at(bytes);
        kept.send(begin).await;
        tokio::task::yield_now().await;
        assert_eq!(status(&kept.ask(end).await.0), 200);
    }
    let long = question(&format!("X-Long: {}\r\n", "a".repeat(8_000)));
    assert_eq!(status(&kept.ask(&long).await.0), 403);
    assert_eq!(status(&kept.ask(&enter(ADMINISTRATOR)).await.0), 200);
    server.close().await;
}

#[tokio::test]
async fn what_was_changed_is_known_at_the_next_question_of_a_connection() {
    let (server, token) = open().await;
    let house = &server.house;
    let (mut gateway, mut back_end) = (Kept::to(&server).await, Kept::to(&server).await);
    let reported = report(&token, &access(ADMINISTRATOR));
    for _ in 0..2 {
        assert_eq!(status(&gateway.ask(&enter(ADMINISTRATOR)).await.0), 200);
        let (_, body) = back_end.ask(&reported).await;
        assert!(body.contains("\"admitted\""), "{body}");
    }
    house.change(vec![house.release(ADMINISTRATOR, None)]).await;
    assert_eq!(status(&gateway.ask(&enter(ADMINISTRATOR)).await.0), 403);
    let (_, body) = back_end.ask(&reported).await;
    assert!(body.contains("seat_released"), "{body}");
    let token_hash = TokenHash(usher_identity::token::hash_token(&Secret::new(token.as_str())));
    let tenant_id = Some(house.tenant_id);
    house
        .change(vec![Change::RevokeToken {
            tenant_id,
            token_hash,
        }])
        .await;
    let (_, body) = back_end.ask(&reported).await;
    assert!(body.contains("99991668"), "{body}");
    server.close().await;
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_refused_on_the_connection_that_it_opened() {
    let (server, token) = open().await;
    let mut back_end = Kept::to(&server).await;
    let reported = report(&token, &access(ADMINISTRATOR));
    assert_eq!(status(&back_end.ask(&reported).await.0), 200);
    server.house.clock.advance(server.house.order().life_ms);
    let (head, body) = back_end.ask(&reported).await;
    assert_eq!(status(&head), 401);
    assert!(body.contains("99991677"), "{body}");
    server.close().await;
}

#[tokio::test]
async fn what_came_on_the_short_way_is_counted_like_the_rest() {
    let (server, _) = open().await;
    let mut kept = Kept::to(&server).await;
    for user in [ADMINISTRATOR, ADMINISTRATOR, CHEN] {
        kept.ask(&enter(user)).await;
    }
    let (_, text) = kept.ask("GET /metrics HTTP/1.1\r\nHost: usher\r\n\r\n").await;
    for line in [
        "usher_http_requests_total{route=\"/usher/v1/forward-auth\",status=\"200\"} 2",
        "usher_http_requests_total{route=\"/usher/v1/forward-auth\",status=\"403\"} 1",
        "usher_verdicts_total{verdict=\"admitted\",reason=\"per_user\"} 2",
        "usher_verdicts_total{verdict=\"refused\",reason=\"no_seat\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    server.close().await;
}

#[tokio::test]
async fn a_silent_connection_ends_and_a_slow_question_meets_the_usual_limit() {
    let (server, _) = open().await;
    let mut silent = Kept::to(&server).await;
    assert_eq!(status(&silent.ask(&enter(ADMINISTRATOR)).await.0), 200);
    let mut slow = Kept::to(&server).await;
    slow.send("GET /usher/v1/forward-auth HTTP/1.1\r\nX-Forw").await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    assert_eq!(silent.0.read(&mut [0; 1]).await.unwrap(), 0);
    let silence = begun.elapsed();
    assert!(silence <= HEAD_READ_TIMEOUT, "{silence:?}");
    assert!(
        silence.as_secs() > 60,
        "nginx keeps connections for as long: {silence:?}"
    );
    let mut rest = Vec::new();
    let _ = slow.0.read_to_end(&mut rest).await;
    assert!(begun.elapsed() <= 2 * HEAD_READ_TIMEOUT, "{:?}", begun.elapsed());
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");
    tokio::time::resume();
    server.close().await;
}

#[tokio::test]
async fn where_the_bodies_of_others_leave_no_room_a_long_one_is_told_so_and_a_short_one_is_read() {
    let (server, token) = open().await;
    let mut others = server.house.edge.bodies.place();
    others.grow_to(BODIES_BYTES_MAX + SHORT_BODY_BYTES).unwrap();
    let short = access(ADMINISTRATOR);
    let long = format!("{}{short}", " ".repeat(SHORT_BODY_BYTES));
    let routed = |body: &str| {
        let ask = Ask::get("/usher/v1/accesses").method("POST").bearer(&token);
        server.house.ask(ask.body(body))
    };

    let (head, told) = Kept::to(&server).await.ask(&report(&token, &long)).await;
    assert_eq!(
        (status(&head), value(&head, "Retry-After")),
        (503, Some("1")),
        "{head}"
    );
    assert!(told.contains("2329001"), "{told}");
    let answer = routed(&long).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, 2_329_001));
    let form = Ask::get("/sign-in").method("POST").body(&long);
    assert_eq!(server.house.ask(form).await.status, 503);
    let grant = Ask::get("/oauth/v3/token").method("POST").body(&long);
    assert_eq!(server.house.ask(grant).await.status, 503);
    let (head, _) = Kept::to(&server).await.ask(&report(&token, &short)).await;
    assert_eq!(status(&head), 200, "a short one has room of its own");

    drop(others);
    let (head, _) = Kept::to(&server).await.ask(&report(&token, &long)).await;
    assert_eq!(status(&head), 200);
    assert_eq!(routed(&long).await.status, 200);
    server.close().await;
}
