//! Tokens for clients themselves, and the older endpoints that take them.

use usher_http::Clock as _;
use usher_identity::derived::{SHARED_TOKEN_WINDOW_MS, TokenWindow, app_ticket};
use usher_store::{Change, IdentityChange, TokenHash, identity::ChallengeMethod};

use crate::{
    oauth_support::{
        CHALLENGE, CodeOrder, DAY_MS, Desk, Fields, HOUR_MS, OIDC, OIDC_REFRESH, STORE_CLIENT,
        TENANT_INTERNAL, VERIFIER, code_fields, id, json_ask, refresh_fields, secret, text,
    },
    support::{ACTIVITIES_SCOPE, Answer, Ask, CLIENT},
};

const APP_INTERNAL: &str = "/open-apis/auth/v3/app_access_token/internal";
const APP: &str = "/open-apis/auth/v3/app_access_token";
const TENANT: &str = "/open-apis/auth/v3/tenant_access_token";
const RESEND: &str = "/open-apis/auth/v3/app_ticket/resend";

const INVALID_PARAM: &str = r#"{"code":10003,"data":{},"msg":"invalid param"}"#;
const TICKET_INVALID: &str = r#"{"code":10012,"msg":"get app access token fail"}"#;
const TENANT_FAILED: &str = r#"{"code":10013,"msg":"get tenant access token fail"}"#;
const APP_UNKNOWN: &str = r#"{"code":10014,"msg":"app id not exists"}"#;
const SECRET_INVALID: &str = r#"{"code":10014,"msg":"app secret invalid"}"#;
const UNAUTHORIZED: &str = r#"{"code":10014,"msg":"app unauthorized"}"#;
const STRANGER: &str =
    r#"{"code":20014,"msg":"The app access token passed is invalid. Please check the value"}"#;
const RESEND_FAILED: &str = r#"{"code":10016,"msg":"app resend fail"}"#;

/// An older endpoint answers HTTP 200 whatever it says.
#[track_caller]
fn assert_said(answer: &Answer, expected: &str) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("cache-control"), "no-store", "{answer}");
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(answer.text, expected);
}

fn own<'a>(client: &'a str, secret: &'a str) -> Fields<'a> {
    vec![("app_id", client), ("app_secret", secret)]
}

impl Desk {
    /// The store client's ticket of now, by the way of the key file.
    fn ticket(&self) -> String {
        let now_ms = self.house.clock.now_ms();
        app_ticket(&self.house.edge.keys, &id(STORE_CLIENT), now_ms)
            .expose()
            .to_owned()
    }

    async fn app_token(&self) -> String {
        let (secret, ticket) = (secret(), self.ticket());
        let mut fields = own(STORE_CLIENT, &secret);
        fields.push(("app_ticket", &ticket));
        text(&self.post_bare(APP, &fields).await.json()["app_access_token"])
    }
}

