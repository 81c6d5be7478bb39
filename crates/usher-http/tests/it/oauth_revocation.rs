//! Giving tokens back: everything of an authorization with its refresh token, one access token alone, and nothing of
//! anybody else.

use crate::{
    oauth_support::{
        CHALLENGE, CodeOrder, Desk, STORE_CLIENT, V3, VERIFIER, secret, stray_refresh_token, text,
    },
    support::{ADMINISTRATOR, Ask},
};
use usher_store::{ClientKind, identity::ChallengeMethod};

const REVOKE: &str = "/oauth/v3/revoke";
/// The seat call's word for a token taken back, which is the same as for one that never was.
const GONE: i64 = 99_991_668;

#[tokio::test]
async fn a_refresh_token_takes_its_whole_authorization_along() {
    let desk = Desk::open().await;
    let first = desk.tokens(V3).await;
    let second = desk.refresh(V3, &text(&first["refresh_token"])).await.json();
    let other = desk.tokens(V3).await;
    let answer = desk
        .post(
            REVOKE,
            &vec![("token", second["refresh_token"].as_str().unwrap())],
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (200, serde_json::json!({"code": 0}))
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    for tokens in [&first, &second] {
        assert_eq!(desk.seat_call(&text(&tokens["access_token"])).await, GONE);
    }
    assert_eq!(
        desk.refresh(V3, &text(&second["refresh_token"])).await.code(),
        20_064
    );
    assert_eq!(
        desk.seat_call(&text(&other["access_token"])).await,
        0,
        "another authorization"
    );
}

#[tokio::test]
async fn an_access_token_goes_alone() {
    let desk = Desk::open().await;
    let tokens = desk.tokens(V3).await;
    let fields = vec![
        ("token", tokens["access_token"].as_str().unwrap()),
        ("token_type_hint", "refresh_token"),
    ];
    assert_eq!(desk.post(REVOKE, &fields).await.status, 200);
    assert_eq!(desk.seat_call(&text(&tokens["access_token"])).await, GONE);
    assert_eq!(
        desk.refresh(V3, &text(&tokens["refresh_token"])).await.status,
        200
    );
}

#[tokio::test]
async fn whether_there_was_such_a_token_is_not_told_and_anothers_is_not_touched() {
    let desk = Desk::open().await;
    let tokens = desk.tokens(V3).await;
    let (access, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
    let secret = secret();
    let stray = stray_refresh_token(true);
    for token in [access.as_str(), &refresh, &stray, "u-nobody", "nonsense"] {
        let fields = vec![
            ("client_id", STORE_CLIENT),
            ("client_secret", secret.as_str()),
            ("token", token),
        ];
        let answer = desk.post_bare(REVOKE, &fields).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()),
            (200, serde_json::json!({"code": 0})),
            "{token}"
        );
    }
    assert_eq!(desk.seat_call(&access).await, 0);
    assert_eq!(desk.refresh(V3, &refresh).await.status, 200);
}

#[tokio::test]
async fn who_calls_must_be_the_client() {
    let desk = Desk::open().await;
    let tokens = desk.tokens(V3).await;
    let access = text(&tokens["access_token"]);
    for (fields, code) in [
        (
            vec![
                ("client_id", crate::support::CLIENT),
                ("client_secret", "wrong"),
                ("token", &access),
            ],
            20_002,
        ),
        (
            vec![("client_id", crate::support::CLIENT), ("token", &access)],
            20_001,
        ),
        (vec![("client_id", "cli_nobody"), ("token", &access)], 20_048),
        (vec![("token", access.as_str())], 20_001),
    ] {
        let answer = desk.post_bare(REVOKE, &fields).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, code), "{answer}");
    }
    assert_eq!(desk.post(REVOKE, &vec![]).await.code(), 20_001);
    assert_eq!(desk.house.ask(Ask::get(REVOKE)).await.code(), 20_063);
    assert_eq!(desk.seat_call(&access).await, 0);
}

#[tokio::test]
async fn a_client_without_a_secret_gives_its_own_tokens_back() {
    let desk = Desk::open().await;
    desk.add_client("cli_public", ClientKind::SelfBuilt).await;
    desk.register("cli_public", true, None).await;
    desk.grant("cli_public", ADMINISTRATOR).await;
    let order = CodeOrder {
        client: "cli_public",
        challenge: Some((CHALLENGE, ChallengeMethod::S256)),
        ..desk.order()
    };
    let code = desk.put_code(order).await;
    let public = ("client_id", "cli_public");
    let fields = vec![
        public,
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    let tokens = desk.post_bare(V3, &fields).await.json();
    let fields = vec![public, ("token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(desk.post_bare(REVOKE, &fields).await.status, 200);
    assert_eq!(desk.seat_call(&text(&tokens["access_token"])).await, GONE);
}
