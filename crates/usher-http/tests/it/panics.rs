//! What a panic says: where it happened, and nothing that anybody showed us in confidence.
//!
//! Nothing is known to make Usher panic, so a route that does is put beside the real ones. The panic's own message goes
//! straight to standard error, past the log; so a second process runs the tale and all it says is looked at.

use std::{process::Command, sync::Arc};

use axum::{Router, extract::Request, routing::post};
use usher_http::router::with_common_answers;
use usher_identity::{Bearer, Secret, one_time_password::OneTimeKey};
use usher_store::TokenHash;

use crate::support::{Answer, Ask, House};

/// In every place of a request that may hold a secret.
const CANARY: &str = "canary-in-flight";
/// Twenty bytes that would be read as a text.
const KEY: [u8; 20] = *b"canary-in-flight-key";

/// Reads all there is to know and falls over with it in its hands, in the form in which a careless line prints it.
async fn fall_over(request: Request) -> &'static str {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1_000).await.unwrap();
    let secret = Secret::new(String::from_utf8(body.to_vec()).unwrap());
    let bearer = Bearer::read(parts.headers["authorization"].as_bytes());
    let hash = TokenHash(bearer.hash.unwrap_or([b'c'; 32]));
    let held = (&secret, &bearer, hash, OneTimeKey::new(KEY));
    panic!("the drawer is stuck: {held:?}");
}

#[tokio::test]
async fn a_handler_that_panics_answers_all_the_same() {
    let house = House::open().await;
    let logger = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(std::io::stderr)
        .finish();
    let _guard = tracing::subscriber::set_default(logger);
    let routes = Router::new().route("/panic", post(fall_over));
    let router = with_common_answers(routes, Arc::clone(&house.edge));
    let ask = Ask::get(format!("/panic?code={CANARY}"))
        .method("POST")
        .bearer(&format!("u-{CANARY}"))
        .header("cookie", format!("usher_session={CANARY}"))
        .header("x-usher-gateway-secret", CANARY)
        .body(format!("client_secret={CANARY}"));
    let answer = Answer::of(&router, ask.request()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (500, 2_320_002));
    assert!(
        !answer.text.contains(CANARY) && !answer.text.contains("drawer"),
        "{answer}"
    );
}

#[test]
fn a_panic_says_where_and_none_of_the_secrets_in_flight() {
    let tale = [
        "panics::a_handler_that_panics_answers_all_the_same",
        "--exact",
        "--nocapture",
    ];
    let output = Command::new(std::env::current_exe().unwrap())
        .args(tale)
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let said = said.join("\n");
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    for part in [
        "the drawer is stuck",
        "panics.rs",
        "stack backtrace",
        "request failed inside",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("canary"), "{said}");
    let numbers: Vec<String> = KEY.iter().map(ToString::to_string).collect();
    assert!(!said.contains(&numbers.join(", ")), "{said}");
}