#[tokio::test]
async fn a_client_gets_its_tenant_token_under_both_names() {
    let desk = Desk::open().await;
    let secret = secret();
    let tenant = desk.post_bare(TENANT_INTERNAL, &own(CLIENT, &secret)).await;
    let json = tenant.json();
    let (token, expire) = (
        text(&json["tenant_access_token"]),
        json["expire"].as_i64().unwrap(),
    );
    assert!(token.starts_with("t-") && token.len() == 45, "{token}");
    assert!((1_800..=7_200).contains(&expire), "{expire}");
    assert_said(
        &tenant,
        &format!(r#"{{"code":0,"msg":"ok","tenant_access_token":"{token}","expire":{expire}}}"#),
    );
    assert_said(
        &desk.post_bare(APP_INTERNAL, &own(CLIENT, &secret)).await,
        &format!(
            r#"{{"code":0,"msg":"ok","app_access_token":"{token}","tenant_access_token":"{token}","expire":{expire}}}"#
        ),
    );
    // A slash at the end, a token beside it, no content type: all seen.
    let slashed = json_ask(&format!("{TENANT_INTERNAL}/"), &own(CLIENT, &secret)).bearer("u-abc");
    let bare = Ask::get(TENANT_INTERNAL)
        .method("POST")
        .body(slashed.body.clone());
    for ask in [slashed, bare] {
        assert_eq!(
            text(&desk.house.ask_at_once(ask).await.json()["tenant_access_token"]),
            token
        );
    }
}

#[tokio::test]
async fn the_same_token_is_given_while_30_minutes_are_left() {
    let desk = Desk::open().await;
    let ask = async || {
        let secret = secret();
        let json = desk
            .post_bare(TENANT_INTERNAL, &own(CLIENT, &secret))
            .await
            .json();
        (
            text(&json["tenant_access_token"]),
            json["expire"].as_i64().unwrap(),
        )
    };
    let window = TokenWindow::at(desk.house.clock.now_ms());
    let next_ms = window.begins_at_ms + SHARED_TOKEN_WINDOW_MS;
    let (first, expire) = ask().await;
    desk.house.clock.advance(next_ms - 1 - desk.house.clock.now_ms());
    assert_eq!(ask().await, (first.clone(), 1_800));
    assert!(expire > 1_800);
    desk.house.clock.advance(1);
    let (second, expire) = ask().await;
    assert_ne!(second, first);
    assert_eq!(expire, 7_200);
    // Both are good; a user call refuses their kind, an older endpoint takes both.
    for token in [&first, &second] {
        let ask = json_ask(OIDC, &code_fields("x")).bearer(token);
        assert_eq!(desk.house.ask_at_once(ask).await.code(), 20_003);
    }

    // One that was taken back is not given again, and neither is the one after it.
    for _ in 0..10 {
        let (token, _) = ask().await;
        let hash = usher_identity::token::hash_token(&usher_identity::Secret::new(&*token));
        let revoke = Change::RevokeToken {
            tenant_id: None,
            token_hash: TokenHash(hash),
        };
        desk.house.change(vec![revoke]).await;
        assert_ne!(ask().await.0, token);
    }
    // Another secret, another token.
    let before = desk.tenant_token().await;
    desk.add_secret(CLIENT, usher_identity::make_secret(&[9; 32]).expose(), i64::MAX)
        .await;
    assert_ne!(desk.tenant_token().await, before);
}

#[tokio::test]
async fn parallel_callers_get_the_same_token() {
    let desk = std::sync::Arc::new(Desk::open().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let desk = std::sync::Arc::clone(&desk);
        tasks.spawn(async move { desk.tenant_token().await });
    }
    let tokens = tasks.join_all().await;
    assert!(tokens.iter().all(|token| *token == tokens[0]));
}

#[tokio::test]
async fn clients_that_are_not_what_they_say_are_refused() {
    let desk = Desk::open().await;
    let (good, wrong) = (secret(), usher_identity::make_secret(&[1; 32]));
    let wrong = wrong.expose();
    for path in [TENANT_INTERNAL, APP_INTERNAL, RESEND] {
        for fields in [
            vec![],
            vec![("app_id", CLIENT)],
            vec![("app_secret", good.as_str())],
            own("", &good),
            own(CLIENT, ""),
        ] {
            assert_said(&desk.post_bare(path, &fields).await, INVALID_PARAM);
        }
        for body in ["{", "[]", r#"{"app_id":1,"app_secret":2}"#] {
            let ask = Ask::get(path).method("POST").body(body);
            assert_said(&desk.house.ask_at_once(ask).await, INVALID_PARAM);
        }
        assert_said(&desk.house.ask_at_once(Ask::get(path)).await, INVALID_PARAM);
        for unknown in ["cli_unknown", "nonsense"] {
            assert_said(&desk.post_bare(path, &own(unknown, &good)).await, APP_UNKNOWN);
        }
        assert_said(&desk.post_bare(path, &own(CLIENT, wrong)).await, SECRET_INVALID);
        desk.set_client_enabled(CLIENT, false).await;
        assert_said(&desk.post_bare(path, &own(CLIENT, &good)).await, UNAUTHORIZED);
        desk.set_client_enabled(CLIENT, true).await;
    }
    for path in [TENANT_INTERNAL, APP_INTERNAL] {
        assert_said(
            &desk.post_bare(path, &own(STORE_CLIENT, &good)).await,
            UNAUTHORIZED,
        );
    }
    for client in [CLIENT, STORE_CLIENT] {
        // Not a store client; a store client without an address for tickets.
        assert_said(&desk.post_bare(RESEND, &own(client, &good)).await, RESEND_FAILED);
    }
}

#[tokio::test]
async fn a_store_client_goes_from_ticket_to_app_token_to_tenant_token() {
    let desk = Desk::open().await;
    let (secret, ticket) = (secret(), desk.ticket());
    let with_ticket = |client, ticket| {
        let mut fields = own(client, &secret);
        fields.push(("app_ticket", ticket));
        fields
    };
    let answer = desk.post_bare(APP, &with_ticket(STORE_CLIENT, &ticket)).await;
    let json = answer.json();
    let (app_token, expire) = (text(&json["app_access_token"]), json["expire"].as_i64().unwrap());
    assert!(app_token.starts_with("a-"), "{app_token}");
    assert!((1_800..=7_200).contains(&expire), "{expire}");
    assert_said(
        &answer,
        &format!(r#"{{"code":0,"msg":"success","app_access_token":"{app_token}","expire":{expire}}}"#),
    );
    assert_said(
        &desk.post_bare(APP, &own(STORE_CLIENT, &secret)).await,
        INVALID_PARAM,
    );
    for (client, ticket) in [(STORE_CLIENT, "wrong"), (CLIENT, ticket.as_str())] {
        assert_said(
            &desk.post_bare(APP, &with_ticket(client, ticket)).await,
            TICKET_INVALID,
        );
    }

    let other = desk.house.tenant("other").await;
    let for_tenant = async |app_token: &str, tenant_key: &str| {
        let fields = vec![("app_access_token", app_token), ("tenant_key", tenant_key)];
        desk.post_bare(TENANT, &fields).await
    };
    assert_said(&for_tenant("", "default").await, INVALID_PARAM);
    assert_said(&for_tenant("a-nonsense", "default").await, STRANGER);
    // Not installed, unknown and impossible look the same.
    for tenant_key in ["other", "unknown", "no key at all"] {
        assert_said(&for_tenant(&app_token, tenant_key).await, TENANT_FAILED);
    }
    desk.identity(IdentityChange::InstallClient {
        tenant_id: other,
        client_id: id(STORE_CLIENT),
    })
    .await;
    let answer = for_tenant(&app_token, "other").await;
    let token = text(&answer.json()["tenant_access_token"]);
    assert_said(
        &answer,
        &format!(r#"{{"code":0,"msg":"success","tenant_access_token":"{token}","expire":{expire}}}"#),
    );
    assert_ne!(
        token,
        text(&for_tenant(&app_token, "default").await.json()["tenant_access_token"])
    );
}

#[tokio::test]
async fn a_tenant_token_of_a_store_client_ends_with_its_install() {
    let desk = Desk::open().await;
    let other = desk.house.tenant("other").await;
    let place = || (other, id(STORE_CLIENT));
    let (tenant_id, client_id) = place();
    desk.identity(IdentityChange::InstallClient { tenant_id, client_id })
        .await;
    let (secret, ticket, app_token) = (secret(), desk.ticket(), desk.app_token().await);
    let for_tenant = async |app_token: &str| {
        let fields = vec![("app_access_token", app_token), ("tenant_key", "other")];
        desk.post_bare(TENANT, &fields).await
    };
    let token = text(&for_tenant(&app_token).await.json()["tenant_access_token"]);

    // Installing again gives another.
    let (tenant_id, client_id) = place();
    desk.identity(IdentityChange::UninstallClient { tenant_id, client_id })
        .await;
    let ask = json_ask(OIDC, &code_fields("x")).bearer(&token);
    assert_said(&desk.house.ask_at_once(ask).await, STRANGER);
    let (tenant_id, client_id) = place();
    desk.identity(IdentityChange::InstallClient { tenant_id, client_id })
        .await;
    assert_ne!(
        text(&for_tenant(&app_token).await.json()["tenant_access_token"]),
        token
    );

    desk.set_client_enabled(STORE_CLIENT, false).await;
    assert_said(&for_tenant(&app_token).await, UNAUTHORIZED);
    desk.set_client_enabled(STORE_CLIENT, true).await;
    desk.house.clock.advance(2 * HOUR_MS);
    assert_said(&for_tenant(&app_token).await, STRANGER);
    let mut late = own(STORE_CLIENT, &secret);
    late.push(("app_ticket", &ticket));
    assert_said(&desk.post_bare(APP, &late).await, TICKET_INVALID);
}

#[tokio::test]
async fn the_older_endpoints_take_app_and_tenant_tokens() {
    let desk = Desk::open().await;
    let other = desk.app_token().await;
    desk.grant(STORE_CLIENT, crate::support::ADMINISTRATOR).await;
    let tenant_token = desk.tenant_token().await;
    for (client, token) in [(CLIENT, &tenant_token), (STORE_CLIENT, &other)] {
        let code = desk
            .put_code(CodeOrder {
                client,
                ..desk.order()
            })
            .await;
        let answer = desk
            .house
            .ask_at_once(json_ask(OIDC, &code_fields(&code)).bearer(token))
            .await;
        let json = answer.json();
        let (access, refresh) = (
            text(&json["data"]["access_token"]),
            text(&json["data"]["refresh_token"]),
        );
        assert_said(
            &answer,
            &format!(
                r#"{{"code":0,"msg":"success","data":{{"access_token":"{access}","refresh_token":"{refresh}","token_type":"Bearer","expires_in":7200,"refresh_expires_in":2592000,"scope":"{ACTIVITIES_SCOPE} b offline_access"}}}}"#
            ),
        );
        assert_eq!(desk.seat_call(&access).await, 0);
        let again = json_ask(OIDC_REFRESH, &refresh_fields(&refresh)).bearer(token);
        let json = desk.house.ask_at_once(again).await.json();
        assert_eq!(desk.seat_call(&text(&json["data"]["access_token"])).await, 0);
        // Somebody else's token does not redeem it.
        let code = desk
            .put_code(CodeOrder {
                client,
                ..desk.order()
            })
            .await;
        let stranger = if client == CLIENT { &other } else { &tenant_token };
        let ask = json_ask(OIDC, &code_fields(&code)).bearer(stranger);
        assert_eq!(desk.house.ask_at_once(ask).await.code(), 20_024);
    }
}

#[tokio::test]
async fn the_older_endpoints_refuse_in_their_own_words() {
    let desk = Desk::open().await;
    let token = desk.tenant_token().await;
    let user_token = desk.house.administrator_token().await;
    let said = async |path: &str, fields: Fields<'_>, token: &str| {
        desk.house
            .ask_at_once(json_ask(path, &fields).bearer(token))
            .await
            .text
    };
    for stranger in ["", "t-abc", "a-abc", &user_token, &token.to_uppercase()] {
        assert_eq!(
            said(OIDC, code_fields("x"), stranger).await,
            STRANGER,
            "{stranger}"
        );
    }
    assert_said(&desk.post_bare(OIDC, &code_fields("x")).await, STRANGER);
    let request = r#"{"code":20001,"msg":"Invalid request. Please check request param"}"#;
    let grant_type = r#"{"code":20036,"msg":"The grant_type passed is not supported"}"#;
    assert_said(
        &desk.house.ask_at_once(Ask::get(OIDC).bearer(&token)).await,
        request,
    );
    for (path, fields, expected) in [
        (OIDC, vec![], request),
        (OIDC, vec![("grant_type", "authorization_code")], request),
        (OIDC, refresh_fields("x"), grant_type),
        (OIDC_REFRESH, code_fields("x"), grant_type),
        (OIDC_REFRESH, vec![("grant_type", "refresh_token")], request),
        (
            OIDC,
            code_fields("x"),
            r#"{"code":20003,"msg":"The code passed is invalid. Please note that the code could only be used once"}"#,
        ),
        (
            OIDC_REFRESH,
            refresh_fields("x"),
            r#"{"code":20026,"msg":"The refresh token passed is invalid. Please check the value"}"#,
        ),
    ] {
        assert_eq!(said(path, fields, &token).await, expected);
    }
}

/// The older endpoints know no verifier, but a challenge that was made has to be answered.
#[tokio::test]
async fn the_older_endpoints_hold_a_code_to_its_end_and_its_challenge() {
    let desk = Desk::open().await;
    let token = desk.tenant_token().await;
    let said = async |fields: Fields<'_>| {
        let ask = json_ask(OIDC, &fields).bearer(&token);
        desk.house.ask_at_once(ask).await.text
    };
    let late = desk.code().await;
    let challenged = desk
        .put_code(CodeOrder {
            challenge: Some((CHALLENGE, ChallengeMethod::S256)),
            life_ms: HOUR_MS,
            ..desk.order()
        })
        .await;
    desk.house.clock.advance(5 * 60_000);
    assert_eq!(
        said(code_fields(&late)).await,
        r#"{"code":20004,"msg":"The code passed has expired. Please generate a new one"}"#
    );
    assert_eq!(
        said(code_fields(&challenged)).await,
        r#"{"code":20049,"msg":"PKCE code challenge failed."}"#
    );
    let mut verified = code_fields(&challenged);
    verified.push(("code_verifier", VERIFIER));
    assert!(said(verified).await.starts_with(r#"{"code":0,"#));

    desk.set_client_enabled(CLIENT, false).await;
    assert_eq!(
        said(code_fields("x")).await,
        r#"{"code":20042,"msg":"App disabled"}"#
    );
    desk.set_client_enabled(CLIENT, true).await;
    desk.house.clock.advance(DAY_MS);
    assert_eq!(said(code_fields("x")).await, STRANGER);
}

#[tokio::test]
async fn only_when_the_fault_is_ours_is_the_status_an_error() {
    let desk = Desk::open().await;
    let secret = secret();
    desk.house
        .engine
        .vandalize("UPDATE client_secrets SET secret_hash = substr(secret_hash, 1, 0)")
        .await;
    let answer = desk.post_bare(TENANT_INTERNAL, &own(CLIENT, &secret)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (500, r#"{"code":20050,"msg":"System error"}"#)
    );
    desk.house.store.close().await;
    let answer = desk.post_bare(TENANT_INTERNAL, &own(CLIENT, &secret)).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, 20_072));
    assert_eq!(answer.header("retry-after"), "1");
}
