//! Who may ask: every row of the gateway table and of DESIGN section 5, for both calls, and the order of the checks.

use usher_store::{Change, TokenKind};

use crate::support::{
    ACTIVITIES, ACTIVITIES_SCOPE, ADMINISTRATOR, ASSIGNMENTS, ASSIGNMENTS_SCOPE, Answer, Ask, CLIENT, House,
    TokenOrder,
};

const PATHS: [&str; 2] = [ACTIVITIES, ASSIGNMENTS];
const GOOD_QUERY: &str = "?seat_type=per_user&page_size=10";

const MISSING: &str = "Missing access token for authorization. Please make a request with token attached.";
const INVALID: &str = "Invalid access token for authorization. Please make a request with token attached.";
const EXPIRED: &str = "Authentication token expired. Please request a new one.";

/// Asks both calls and holds them to status, code and text.
async fn assert_refused(house: &House, title: &str, ask: impl Fn(Ask) -> Ask, expected: (u16, i64, &str)) {
    for path in PATHS {
        let answer = house.ask(ask(Ask::get(format!("{path}{GOOD_QUERY}")))).await;
        answer.assert_common();
        let json = answer.json();
        assert_eq!(
            (
                answer.status.as_u16(),
                json["code"].as_i64().unwrap(),
                json["msg"].as_str().unwrap()
            ),
            expected,
            "{title} on {path}: {answer}"
        );
    }
}

/// As above for a token.
async fn assert_token_refused(house: &House, title: &str, token: &str, expected: (u16, i64, &str)) {
    assert_refused(house, title, |ask| ask.bearer(token), expected).await;
}

async fn code(house: &House, uri: String, token: &str) -> i64 {
    house.ask(Ask::get(uri).bearer(token)).await.code()
}

#[tokio::test]
async fn a_call_needs_one_bearer_token() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let missing = (400, 99_991_661, MISSING);
    assert_refused(&house, "no header", |ask| ask, missing).await;
    let bearer = format!("Bearer {token}");
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNoZXI6dXNoZXI=",
        &token,
        &bearer.to_lowercase(),
        &bearer.to_uppercase(),
        &format!("Token {token}"),
        &format!("Bearer\t{token}"),
    ] {
        assert_refused(&house, value, |ask| ask.header("authorization", value), missing).await;
    }
    assert_refused(
        &house,
        "two headers",
        |ask| ask.bearer(&token).bearer(&token),
        missing,
    )
    .await;
    assert_refused(
        &house,
        "header beside a bad one",
        |ask| ask.bearer(&token).header("authorization", "Basic x"),
        missing,
    )
    .await;
}

#[tokio::test]
async fn an_unknown_token_is_refused_by_its_form() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let secret = "A".repeat(43);
    for (text, code) in [
        (format!("t-{secret}"), 99_991_663),
        ("t-".to_owned(), 99_991_663),
        ("t-g1044ckCXGYWKYNLXKLC".to_owned(), 99_991_663),
        (format!("t-{}", "A".repeat(5_000)), 99_991_663),
        (format!("u-{secret}"), 99_991_668),
        (format!("s-{secret}"), 99_991_668),
        ("u-".to_owned(), 99_991_668),
        (format!("u-{}", "A".repeat(5_000)), 99_991_668),
        ("eyJhbGciOiJFUzI1NiJ9.eyJ1IjoxfQ.c2ln".to_owned(), 99_991_668),
        ("a-abc".to_owned(), 99_991_668),
        ("x".to_owned(), 99_991_668),
        (format!("Bearer {token}"), 99_991_668),
        (format!(" {token}"), 99_991_668),
        (format!("{token}x"), 99_991_668),
        (format!("{token}="), 99_991_668),
        (format!("{token},{token}"), 99_991_668),
        (token.to_uppercase(), 99_991_668),
        ("' OR 1=1 --".to_owned(), 99_991_668),
    ] {
        assert_token_refused(&house, &text, &text, (400, code, INVALID)).await;
    }
    let not_utf_8 = |ask: Ask| ask.header("authorization", &b"Bearer u-\xff\xfe"[..]);
    assert_refused(
        &house,
        "bytes that are no text",
        not_utf_8,
        (400, 99_991_668, INVALID),
    )
    .await;
}

#[tokio::test]
async fn a_token_taken_back_looks_like_one_that_never_was() {
    let house = House::open().await;
    for (kind, code) in [
        (TokenKind::User, 99_991_668),
        (TokenKind::Tenant, 99_991_663),
        (TokenKind::Service, 99_991_668),
    ] {
        for life_ms in [7_200_000, 0] {
            let order = TokenOrder {
                kind,
                life_ms,
                revoked: true,
                ..house.order()
            };
            let token = house.token(order).await;
            assert_token_refused(&house, "revoked", &token, (400, code, INVALID)).await;
        }
    }
}

