//! How the server is doing.

use usher_http::EdgeSettings;

use crate::support::{ACTIVITIES, Ask, House};

const LOOPBACK: &str = "127.0.0.1:50000";

#[tokio::test]
async fn a_house_is_alive_and_ready_until_its_store_is_closed() {
    let house = House::open().await;
    for (path, text) in [("/livez", "alive\n"), ("/readyz", "ready\n")] {
        let answer = house.ask(Ask::get(path)).await;
        answer.assert_common();
        assert_eq!((answer.status.as_u16(), &answer.text[..]), (200, text));
    }
    house.store.close().await;
    let answer = house.ask(Ask::get("/readyz")).await;
    assert_eq!((answer.status.as_u16(), &answer.text[..]), (503, "not ready\n"));
    assert_eq!(house.ask(Ask::get("/livez")).await.status, 200);
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let house = House::open().await;
    house
        .change(vec![
            house.app("crm"),
            house.user(1, true, false),
            house.seat(1, None),
        ])
        .await;
    house.access(&[(1, "crm")]).await;
    house.ask(Ask::get(ACTIVITIES)).await;
    house.ask(Ask::get("/nowhere?page_token=secret")).await;
    let answer = house.ask(Ask::get("/metrics").from(LOOPBACK)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    for line in [
        "usher_http_requests_total{route=\"/open-apis/apaas/v1/seat_activities\",status=\"400\"} 1",
        "usher_http_requests_total{route=\"unknown\",status=\"404\"} 1",
        "usher_store_ready 1",
        "usher_store_accesses_moved_total 1",
        "usher_store_batches_committed_total 1",
        "usher_door_waiting 0",
        "usher_door_accesses_total 1",
        "usher_watermark_lag_ms 0",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line}\n{answer}");
    }
}

#[tokio::test]
async fn metrics_are_for_the_named_networks_alone() {
    let house = House::open().await;
    for ask in [
        Ask::get("/metrics"),
        Ask::get("/metrics").from("192.0.2.1:50000"),
        Ask::get("/metrics")
            .from("192.0.2.1:50000")
            .header("x-forwarded-for", "127.0.0.1"),
    ] {
        let answer = house.ask(ask).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.text[..]),
            (404, "404 page not found")
        );
    }
    let settings = EdgeSettings {
        metrics_networks: vec!["192.0.2.0/24".parse().unwrap()],
        ..EdgeSettings::default()
    };
    let house = House::open_with(settings).await;
    for (peer, status) in [
        ("192.0.2.1:50000", 200),
        ("[::ffff:192.0.2.1]:50000", 200),
        (LOOPBACK, 404),
    ] {
        assert_eq!(
            house.ask(Ask::get("/metrics").from(peer)).await.status,
            status,
            "{peer}"
        );
    }
}

#[tokio::test]
async fn another_method_is_refused_in_the_words_of_the_api() {
    let house = House::open().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let answer = house.ask(Ask::get(path).method("POST")).await;
        answer.assert_common();
        assert_eq!((answer.status.as_u16(), answer.code()), (400, 2_320_006));
        assert_eq!(answer.violated_fields(), ["method"]);
    }
}
