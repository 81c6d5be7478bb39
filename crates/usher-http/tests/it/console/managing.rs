//! What administrators keep in order: people, groups, pools, apps; the log and the gateway.

use axum::http::StatusCode;
use usher_http::Clock as _;
use usher_store::{AppRoute, Change};

use super::{is_held, organisation, read, seat};
use crate::{
    sign_in_support::Browser,
    support::{Ask, House, namespace, user_id},
};

#[tokio::test]
async fn people_groups_pools_and_apps_are_managed() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let mut act = async |page: &str, action: Option<&str>, fields: &[(&str, &str)]| {
        let shown = browser.get(page).await;
        let mut form = match action {
            Some(action) => shown.form_with(page, "action", action),
            None => shown.posted(page),
        };
        for (name, value) in fields {
            form = form.with(name, value);
        }
        let answer = browser.submit(&form).await;
        assert_eq!(
            answer.status,
            StatusCode::SEE_OTHER,
            "{page} {action:?}: {answer}"
        );
        let after = browser.get(answer.location()).await;
        assert_eq!(after.status, StatusCode::OK, "{page} {action:?}: {after}");
        read(&after)
    };
    act(
        "/console/people",
        None,
        &[("name", "Ann"), ("number", "77"), ("enabled", "yes")],
    )
    .await;
    act("/console/people/77", Some("give"), &[("app", "")]).await;
    act(
        "/console/people/77",
        Some("leave"),
        &[("from", "2030-01-01"), ("until", "2030-01-31")],
    )
    .await;
    act(
        "/console/people/77",
        Some("change"),
        &[("name", "Anna"), ("enabled", "yes")],
    )
    .await;
    act("/console/groups/sales", Some("join"), &[("number", "77")]).await;
    act(
        "/console/groups/sales",
        Some("gives"),
        &[("pool", "per_user_per_app:crm")],
    )
    .await;
    act("/console/pools/per_user", None, &[("bought", "10")]).await;
    act(
        "/console/apps/crm",
        Some("route"),
        &[("host", "CRM.example.com"), ("prefix", "/")],
    )
    .await;
    let gateway = act(
        "/console/settings",
        None,
        &[("name", "Acme"), ("time_zone", "asia/shanghai")],
    )
    .await;
    assert!(gateway.contains("Asia/Shanghai"), "{gateway}");
    assert_managed(&house).await;
}

/// What the story above left behind.
async fn assert_managed(house: &House) {
    let store = &house.store;
    let user = store.user(house.tenant_id, user_id(77)).await.unwrap().unwrap();
    assert_eq!((user.name.as_str(), user.enabled), ("Anna", true));
    assert!(is_held(house, 77).await);
    assert_eq!(store.leaves(house.tenant_id, user_id(77)).await.unwrap().len(), 1);
    let pool = store
        .pool(seat(house, 77).pool, house.clock.now_ms())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(pool.pool.bought, Some(10));
    assert_eq!(store.app_routes().await.unwrap()[0].host, "crm.example.com");
    let members = store
        .group_members(house.tenant_id, &"sales".parse().unwrap(), None, 10)
        .await
        .unwrap();
    assert_eq!(members, [user_id(77)]);
}

#[tokio::test]
async fn the_log_is_shown_and_verified() {
    let house = organisation().await;
    let mut browser = Browser::new(&house).signed_in().await;
    let page = browser.get("/console/audit?object=seat&name=per_user:7").await;
    assert!(page.text.contains("seat.assigned"), "{page}");
    let verified = browser.submit(&page.posted("/console/audit")).await;
    assert!(read(&verified).contains("The log is whole"), "{verified}");
    let noted = verified
        .posted("/console/audit")
        .with("expected", &format!("1:{}", "0".repeat(64)));
    let differs = browser.submit(&noted).await;
    assert!(read(&differs).contains("is not the one you noted"), "{differs}");
}

#[tokio::test]
async fn the_last_question_of_a_gateway_is_shown_with_its_verdict() {
    let house = organisation().await;
    let route = AppRoute {
        host: "crm.example.com".to_owned(),
        path_prefix: "/".to_owned(),
        tenant_id: house.tenant_id,
        namespace: namespace("crm"),
    };
    house.change(vec![Change::PutAppRoute(route)]).await;
    for user in ["7", "31"] {
        let ask = Ask::get("/usher/v1/forward-auth")
            .header("x-forwarded-host", "crm.example.com")
            .header("x-forwarded-uri", "/deals?secret=1")
            .header("x-forwarded-user", user)
            .from("127.0.0.1:4000");
        house.ask(ask).await;
    }
    let mut browser = Browser::new(&house).signed_in().await;
    let page = read(&browser.get("/console/gateway").await);
    assert!(
        page.contains("Admitted") && page.contains("user_unknown"),
        "{page}"
    );
    assert!(page.contains("/deals") && !page.contains("secret=1"), "{page}");
}