#[tokio::test]
async fn a_user_token_is_told_when_its_time_is_over_and_others_are_not() {
    let house = House::open().await;
    let order = TokenOrder {
        life_ms: 5_000,
        ..house.order()
    };
    let token = house.token(order).await;
    house.clock.advance(3_999);
    let uri = format!("{ACTIVITIES}{GOOD_QUERY}");
    assert_eq!(code(&house, uri, &token).await, 0, "one millisecond is left");
    house.clock.advance(-999);
    assert_token_refused(&house, "expired", &token, (401, 99_991_677, EXPIRED)).await;

    for (kind, code) in [(TokenKind::Tenant, 99_991_663), (TokenKind::Service, 99_991_668)] {
        let order = TokenOrder {
            kind,
            life_ms: 0,
            ..house.order()
        };
        let token = house.token(order).await;
        assert_token_refused(&house, "expired", &token, (400, code, INVALID)).await;
    }
}

#[tokio::test]
async fn only_a_user_may_ask() {
    let house = House::open().await;
    let tenant = TokenOrder {
        kind: TokenKind::Tenant,
        user: None,
        ..house.order()
    };
    let token = house.token(tenant).await;
    assert_token_refused(&house, "tenant token", &token, (400, 99_991_663, INVALID)).await;
    for tenant_id in [Some(house.tenant_id), None] {
        let service = TokenOrder {
            kind: TokenKind::Service,
            tenant_id,
            client: None,
            user: None,
            ..house.order()
        };
        let token = house.token(service).await;
        assert_token_refused(&house, "service token", &token, (400, 99_991_668, INVALID)).await;
    }
}

#[tokio::test]
async fn a_disabled_client_is_not_in_use() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let all_scopes = [ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE];
    house.change(vec![house.client(CLIENT, &all_scopes, false)]).await;
    assert_token_refused(&house, "disabled", &token, (400, 99_991_662, "app not in use")).await;
    let orphan = TokenOrder {
        client: None,
        ..house.order()
    };
    let token = house.token(orphan).await;
    assert_token_refused(&house, "no client", &token, (400, 99_991_662, "app not in use")).await;
    // Named before the kind of token is looked at.
    let tenant = TokenOrder {
        kind: TokenKind::Tenant,
        ..house.order()
    };
    let token = house.token(tenant).await;
    assert_token_refused(
        &house,
        "tenant token",
        &token,
        (400, 99_991_662, "app not in use"),
    )
    .await;

    house.change(vec![house.client(CLIENT, &all_scopes, true)]).await;
    let token = house.administrator_token().await;
    assert_eq!(code(&house, format!("{ACTIVITIES}{GOOD_QUERY}"), &token).await, 0);
}

#[tokio::test]
async fn a_scope_is_opened_by_the_client_and_granted_by_the_user_for_each_call() {
    let house = House::open().await;
    for (path, scope, other) in [
        (ACTIVITIES, ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE),
        (ASSIGNMENTS, ASSIGNMENTS_SCOPE, ACTIVITIES_SCOPE),
    ] {
        let uri = || format!("{path}{GOOD_QUERY}");
        let full = house.administrator_token().await;
        let granted_other = TokenOrder {
            scopes: vec![other],
            ..house.order()
        };
        let granted_other = house.token(granted_other).await;
        assert_eq!(code(&house, uri(), &granted_other).await, 99_991_679);

        house.change(vec![house.client(CLIENT, &[other], true)]).await;
        // Not opened is said first, whether granted or not.
        for token in [&full, &granted_other] {
            let answer = house.ask(Ask::get(uri()).bearer(token)).await;
            answer.assert_common();
            let json = answer.json();
            assert_eq!((answer.status.as_u16(), answer.code()), (400, 99_991_672));
            assert_eq!(json["error"]["permission_violations"][0]["subject"], scope);
        }
        house.change(vec![house.client(CLIENT, &[scope], true)]).await;
        assert_eq!(code(&house, uri(), &full).await, 0);
        let nothing = TokenOrder {
            scopes: vec![],
            ..house.order()
        };
        let nothing = house.token(nothing).await;
        assert_eq!(code(&house, uri(), &nothing).await, 99_991_679);
        let all = [ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE];
        house.change(vec![house.client(CLIENT, &all, true)]).await;
    }
}

#[tokio::test]
async fn tenant_user_and_administrator_are_as_they_are_now() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    house.change(vec![house.user(ADMINISTRATOR, true, false)]).await;
    let not_allowed = (403, 2_320_005, "insufficient permissions");
    assert_token_refused(&house, "no administrator", &token, not_allowed).await;

    for system_administrator in [true, false] {
        house
            .change(vec![house.user(ADMINISTRATOR, false, system_administrator)])
            .await;
        let gone = (404, 2_320_004, "user does not exist");
        assert_token_refused(&house, "disabled user", &token, gone).await;
    }
    let userless = TokenOrder {
        user: None,
        ..house.order()
    };
    let userless = house.token(userless).await;
    assert_token_refused(
        &house,
        "no user",
        &userless,
        (404, 2_320_004, "user does not exist"),
    )
    .await;

    let tenant_off = Change::SetTenantEnabled {
        tenant_id: house.tenant_id,
        enabled: false,
    };
    house.change(vec![tenant_off]).await;
    let no_tenant = (404, 2_320_003, "tenant does not exist");
    assert_token_refused(&house, "disabled tenant", &token, no_tenant).await;
    let tenantless = TokenOrder {
        tenant_id: None,
        ..house.order()
    };
    let tenantless = house.token(tenantless).await;
    assert_token_refused(&house, "no tenant", &tenantless, no_tenant).await;
}

