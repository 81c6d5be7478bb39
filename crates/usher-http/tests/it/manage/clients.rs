//! Programs, their secrets and installs, and the tokens of back ends.

use serde_json::{Value, json};
use usher_seats::ClientId;

use super::walk;
use crate::support::{Ask, House};

fn good_secrets(standing: &usher_store::identity::ClientStanding, now_ms: i64) -> usize {
    let good = |end: Option<i64>| end.is_none_or(|end_ms| now_ms < end_ms);
    standing
        .secrets
        .iter()
        .filter(|secret| good(secret.expires_at_ms))
        .count()
}

/// A store client is told once how to know our events from others'; a client of one tenant has none.
#[tokio::test]
async fn a_store_client_is_shown_its_event_keys() {
    let house = House::open().await;
    let manager = house.manager().await;
    let new =
        |kind| json!({"name": "Report", "kind": kind, "ticket_url": "https://report.example.com/tickets"});
    let keys = |made: &Value| {
        [
            made["event_verification_token"].clone(),
            made["event_signing_key"].clone(),
        ]
    };
    let made = house
        .managed(&manager, "POST", "/usher/v1/clients", new("store"))
        .await;
    let [verification, signing] = keys(&made);
    assert_eq!(
        (
            verification.as_str().unwrap().len(),
            signing.as_str().unwrap().len()
        ),
        (43, 43)
    );
    assert_ne!(verification, signing);
    let uri = format!("/usher/v1/clients/{}", made["client_id"].as_str().unwrap());
    let shown = house.managed(&manager, "GET", &uri, Value::Null).await;
    assert_eq!(keys(&shown), [Value::Null, Value::Null]);
    let rotated = house
        .managed(&manager, "POST", &format!("{uri}/secrets"), Value::Null)
        .await;
    assert_eq!(keys(&rotated), [verification, signing], "they stay the same");

    let own = house
        .managed(&manager, "POST", "/usher/v1/clients", new("self_built"))
        .await;
    assert_eq!(keys(&own), [Value::Null, Value::Null]);
}

