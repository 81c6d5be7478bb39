//! Token and management calls have frequency level 4 of the platform: fifty in a second and a thousand in a minute, for
//! each call, client and tenant. The calls about seats have limits of their own (`gateway.rs`, `oauth_two_tenants.rs`).

use serde_json::Value;
use usher_http::rate_limit::LEVEL_4;

use crate::{
    manage::MANAGEMENT_SCOPE,
    oauth_support::{
        Desk, OIDC, OIDC_REFRESH, TENANT_INTERNAL, USER_INFO, V2, V3, json_ask, refresh_fields, secret,
    },
    support::{ADMINISTRATOR, Answer, Ask, CLIENT, House, TokenOrder},
};

const APP_INTERNAL: &str = "/open-apis/auth/v3/app_access_token/internal";

#[track_caller]
fn assert_too_many(answer: &Answer, limit: u32, reset_seconds: u32) {
    assert_eq!(answer.status, 429, "{answer}");
    let json = answer.json();
    assert_eq!(json["code"], 99_991_400, "{answer}");
    assert_eq!(json["msg"], "request trigger frequency limit", "{answer}");
    assert_eq!(json["error"]["log_id"], answer.header("x-tt-logid"), "{answer}");
    assert_eq!(answer.header("x-ogw-ratelimit-limit"), limit.to_string());
    assert_eq!(answer.header("x-ogw-ratelimit-reset"), reset_seconds.to_string());
    assert_eq!(answer.header("retry-after"), reset_seconds.to_string());
}

/// Every call that gives tokens, by a client that proves itself and gets no further, for what it wants is not there.
async fn token_calls(desk: &Desk) -> Vec<Ask> {
    let secret = secret();
    let proven = [("client_id", CLIENT), ("client_secret", secret.as_str())];
    let app = vec![("app_id", CLIENT), ("app_secret", secret.as_str())];
    let app_token = desk.tenant_token().await;
    let mut asks = Vec::new();
    for path in [V2, V3] {
        let mut fields = refresh_fields("nothing");
        fields.extend(proven);
        asks.push(json_ask(path, &fields));
    }
    asks.push(json_ask(OIDC_REFRESH, &refresh_fields("nothing")).bearer(&app_token));
    asks.push(json_ask(APP_INTERNAL, &app));
    asks
}

#[tokio::test]
async fn a_client_has_fifty_calls_a_second_at_each_token_call() {
    let desk = Desk::open().await;
    let asks = token_calls(&desk).await;
    desk.house.clock.advance(1_000);
    for ask in &asks {
        for call in 1..=LEVEL_4.per_second {
            let answer = desk.house.ask_at_once(ask.clone()).await;
            assert_ne!(answer.status, 429, "call {call}: {answer}");
        }
        for _ in 0..3 {
            assert_too_many(&desk.house.ask_at_once(ask.clone()).await, 50, 1);
        }
    }
    // The older calls of one kind are one call, however they are spelt.
    let app_token = "t-nobody";
    let stranger = json_ask(OIDC, &refresh_fields("x")).bearer(app_token);
    assert_eq!(
        desk.house.ask_at_once(stranger).await.code(),
        20_014,
        "strangers are not counted"
    );
    desk.house.clock.advance(1_000);
    for ask in asks {
        assert_ne!(desk.house.ask_at_once(ask).await.status, 429);
    }
}

#[tokio::test]
async fn a_client_has_a_thousand_calls_a_minute() {
    let desk = Desk::open().await;
    let ask = token_calls(&desk).await.remove(1);
    // From the beginning of a minute on.
    desk.house.clock.advance(55_000);
    for second in 0..20 {
        for call in 1..=LEVEL_4.per_second {
            let answer = desk.house.ask_at_once(ask.clone()).await;
            assert_ne!(answer.status, 429, "call {call} of second {second}");
        }
        desk.house.clock.advance(1_000);
    }
    assert_too_many(&desk.house.ask_at_once(ask.clone()).await, 1_000, 40);
    desk.house.clock.advance(39_000);
    assert_too_many(&desk.house.ask_at_once(ask.clone()).await, 1_000, 1);
    desk.house.clock.advance(1_000);
    assert_ne!(desk.house.ask_at_once(ask).await.status, 429);
}

/// Nobody can use a client's calls up who cannot prove to be it.
#[tokio::test]
async fn wrong_secrets_and_other_clients_use_nothing_up() {
    let desk = Desk::open().await;
    let wrong = [("app_id", CLIENT), ("app_secret", "canary")].to_vec();
    for _ in 0..=LEVEL_4.per_second {
        assert_eq!(desk.post_bare(TENANT_INTERNAL, &wrong).await.code(), 10_014);
    }
    let secret = secret();
    let right = vec![("app_id", CLIENT), ("app_secret", secret.as_str())];
    for _ in 0..LEVEL_4.per_second {
        assert_eq!(desk.post_bare(TENANT_INTERNAL, &right).await.code(), 0);
    }
    assert_too_many(&desk.post_bare(TENANT_INTERNAL, &right).await, 50, 1);
    assert_eq!(desk.post_bare(TENANT_INTERNAL, &wrong).await.code(), 10_014);
}

#[tokio::test]
async fn who_a_token_acts_for_is_told_fifty_times_a_second() {
    let house = House::open().await;
    let token = house.administrator_token().await;
    let ask = Ask::get(USER_INFO).bearer(&token);
    for _ in 0..LEVEL_4.per_second {
        assert_eq!(house.ask_at_once(ask.clone()).await.code(), 0);
    }
    assert_too_many(&house.ask_at_once(ask).await, 50, 1);
}

#[tokio::test]
async fn managing_is_counted_per_client_and_tenant_and_operators_are_not() {
    let mut house = House::open().await;
    let first = house.manager().await;
    let (first_tenant, second_tenant) = (house.tenant_id, house.tenant("second").await);
    house.tenant_id = second_tenant;
    house.change(vec![house.user(ADMINISTRATOR, true, true)]).await;
    let order = TokenOrder {
        scopes: vec![MANAGEMENT_SCOPE],
        ..house.order()
    };
    let second = house.token(order).await;
    house.tenant_id = first_tenant;
    let operator = house.operator().await;
    for token in [&first, &second] {
        for call in 0..LEVEL_4.per_second {
            let list = ["/usher/v1/users", "/usher/v1/apps"][usize::try_from(call % 2).unwrap()];
            house.managed(token, "GET", list, Value::Null).await;
        }
        assert_too_many(
            &house.manage(token, "GET", "/usher/v1/users", Value::Null).await,
            50,
            1,
        );
    }
    for _ in 0..=LEVEL_4.per_second {
        house
            .managed(&operator, "GET", "/usher/v1/tenants", Value::Null)
            .await;
    }
    house.clock.advance(1_000);
    house.managed(&first, "GET", "/usher/v1/users", Value::Null).await;
}