/// Each step mends the defect that was named, and the next one is named: the order of DESIGN section 4.
#[tokio::test]
async fn the_checks_come_in_the_order_of_the_design() {
    for path in PATHS {
        let house = House::open().await;
        let tenant_off = |enabled: bool| Change::SetTenantEnabled {
            tenant_id: house.tenant_id,
            enabled: !enabled,
        };
        let token = house
            .token(TokenOrder {
                scopes: vec![],
                ..house.order()
            })
            .await;
        let scopes = [ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE];
        let tenant_token = TokenOrder {
            kind: TokenKind::Tenant,
            ..house.order()
        };
        let tenant_token = house.token(tenant_token).await;
        let granted = house.administrator_token().await;
        house
            .change(vec![
                house.client(CLIENT, &[], false),
                house.user(ADMINISTRATOR, false, false),
                tenant_off(true),
            ])
            .await;
        // Everything is wrong, down to method and parameters.
        let bad = |token: &str| Ask::get(format!("{path}?page_size=x")).bearer(token);
        assert_eq!(house.ask(bad("x").method("POST")).await.code(), 2_320_006);
        assert_eq!(house.ask(Ask::get(path)).await.code(), 99_991_661);
        assert_eq!(house.ask(bad("x")).await.code(), 99_991_668);
        assert_eq!(house.ask(bad(&tenant_token)).await.code(), 99_991_662);
        house.change(vec![house.client(CLIENT, &[], true)]).await;
        assert_eq!(house.ask(bad(&tenant_token)).await.code(), 99_991_663);
        assert_eq!(house.ask(bad(&token)).await.code(), 99_991_672);
        house.change(vec![house.client(CLIENT, &scopes, true)]).await;
        assert_eq!(house.ask(bad(&token)).await.code(), 99_991_679);
        assert_eq!(house.ask(bad(&granted)).await.code(), 2_320_003);
        // The calls so far are of seconds gone by; now one second is used up.
        let mut codes = Vec::new();
        for _ in 0..11 {
            codes.push(house.ask_at_once(bad(&granted)).await.code());
        }
        assert_eq!(codes.last(), Some(&99_991_400), "{path}");
        house.change(vec![tenant_off(false)]).await;
        assert_eq!(house.ask(bad(&granted)).await.code(), 2_320_004);
        house.change(vec![house.user(ADMINISTRATOR, true, false)]).await;
        assert_eq!(house.ask(bad(&granted)).await.code(), 2_320_005);
        house.change(vec![house.user(ADMINISTRATOR, true, true)]).await;
        assert_eq!(house.ask(bad(&granted)).await.code(), 2_320_006);
        let good = Ask::get(format!("{path}{GOOD_QUERY}")).bearer(&granted);
        assert_eq!(house.ask(good).await.code(), 0);
    }
}

#[tokio::test]
async fn every_other_method_of_a_known_path_is_refused_before_the_token() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    for path in PATHS {
        for method in [
            "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "PROPFIND", "get",
        ] {
            for ask in [Ask::get(path), Ask::get(path).bearer(&token)] {
                let answer: Answer = house.ask(ask.method(method).body("{}")).await;
                assert_eq!(answer.status, 400, "{method}");
                if method != "HEAD" {
                    answer.assert_common();
                    assert_eq!(answer.code(), 2_320_006);
                    assert_eq!(answer.violated_fields(), ["method"]);
                }
            }
        }
    }
}

#[tokio::test]
async fn unknown_paths_are_text_with_and_without_a_token() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    for path in [
        "/nowhere",
        "/open-apis",
        "/open-apis/apaas/v1/seat_activity/list",
        "/open-apis/apaas/v1/seat_activities/",
        "/open-apis/apaas/v1/seat_assignments/",
        "/open-apis/apaas/v1//seat_activities",
        "/open-apis/apaas/v1/seat_activities/1",
        "/open-apis/apaas/v1/Seat_Activities",
        "/open-apis/apaas/v1/seat%5Factivities",
        "/open-apis/apaas/v1/../v1/seat_activities",
        "/open-apis/apaas/v2/seat_activities",
        "/%00",
        "/%ff%fe",
    ] {
        for ask in [Ask::get(path), Ask::get(path).bearer(&token)] {
            let answer = house.ask(ask).await;
            answer.assert_common();
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.text, "404 page not found");
            assert_eq!(answer.header("content-type"), "text/plain");
        }
    }
}
