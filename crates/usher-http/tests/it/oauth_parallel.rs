//! Refreshing in parallel over real connections: whatever comes at the same moment, one pair lives, and after a late
//! replay none does.

use std::{net::SocketAddr, sync::Arc};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Barrier,
    task::JoinSet,
};
use usher_http::{oauth::refresh_grant::REPEAT_WINDOW_MS, serve};

use crate::{
    oauth_support::{Desk, V2, V3, secret, text},
    support::CLIENT,
};

/// As many as a client may send in one second.
const AT_ONCE: usize = 48;
const USED: i64 = 20_073;
const REVOKED: i64 = 20_064;

/// A desk with a socket.
struct Counter {
    desk: Desk,
    address: SocketAddr,
}

impl Counter {
    async fn open() -> Self {
        let desk = Desk::open().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // It serves until the test's runtime ends.
        tokio::spawn(serve(listener, desk.house.router.clone(), std::future::pending()));
        Self { desk, address }
    }

    /// Refreshes with every token on a connection of its own; nobody sends before all are connected.
    async fn all_at_once(&self, path: &'static str, tokens: Vec<String>) -> Vec<(u16, Value)> {
        self.desk.house.clock.advance(1_000);
        let barrier = Arc::new(Barrier::new(tokens.len()));
        let mut tasks = JoinSet::new();
        for token in tokens {
            let (address, barrier) = (self.address, Arc::clone(&barrier));
            tasks.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                barrier.wait().await;
                exchange(&mut stream, path, &token).await
            });
        }
        tasks.join_all().await
    }

    /// Nothing of these pairs is good for anything.
    async fn assert_dead(&self, path: &str, pairs: &[Value]) {
        for pair in pairs {
            assert_eq!(
                self.desk.seat_call(&text(&pair["access_token"])).await,
                99_991_668
            );
            let again = self.desk.refresh(path, &text(&pair["refresh_token"])).await;
            assert_eq!(again.code(), REVOKED, "{again}");
        }
    }
}

async fn exchange(stream: &mut TcpStream, path: &str, token: &str) -> (u16, Value) {
    let body = format!(
        "grant_type=refresh_token&client_id={CLIENT}&client_secret={}&refresh_token={token}",
        secret()
    );
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: usher\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn won(answers: &[(u16, Value)]) -> Vec<Value> {
    let won = answers.iter().filter(|(status, _)| *status == 200);
    won.map(|(_, pair)| pair.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_refreshes_with_one_token_one_wins_and_one_pair_lives() {
    let counter = Counter::open().await;
    for path in [V2, V3] {
        let mut refresh_token = counter.desk.refresh_token(path).await;
        for round in 0..5 {
            let answers = counter
                .all_at_once(path, vec![refresh_token.clone(); AT_ONCE])
                .await;
            let pairs = won(&answers);
            assert_eq!(pairs.len(), 1, "round {round}: {answers:?}");
            let lost = answers.iter().filter(|(status, _)| *status != 200);
            assert!(
                lost.clone().all(|(_, body)| body["code"] == USED),
                "round {round}"
            );
            let kept = counter.desk.kept(&refresh_token).await;
            assert!(!kept.revoked && kept.spent_at_ms.is_some());
            refresh_token = text(&pairs[0]["refresh_token"]);
            let kept = counter.desk.kept(&refresh_token).await;
            assert!(
                !kept.revoked && kept.spent_at_ms.is_none(),
                "the winner's token lives"
            );
            assert_eq!(counter.desk.seat_call(&text(&pairs[0]["access_token"])).await, 0);
        }
    }
}

/// A thief who comes late with the old token meets the owner with the new one: whoever is first, nothing lives on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_replay_beside_honest_refreshes_leaves_nothing_alive_anywhere() {
    let counter = Counter::open().await;
    for path in [V2, V3] {
        for _ in 0..5 {
            let other = counter.desk.tokens(path).await;
            let first = counter.desk.tokens(path).await;
            let old = text(&first["refresh_token"]);
            let second = counter.desk.refresh(path, &old).await.json();
            let new = text(&second["refresh_token"]);
            counter.desk.house.clock.advance(REPEAT_WINDOW_MS);
            let mut tokens = vec![old; AT_ONCE / 2];
            tokens.extend(vec![new; AT_ONCE / 2]);
            let pairs = won(&counter.all_at_once(path, tokens).await);
            assert!(pairs.len() <= 1, "{pairs:?}");
            counter.desk.house.clock.advance(1_000);
            counter.assert_dead(path, &[first, second]).await;
            counter.assert_dead(path, &pairs).await;
            assert_eq!(
                counter.desk.seat_call(&text(&other["access_token"])).await,
                0,
                "another family lives"
            );
        }
    }
}