#[tokio::test]
async fn a_client_is_made_changed_and_its_secret_replaced() {
    let house = House::open().await;
    let manager = house.manager().await;
    let new = json!({
        "name": "Report", "scopes": ["app_engine:apps:read", "app_engine:apps:read"],
        "redirect_uris": ["https://report.example.com/callback", "http://127.0.0.1/callback"],
    });
    let made = house.managed(&manager, "POST", "/usher/v1/clients", new).await;
    let id: ClientId = made["client_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(made["client_secret"].as_str().unwrap().len(), 43);
    assert_eq!(made["scopes"], json!(["app_engine:apps:read"]));
    let uri = format!("/usher/v1/clients/{id}");
    let shown = house.managed(&manager, "GET", &uri, Value::Null).await;
    assert!(shown.get("client_secret").is_none());
    assert_eq!(shown["kind"], "self_built");
    assert_eq!(shown["redirect_uris"].as_array().unwrap().len(), 2);

    let secrets = format!("{uri}/secrets");
    let rotated = house
        .managed(&manager, "POST", &secrets, json!({"overlap_seconds": 60}))
        .await;
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    let begin_ms = house.edge.clock.now_ms();
    let standing = house.store.client_standing(&id).await.unwrap().unwrap();
    assert_eq!(
        (
            good_secrets(&standing, begin_ms),
            good_secrets(&standing, begin_ms + 60_000)
        ),
        (2, 1)
    );
    for _ in 0..3 {
        house.managed(&manager, "POST", &secrets, Value::Null).await;
    }
    let refused = house.manage(&manager, "POST", &secrets, Value::Null).await;
    assert_eq!(refused.violated_fields(), ["overlap_seconds"]);
    house
        .managed(&manager, "POST", &secrets, json!({"overlap_seconds": 0}))
        .await;
    let standing = house.store.client_standing(&id).await.unwrap().unwrap();
    assert_eq!(
        good_secrets(&standing, begin_ms),
        1,
        "the older ones ended at once"
    );

    let patch = json!({"enabled": false, "scopes": [], "ticket_url": "https://t.example.com/x"});
    let changed = house.managed(&manager, "PATCH", &uri, patch).await;
    assert_eq!(
        (&changed["enabled"], &changed["scopes"], &changed["name"]),
        (&json!(false), &json!([]), &json!("Report"))
    );
    let cleared = house
        .managed(&manager, "PATCH", &uri, json!({"ticket_url": null}))
        .await;
    assert_eq!(cleared["ticket_url"], Value::Null);
    assert_eq!(
        cleared["redirect_uris"].as_array().unwrap().len(),
        2,
        "what is absent stays"
    );
}

#[tokio::test]
async fn an_address_or_scope_that_would_be_dangerous_is_refused() {
    let house = House::open().await;
    let manager = house.manager().await;
    for (more, field) in [
        (
            json!({"redirect_uris": ["http://evil.example.com/"]}),
            "redirect_uris[0]",
        ),
        (
            json!({"redirect_uris": ["https://a.example.com/", "javascript:alert(1)"]}),
            "redirect_uris[1]",
        ),
        (
            json!({"redirect_uris": ["https://a.example.com/#x"]}),
            "redirect_uris[0]",
        ),
        (
            json!({"redirect_uris": vec!["https://a.example.com/"; 51]}),
            "redirect_uris",
        ),
        (json!({"scopes": ["everything"]}), "scopes[0]"),
        (json!({"kind": "public"}), "kind"),
        (json!({"ticket_url": "com.example.app:/x"}), "ticket_url"),
        (json!({"client_id": "cli_mine"}), "client_id"),
    ] {
        let mut body = json!({"name": "Report"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = house
            .manage(&manager, "POST", "/usher/v1/clients", body.clone())
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.violated_fields()),
            (400, vec![field.to_owned()]),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_store_client_is_installed_and_uninstalled_in_another_tenant() {
    let house = House::open().await;
    house.tenant("acme").await;
    let operator = house.operator().await;
    let new = json!({"name": "Everywhere", "kind": "store"});
    let store = house
        .managed(&operator, "POST", "/usher/v1/clients?tenant_key=default", new)
        .await;
    let own = house
        .managed(
            &operator,
            "POST",
            "/usher/v1/clients?tenant_key=default",
            json!({"name": "Own"}),
        )
        .await;
    let installs = "/usher/v1/installs?tenant_key=acme";
    let install = |client: &Value| json!({"client_id": client["client_id"]});
    for _ in 0..2 {
        house.managed(&operator, "POST", installs, install(&store)).await;
    }
    let seen = walk(&house, &operator, installs, 1, "client_id").await;
    assert!(seen.contains(&store["client_id"]), "{seen:?}");
    for missing in [install(&own), json!({"client_id": "cli_nobody"})] {
        let answer = house.manage(&operator, "POST", installs, missing).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, 2_329_011));
    }
    let uri = format!(
        "/usher/v1/installs/{}?tenant_key=acme",
        store["client_id"].as_str().unwrap()
    );
    house.managed(&operator, "DELETE", &uri, Value::Null).await;
    assert_eq!(
        house.manage(&operator, "DELETE", &uri, Value::Null).await.code(),
        2_329_011
    );
}

#[tokio::test]
async fn a_service_token_works_is_listed_and_ends() {
    let house = House::open().await;
    let manager = house.manager().await;
    let list = "/usher/v1/service-tokens";
    let mut made = Vec::new();
    for seconds in [60, 600, 6_000] {
        made.push(
            house
                .managed(&manager, "POST", list, json!({"expires_in_seconds": seconds}))
                .await,
        );
    }
    let mut expected: Vec<Value> = made.iter().map(|token| token["token_id"].clone()).collect();
    expected.sort_by_key(ToString::to_string);
    for rows in [1, 2, 10] {
        assert_eq!(walk(&house, &manager, list, rows, "token_id").await, expected);
    }
    let report = || async {
        let token = made[2]["service_token"].as_str().unwrap();
        let body = json!({"user_id": 1, "namespace": "crm"}).to_string();
        house
            .ask(
                Ask::get("/usher/v1/accesses")
                    .method("POST")
                    .bearer(token)
                    .body(body),
            )
            .await
            .code()
    };
    assert_eq!(report().await, 0);
    let uri = format!("{list}/{}", made[2]["token_id"].as_str().unwrap());
    house.managed(&manager, "DELETE", &uri, Value::Null).await;
    assert_eq!(report().await, 99_991_668);
    for missing in [uri.as_str(), "/usher/v1/service-tokens/0123456789abcdef"] {
        let answer = house.manage(&manager, "DELETE", missing, Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, 2_329_012));
    }
    for wrong in [json!(0), json!(-1), json!(34_560_001), json!("60"), json!(1.5)] {
        let answer = house
            .manage(&manager, "POST", list, json!({"expires_in_seconds": wrong}))
            .await;
        assert_eq!(answer.violated_fields(), ["expires_in_seconds"]);
    }
}
