//! Operators: they come with a token, choose an organisation, and are nobody's administrator.

use axum::http::StatusCode;
use usher_store::{Actor, AuditQuery, Change, TokenHash, TokenKind};

use super::{PAGES, is_held, organisation, organisation_in, read};
use crate::{
    sign_in_support::Browser,
    support::{House, TokenOrder},
};

async fn operator_token(house: &House) -> String {
    let order = TokenOrder {
        kind: TokenKind::Operator,
        tenant_id: None,
        client: None,
        user: None,
        scopes: Vec::new(),
        ..house.order()
    };
    house.token(order).await
}

async fn sign_in(browser: &mut Browser<'_>, token: &str) -> crate::support::Answer {
    let page = browser.get("/console/operator").await;
    let form = page.form("/console/operator").with("token", token);
    browser.submit(&form).await
}

async fn choose(browser: &mut Browser<'_>, key: &str) {
    let page = browser.get("/console/organisations").await;
    let form = page.form_with("/console/organisations", "organisation", key);
    let chosen = browser.submit(&form).await;
    assert_eq!(
        (chosen.status, chosen.location()),
        (StatusCode::SEE_OTHER, "/console"),
        "{chosen}"
    );
}

#[tokio::test]
async fn an_operator_chooses_an_organisation_and_sees_that_one() {
    let house = organisation().await;
    let other = house.tenant("other").await;
    organisation_in(&house, other).await;
    let token = operator_token(&house).await;
    let mut browser = Browser::new(&house);
    let entered = sign_in(&mut browser, &token).await;
    assert_eq!(entered.location(), "/console/organisations", "{entered}");
    assert!(
        !browser.cookies.values().any(|value| value.contains(&token)),
        "the token is nowhere kept"
    );
    let shown = browser.get("/console/seats").await;
    assert_eq!(
        shown.location(),
        "/console/organisations",
        "none is chosen yet: {shown}"
    );
    let found = browser.get("/console/organisations?q=oth").await;
    assert!(
        found.text.contains("value=\"other\"") && !found.text.contains("value=\"acme\""),
        "{found}"
    );
    choose(&mut browser, "other").await;
    for page in PAGES {
        let answer = browser.get(page).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {answer}");
        assert!(
            answer.text.contains("<bdi>other</bdi>"),
            "which one is on every page: {page}: {answer}"
        );
        assert!(read(&answer).contains("Operator"), "{page}");
    }
    let path = "/console/seats/per_user%3A7";
    let page = browser.get(path).await;
    let asked = browser.submit(&page.form_with(path, "action", "release")).await;
    browser.submit(&asked.form_with(path, "step", "go")).await;
    assert!(is_held(&house, 7).await, "the other organisation's, and no other");
    let records = house
        .store
        .audit_records(AuditQuery::of(Some(other)))
        .await
        .unwrap();
    let author = &records[0].record.author;
    assert!(matches!(author.actor, Actor::Operator(_)), "{author:?}");
}

#[tokio::test]
async fn nobody_else_gets_in_that_way_and_a_revoked_token_ends_the_visit() {
    let house = organisation().await;
    house.tenant("other").await;
    let administrator = house.administrator_token().await;
    let mut browser = Browser::new(&house);
    for wrong in ["", "o-nonsense", administrator.as_str()] {
        let refused = sign_in(&mut browser, wrong).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{wrong}: {refused}");
    }
    let token = operator_token(&house).await;
    sign_in(&mut browser, &token).await;
    choose(&mut browser, "other").await;
    assert_eq!(browser.get("/console").await.status, StatusCode::OK);
    browser
        .cookies
        .insert("usher_organisation".to_owned(), "nobody".to_owned());
    assert_eq!(browser.get("/console").await.location(), "/console/organisations");
    choose(&mut browser, "other").await;
    let token_hash = TokenHash(usher_identity::token::hash_token(&usher_identity::Secret::new(
        token,
    )));
    let revoke = Change::RevokeToken {
        tenant_id: None,
        token_hash,
    };
    house.change(vec![revoke]).await;
    let ended = browser.get("/console/seats").await;
    assert!(ended.text.contains("action=\"/sign-in\""), "{ended}");
    assert_eq!(
        browser.get("/console/organisations").await.location(),
        "/console/operator"
    );
}

#[tokio::test]
async fn an_administrator_cannot_choose_another_organisation() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let other = house.tenant("other").await;
    organisation_in(&house, other).await;
    assert_eq!(
        browser.get("/console/organisations").await.location(),
        "/console/operator"
    );
    let token = browser.get("/console/settings").await.form("/console/settings");
    let form = crate::sign_in_support::Form {
        action: "/console/organisations".to_owned(),
        fields: vec![
            ("form_token".to_owned(), token.field("form_token").to_owned()),
            ("organisation".to_owned(), "other".to_owned()),
        ],
    };
    assert_eq!(browser.submit(&form).await.status, StatusCode::FORBIDDEN);
    browser
        .cookies
        .insert("usher_organisation".to_owned(), "other".to_owned());
    let page = browser.get("/console").await;
    assert!(!page.text.contains("<bdi>other</bdi>"), "{page}");
}
