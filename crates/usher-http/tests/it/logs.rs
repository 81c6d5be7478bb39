//! The log line of a request names it as the caller sees it, and holds nothing secret.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::{Router, routing::get};
use tracing_subscriber::fmt::MakeWriter;
use usher_http::{WireError, router::with_common_answers};

use crate::support::{ACTIVITIES, Answer, Ask, House};

/// Keeps what is logged.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Runs what logs, on this thread, and gives back the lines.
    pub async fn of(during: impl Future<Output = Answer>) -> (Answer, String) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let answer = during.await;
        drop(guard);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        (answer, text)
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn fields(line: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["fields"].clone()
}

#[tokio::test]
async fn each_request_has_one_line_with_the_callers_log_id() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let good = Ask::get(format!("{ACTIVITIES}?seat_type=per_user&page_size=1")).bearer(&token);
    for (ask, status, code) in [
        (good.clone(), 200, serde_json::Value::Null),
        (Ask::get(ACTIVITIES), 400, 99_991_661.into()),
        (Ask::get(ACTIVITIES).method("PUT"), 400, 2_320_006.into()),
        (Ask::get("/nowhere"), 404, serde_json::Value::Null),
    ] {
        let (answer, log) = Log::of(house.ask(ask)).await;
        assert_eq!(log.lines().count(), 1, "{log}");
        let fields = fields(&log);
        assert_eq!(fields["log_id"], answer.header("x-tt-logid"));
        assert_eq!(fields["http.status"], status);
        assert_eq!(fields["wire.code"], code);
        assert_eq!(fields["duration_ms"], 0);
    }
}

#[tokio::test]
async fn tokens_and_queries_stay_out_of_the_log() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let uri = format!("{ACTIVITIES}?seat_type=per_user&page_size=1&page_token=qqqqqqqqqqqq");
    let (answer, log) = Log::of(house.ask(Ask::get(uri).bearer(&token))).await;
    assert_eq!(answer.code(), 2_320_006);
    assert!(!log.contains(&token[5..]) && !log.contains("qqqq"), "{log}");
}

/// What breaks inside is an answer for the caller and a line for the operator, with the same log id.
#[tokio::test]
async fn a_panic_and_an_internal_error_are_answers_and_their_detail_is_logged() {
    let house = House::open().await;
    let routes = Router::new()
        .route("/panic", get(async || -> () { panic!("drawer 7 is stuck") }))
        .route(
            "/internal",
            get(async || WireError::internal("drawer 8 at /var/lib/usher is stuck")),
        );
    let router = with_common_answers(routes, Arc::clone(&house.edge));
    for (path, detail) in [
        ("/panic", "panic: drawer 7 is stuck"),
        ("/internal", "drawer 8 at /var/lib/usher is stuck"),
    ] {
        let (answer, log) = Log::of(Answer::of(&router, Ask::get(path).request())).await;
        let json = answer.json();
        assert_eq!((answer.status.as_u16(), answer.code()), (500, 2_320_002));
        assert_eq!(json["msg"], "internal error");
        assert!(!answer.text.contains("drawer"), "{answer}");
        assert_eq!(json["error"]["log_id"], answer.header("x-tt-logid"));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("\"ERROR\""), "{log}");
        assert_eq!(fields(&log)["log_id"], answer.header("x-tt-logid"));
        assert_eq!(fields(&log)["detail"], detail);
    }
}

#[tokio::test]
async fn a_store_that_cannot_serve_is_busy_and_the_log_knows_why() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    house.store.close().await;
    let ask = Ask::get(format!("{ACTIVITIES}?seat_type=per_user&page_size=1")).bearer(&token);
    let (answer, log) = Log::of(house.ask(ask)).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, 2_329_001));
    assert_eq!(answer.json()["msg"], "usher is busy, please retry later");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(log.contains("\"WARN\""), "{log}");
    assert!(
        fields(&log)["detail"].as_str().unwrap().contains("unavailable"),
        "{log}"
    );
}
