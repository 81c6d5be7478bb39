//! Tickets on their way to a store client: a real receiver on a real socket.

use std::{sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use usher_http::oauth::{
    delivery::Address,
    tickets::{deliver, deliver_all},
};
use usher_identity::derived::event_keys;

use crate::oauth_support::{Desk, STORE_CLIENT, id, secret, text};

/// A receiver that answers with the given statuses, one each, and tells what it was sent.
async fn receiver(statuses: &'static [&'static str]) -> (String, tokio::task::JoinHandle<Vec<Letter>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tickets?of=usher", listener.local_addr().unwrap());
    let letters = tokio::spawn(async move {
        let mut letters = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            letters.push(Letter::read(&mut stream).await);
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nLocation: /elsewhere\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        letters
    });
    (url, letters)
}

/// What a receiver was sent.
struct Letter {
    head: String,
    body: String,
}

impl Letter {
    async fn read(stream: &mut tokio::net::TcpStream) -> Self {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8(bytes.clone()).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length: usize = header(head, "Content-Length").parse().unwrap();
                if body.len() == length {
                    return Self {
                        head: head.to_owned(),
                        body: body.to_owned(),
                    };
                }
            }
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "{text}");
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

async fn with_address(url: &str) -> Desk {
    let desk = Desk::open().await;
    desk.register(STORE_CLIENT, true, Some(url.to_owned())).await;
    desk
}

#[tokio::test]
async fn a_client_that_asks_is_sent_a_signed_ticket_that_works() {
    let (url, letters) = receiver(&["200 OK"]).await;
    let desk = with_address(&url).await;
    let secret = secret();
    let own = vec![("app_id", STORE_CLIENT), ("app_secret", secret.as_str())];
    let answer = desk.post_bare("/open-apis/auth/v3/app_ticket/resend", &own).await;
    assert_eq!(answer.text, r#"{"code":0,"msg":"success"}"#);

    let letter = letters.await.unwrap().remove(0);
    assert!(
        letter.head.starts_with("POST /tickets?of=usher HTTP/1.1\r\n"),
        "{}",
        letter.head
    );
    assert!(url.contains(header(&letter.head, "Host")));
    assert_eq!(
        header(&letter.head, "Content-Type"),
        "application/json; charset=utf-8"
    );
    let event: serde_json::Value = serde_json::from_str(&letter.body).unwrap();
    let keys = event_keys(&desk.house.edge.keys, &id(STORE_CLIENT));
    assert_eq!(event["token"], keys.verification_token.expose());
    assert_eq!(event["type"], "event_callback");
    assert_eq!(event["event"]["type"], "app_ticket");
    assert_eq!(event["event"]["app_id"], STORE_CLIENT);
    assert_eq!(event["ts"], "1767323045.000");
    assert_eq!(text(&event["uuid"]).len(), 32);

    // The signature as the platform's SDKs check it.
    let parts = [
        header(&letter.head, "X-Lark-Request-Timestamp"),
        header(&letter.head, "X-Lark-Request-Nonce"),
        keys.signing_key.expose(),
        &letter.body,
    ];
    let expected: String = Sha256::digest(parts.concat())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(header(&letter.head, "X-Lark-Signature"), expected);

    let ticket = text(&event["event"]["app_ticket"]);
    let mut fields = own.clone();
    fields.push(("app_ticket", &ticket));
    let answer = desk
        .post_bare("/open-apis/auth/v3/app_access_token", &fields)
        .await;
    assert_eq!(answer.code(), 0, "{answer}");
}

#[tokio::test]
async fn a_ticket_is_sent_again_until_it_is_taken_and_always_as_the_same_event() {
    let (url, letters) = receiver(&[
        "503 Busy",
        "301 Moved Permanently",
        "404 Not Found",
        "204 No Content",
    ])
    .await;
    let desk = with_address(&url).await;
    let address = Address::parse(&url).unwrap();
    let delays = [Duration::ZERO; 5];
    assert!(deliver(&desk.house.edge, &id(STORE_CLIENT), &address, &delays).await);
    let letters = letters.await.unwrap();
    assert_eq!(letters.len(), 4, "redirects are not followed");
    assert!(letters.iter().all(|letter| letter.body == letters[0].body));
}

#[tokio::test]
async fn a_ticket_nobody_takes_is_given_up() {
    let desk = Desk::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    assert!(
        !deliver(
            &desk.house.edge,
            &id(STORE_CLIENT),
            &address,
            &[Duration::ZERO; 2]
        )
        .await
    );
}

/// While one is on its way, asking for another changes nothing; afterwards it does.
#[tokio::test]
async fn a_client_has_one_ticket_on_its_way() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let desk = Arc::new(Desk::open().await);
    let first = {
        let (desk, address) = (Arc::clone(&desk), address.clone());
        tokio::spawn(async move { deliver(&desk.house.edge, &id(STORE_CLIENT), &address, &[]).await })
    };
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(!deliver(&desk.house.edge, &id(STORE_CLIENT), &address, &[]).await);
    Letter::read(&mut stream).await;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    assert!(first.await.unwrap());
    let again = {
        let desk = Arc::clone(&desk);
        tokio::spawn(async move { deliver(&desk.house.edge, &id(STORE_CLIENT), &address, &[]).await })
    };
    listener.accept().await.unwrap();
    again.abort();
}

#[tokio::test]
async fn the_hourly_round_reaches_every_enabled_store_client_with_an_address() {
    let (url, letters) = receiver(&["200 OK", "200 OK"]).await;
    let desk = with_address(&url).await;
    for (client, enabled, address) in [
        ("cli_second", true, Some(url.clone())),
        ("cli_off", false, Some(url.clone())),
        ("cli_without", true, None),
        ("cli_odd", true, Some("ftp://example.com".to_owned())),
    ] {
        desk.add_client(client, usher_store::ClientKind::Store).await;
        desk.register(client, true, address).await;
        desk.set_client_enabled(client, enabled).await;
    }
    assert_eq!(deliver_all(&desk.house.edge).await, Ok(2));
    let mut reached: Vec<String> = letters
        .await
        .unwrap()
        .iter()
        .map(|letter| {
            text(&serde_json::from_str::<serde_json::Value>(&letter.body).unwrap()["event"]["app_id"])
        })
        .collect();
    reached.sort_unstable();
    assert_eq!(reached, [STORE_CLIENT, "cli_second"]);
}
