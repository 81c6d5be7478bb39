//! Ten thousand seats in one call, killed in the middle: all of them are given, or none.

use std::{net::SocketAddr, time::Instant};

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, body::Bytes};
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    load::connect,
    long,
    program::{Server, fill, namespace, new_folder, token},
};

/// The most lines of a call.
const SEATS: u64 = 10_000;
const ROUNDS: usize = 10;
const ROUNDS_LONG: usize = 50;
/// How long after its usual time the blow may fall, in parts of a hundred: so that it also falls behind the answer.
const LATEST_HUNDREDTHS: u64 = 130;
/// What a server needs at least to have read the call, in parts of a hundred of the usual time of the whole.
const EARLIEST_HUNDREDTHS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::disallowed_methods,
    reason = "the moments of the blows are spread over the time that a call takes"
)]
async fn a_bulk_assignment_that_is_killed_gives_all_seats_or_none() {
    let mut dice = Dice::thrown("bulk");
    let folder = new_folder();
    fill(folder.path(), SEATS, 1);
    let operator = token(folder.path(), &["--operator"]);
    let usual = {
        let server = Server::start(folder.path());
        let began = Instant::now();
        let (status, answer) = change(server.address, &operator, "assign").await.unwrap();
        let usual = began.elapsed();
        assert_eq!(
            (status, &answer["data"]["counts"]["created"]),
            (StatusCode::OK, &json!(SEATS))
        );
        assert_eq!(held(server.address, &operator).await, SEATS);
        change(server.address, &operator, "release").await.unwrap();
        usual
    };
    let rounds = if long() { ROUNDS_LONG } else { ROUNDS };
    let (mut all, mut none, mut answered) = (0, 0, 0);
    for round in 0..rounds {
        let mut server = Server::start(folder.path());
        assert_eq!(held(server.address, &operator).await, 0);
        let (address, bearer) = (server.address, operator.clone());
        let call = tokio::spawn(async move { change(address, &bearer, "assign").await });
        let hundredths = EARLIEST_HUNDREDTHS + dice.below(LATEST_HUNDREDTHS - EARLIEST_HUNDREDTHS);
        // This waits for nothing: it only chooses the moment of the blow.
        tokio::time::sleep(usual * u32::try_from(hundredths).unwrap() / 100).await;
        server.kill();
        let acknowledged = matches!(call.await.unwrap(), Ok((StatusCode::OK, _)));
        let server = Server::start(folder.path());
        let found = held(server.address, &operator).await;
        assert!(
            found == SEATS || (found == 0 && !acknowledged),
            "round {round}: {found} of {SEATS} seats, acknowledged: {acknowledged}"
        );
        answered += u32::from(acknowledged);
        if found == 0 {
            none += 1;
        } else {
            all += 1;
            change(server.address, &operator, "release").await.unwrap();
        }
    }
    say!(
        "{rounds} kills in the middle of {SEATS} assignments that take {} ms: {all} times all ({answered} of them acknowledged), {none} times none",
        usual.as_millis()
    );
}

/// One call for everybody's app seat; an error means that the connection ended first.
async fn change(
    address: SocketAddr,
    operator: &str,
    action: &str,
) -> Result<(StatusCode, Value), hyper::Error> {
    let line = |user| json!({"user_id": user, "seat_type": "per_user_per_app", "namespace": namespace(0)});
    let body = json!({"items": (1..=SEATS).map(line).collect::<Vec<_>>()});
    let path = format!("/usher/v1/seats/{action}?tenant_key=default");
    ask(address, operator, (Method::POST, &path), body.to_string()).await
}

/// How many seats are in use: by the pool's own count, which must be that of the list.
async fn held(address: SocketAddr, operator: &str) -> u64 {
    let mut in_use = 0;
    let mut more = String::new();
    loop {
        let path =
            format!("/usher/v1/seats?tenant_key=default&seat_type=per_user_per_app&page_size=500{more}");
        let page = get(address, operator, &path).await;
        let items = page["items"].as_array().unwrap();
        in_use += items.iter().filter(|seat| seat["status"] == "in_use").count() as u64;
        match page["page_token"].as_str() {
            Some(page_token) => more = format!("&page_token={page_token}"),
            None => break,
        }
    }
    let pools = get(address, operator, "/usher/v1/pools?tenant_key=default").await;
    let pool = pools["items"].as_array().unwrap().iter();
    let counted = pool
        .filter(|pool| pool["seat_type"] == "per_user_per_app")
        .map(|pool| pool["in_use"].as_u64().unwrap())
        .sum::<u64>();
    assert_eq!(counted, in_use, "the pool counts what the list shows");
    in_use
}

async fn get(address: SocketAddr, operator: &str, path: &str) -> Value {
    let asked = ask(address, operator, (Method::GET, path), String::new()).await;
    let (status, mut answer) = asked.unwrap();
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer["data"].take()
}

async fn ask(
    address: SocketAddr,
    operator: &str,
    (method, path): (Method, &str),
    body: String,
) -> Result<(StatusCode, Value), hyper::Error> {
    let mut sender = connect(address).await?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1")
        .header("authorization", format!("Bearer {operator}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    sender.ready().await?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let text = answer.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&text).unwrap()))
}
