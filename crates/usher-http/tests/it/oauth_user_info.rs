//! Who a user token acts for.

use usher_http::oauth::user_info::EMPLOYEE_ID_SCOPE;
use usher_store::{Change, IdentityChange, TokenKind, User};

use crate::{
    oauth_support::{Desk, STORE_CLIENT, USER_INFO, id, text},
    support::{ADMINISTRATOR, Answer, Ask, CLIENT, TokenOrder, user_id},
};

async fn ask(desk: &Desk, token: &str) -> Answer {
    desk.house.ask(Ask::get(USER_INFO).bearer(token)).await
}

async fn assert_refused(desk: &Desk, token: &str, code: i64, msg: &str) {
    let answer = ask(desk, token).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.text, format!(r#"{{"code":{code},"msg":"{msg}"}}"#));
}

const INVALID: &str = "The user access token passed is invalid. Please check the value";

#[tokio::test]
async fn a_person_is_described_under_names_of_the_client() {
    let desk = Desk::open().await;
    let token = desk.house.administrator_token().await;
    let answer = ask(&desk, &token).await;
    let json = answer.json();
    let (open_id, union_id) = (text(&json["data"]["open_id"]), text(&json["data"]["union_id"]));
    assert_eq!(
        answer.text,
        format!(
            r#"{{"code":0,"msg":"success","data":{{"name":"User {ADMINISTRATOR}","en_name":"User {ADMINISTRATOR}","avatar_url":"","avatar_thumb":"","avatar_middle":"","avatar_big":"","open_id":"{open_id}","union_id":"{union_id}","tenant_key":"default"}}}}"#
        )
    );
    assert!(
        open_id.starts_with("ou_") && union_id.starts_with("on_"),
        "{answer}"
    );
    // Nothing of the number shows.
    assert!(
        !answer.text.replace("User ", "").contains("\"user_id\""),
        "{answer}"
    );

    // Another client of the same owner knows the person by another open id and the same union id.
    let other = TokenOrder {
        client: Some(STORE_CLIENT),
        ..desk.house.order()
    };
    let json = ask(&desk, &desk.house.token(other).await).await.json();
    assert_ne!(text(&json["data"]["open_id"]), open_id);
    assert_eq!(text(&json["data"]["union_id"]), union_id);
}

#[tokio::test]
async fn the_organisations_own_name_is_shown_to_who_was_granted_it() {
    let desk = Desk::open().await;
    let Change::PutUser(user) = desk.house.user(7, true, false) else {
        panic!("a user")
    };
    let user = User {
        external_id: Some("zhang.san".to_owned()),
        ..user
    };
    desk.house.change(vec![Change::PutUser(user)]).await;
    for (scopes, expected) in [
        (vec![EMPLOYEE_ID_SCOPE], serde_json::json!("zhang.san")),
        (vec!["contact:user.email:readonly"], serde_json::Value::Null),
    ] {
        let order = TokenOrder {
            user: Some(7),
            scopes,
            ..desk.house.order()
        };
        let token = desk.house.token(order).await;
        assert_eq!(ask(&desk, &token).await.json()["data"]["user_id"], expected);
    }
}

#[tokio::test]
async fn a_token_must_be_a_good_user_token() {
    let desk = Desk::open().await;
    let missing = desk.house.ask(Ask::get(USER_INFO)).await;
    assert_eq!((missing.status.as_u16(), missing.code()), (400, 99_991_661));
    let house = &desk.house;
    let order = |kind| TokenOrder {
        kind,
        ..house.order()
    };
    let revoked = house
        .token(TokenOrder {
            revoked: true,
            ..house.order()
        })
        .await;
    let expired = house
        .token(TokenOrder {
            life_ms: 1,
            ..house.order()
        })
        .await;
    let tenant = house.token(order(TokenKind::Tenant)).await;
    let service = house.token(order(TokenKind::Service)).await;
    for token in [
        "nonsense",
        "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
        &revoked,
        &expired,
        &tenant,
        &service,
    ] {
        assert_refused(&desk, token, 20_005, INVALID).await;
    }
    let wrong = house
        .ask(Ask::get(USER_INFO).method("POST").bearer(&tenant))
        .await;
    assert_eq!(wrong.code(), 20_001, "{wrong}");
}

#[tokio::test]
async fn whoever_is_gone_or_switched_off_is_not_described() {
    let desk = Desk::open().await;
    let token = desk.house.administrator_token().await;
    desk.set_client_enabled(CLIENT, false).await;
    assert_refused(&desk, &token, 20_042, "App disabled").await;
    desk.set_client_enabled(CLIENT, true).await;
    let person = |enabled| desk.house.user(ADMINISTRATOR, enabled, true);
    desk.house.change(vec![person(false)]).await;
    assert_refused(&desk, &token, 20_022, "User frozen").await;
    desk.house.change(vec![person(true)]).await;
    let tenant = |enabled| Change::SetTenantEnabled {
        tenant_id: desk.house.tenant_id,
        enabled,
    };
    desk.house.change(vec![tenant(false)]).await;
    assert_refused(&desk, &token, 20_022, "User frozen").await;
    desk.house.change(vec![tenant(true)]).await;
    assert_eq!(ask(&desk, &token).await.code(), 0);
    let delete = Change::DeleteUser {
        tenant_id: desk.house.tenant_id,
        user_id: user_id(ADMINISTRATOR),
    };
    desk.house.change(vec![delete]).await;
    assert_refused(&desk, &token, 20_008, "User not exist").await;
}

#[tokio::test]
async fn a_store_client_describes_people_only_where_it_is_installed() {
    let desk = Desk::open().await;
    let other = desk.house.tenant("other").await;
    let Change::PutUser(user) = desk.house.user(8, true, false) else {
        panic!("a user")
    };
    desk.house
        .change(vec![Change::PutUser(User {
            tenant_id: other,
            ..user
        })])
        .await;
    desk.identity(IdentityChange::InstallClient {
        tenant_id: other,
        client_id: id(STORE_CLIENT),
    })
    .await;
    let order = TokenOrder {
        client: Some(STORE_CLIENT),
        tenant_id: Some(other),
        user: Some(8),
        ..desk.house.order()
    };
    let token = desk.house.token(order).await;
    assert_eq!(ask(&desk, &token).await.json()["data"]["tenant_key"], "other");
    desk.identity(IdentityChange::UninstallClient {
        tenant_id: other,
        client_id: id(STORE_CLIENT),
    })
    .await;
    assert_refused(&desk, &token, 20_005, INVALID).await;
}
