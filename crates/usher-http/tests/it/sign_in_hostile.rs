//! Whatever is sent to the pages: an answer that is no fault of ours, guarded like every other, and nobody signed in.

use axum::http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    sign_in_support::{AUTHORIZE, Browser, CALLBACK, form_urlencoded},
    support::{Ask, CLIENT, House},
};

/// Addresses that take a form.
const FORMS: [&str; 8] = [
    "/sign-in",
    "/sign-in/digits",
    "/sign-out",
    "/consent",
    "/account/second-factor",
    "/account/second-factor/remove",
    "/link/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "/link/x",
];

/// Names that mean something somewhere.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "client_id",
            "app_id",
            "response_type",
            "redirect_uri",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
            "prompt",
            "language",
            "form_token",
            "destination",
            "name",
            "password",
            "organisation",
            "pending",
            "digits",
            "entry",
            "query",
            "decision",
            "sealed_key",
            "again",
            "done",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ]
}

/// Values that almost fit, and any bytes.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::sample::select(vec![
            CLIENT,
            "code",
            CALLBACK,
            "S256",
            "plain",
            "consent",
            "authorize",
            "allow",
            "offline_access",
            "zh",
            "",
            "/account",
            AUTHORIZE,
            "<script>",
            "\r\nSet-Cookie: a=b",
            "' or 1=1 --",
            "%00",
            "../../etc/passwd",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn pairs() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    prop::collection::vec((name(), value()), 0..10)
}

fn encoded(pairs: &[(String, Vec<u8>)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| {
        let name = percent_encode(name.as_bytes(), NON_ALPHANUMERIC);
        format!("{name}={}", percent_encode(value, NON_ALPHANUMERIC))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// As many cases as a test may take, the same ones in every run.
fn cases<Case>(count: u32, strategy: &impl Strategy<Value = Case>) -> Vec<Case> {
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[tokio::test]
async fn any_query_gives_a_page_and_never_a_way_out() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let signed_in = browser.cookies.clone();
    for pairs in cases(400, &pairs()) {
        let query = encoded(&pairs);
        for path in [
            AUTHORIZE,
            "/open-apis/authen/v1/index",
            "/sign-in",
            "/account",
            "/",
            "/account/second-factor",
        ] {
            // The browser's own checks look at every answer.
            let answer = browser.get(&format!("{path}?{query}")).await;
            assert!(!answer.status.is_server_error(), "{path}?{query}: {answer}");
            let location = answer.location();
            assert!(
                location.is_empty() || location.starts_with('/'),
                "{query}: {answer}"
            );
            browser.cookies = signed_in.clone();
        }
    }
}

#[tokio::test]
async fn any_form_is_refused_without_a_fault_and_signs_nobody_in() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    let honest = browser.get("/sign-in").await.form("/sign-in");
    for (number, pairs) in cases(300, &pairs()).into_iter().enumerate() {
        let mut body = encoded(&pairs);
        if number % 2 == 0 {
            // With a good token, so that what lies behind it is reached too.
            let token = [("form_token".to_owned(), honest.field("form_token").to_owned())];
            body = format!("{}&{body}", form_urlencoded(&token));
        }
        let path = FORMS[number % FORMS.len()];
        let ask = Ask::get(path)
            .method("POST")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.clone());
        house.clock.advance(10 * 60 * 1_000);
        let answer = browser.send(ask).await;
        assert!(answer.status.is_client_error(), "{path} {body}: {answer}");
        assert!(!browser.cookies.contains_key("usher_session"), "{path} {body}");
    }
}

#[tokio::test]
async fn a_form_that_is_too_long_or_no_text_is_refused() {
    let house = House::for_people().await;
    let mut browser = Browser::new(&house);
    for body in [
        "a=".to_owned() + &"b".repeat(33 * 1024),
        "a=".to_owned() + &"b".repeat(2 * 1024 * 1024),
    ] {
        let ask = Ask::get("/sign-in")
            .method("POST")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        assert_eq!(browser.send(ask).await.status, StatusCode::BAD_REQUEST);
    }
}
