//! What a caller shows stays between the caller and us: no log line, no error and no stored byte has it.

use crate::{
    logs::Log,
    oauth_support::{
        Desk, OIDC, OIDC_REFRESH, TENANT_INTERNAL, USER_INFO, V2, V3, code_fields, json_ask, refresh_fields,
        secret, text,
    },
    support::{Ask, CLIENT},
};

/// Every field that may hold a secret, filled with texts that are found again.
const CANARIES: [(&str, &str); 11] = [
    ("client_secret", "canary-client-secret"),
    ("app_secret", "canary-app-secret"),
    ("app_ticket", "canary-app-ticket"),
    ("app_access_token", "canary-app-token"),
    ("code", "canary-code"),
    ("code_verifier", "canary-verifier-canary-verifier-canary-verifier"),
    ("refresh_token", "canary-refresh-token"),
    ("redirect_uri", "https://canary.example/?state=canary-state"),
    ("scope", "canary-scope"),
    ("client_assertion", "canary-assertion"),
    ("password", "canary-password"),
];

#[tokio::test]
async fn nothing_that_is_shown_is_logged_whatever_is_wrong_with_it() {
    let desk = Desk::open().await;
    for path in [
        V2,
        V3,
        OIDC,
        OIDC_REFRESH,
        TENANT_INTERNAL,
        USER_INFO,
        "/open-apis/auth/v3/app_access_token",
        "/open-apis/auth/v3/tenant_access_token",
        "/open-apis/auth/v3/app_ticket/resend",
    ] {
        for grant_type in [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "canary-grant",
        ] {
            for client in [CLIENT, "cli_canary"] {
                let mut fields = vec![
                    ("grant_type", grant_type),
                    ("client_id", client),
                    ("app_id", client),
                ];
                fields.extend(CANARIES);
                let ask = json_ask(path, &fields)
                    .bearer("u-canary-token")
                    .header("idempotency-key", "canary-key");
                let (answer, log) = Log::of(desk.house.ask(ask)).await;
                assert_ne!(answer.status.as_u16() / 100, 5, "{answer}");
                assert!(!log.contains("canary"), "{log}");
                assert!(!answer.text.contains("canary"), "{answer}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_that_is_given_is_logged_or_kept_as_it_is() {
    let desk = Desk::open().await;
    let mut shown = vec![secret()];
    let (code, tenant_token) = (desk.code().await, desk.tenant_token().await);
    let (answer, mut log) = Log::of(desk.post(V3, &code_fields(&code))).await;
    let refresh_token = text(&answer.json()["refresh_token"]);
    shown.extend([text(&answer.json()["access_token"]), refresh_token.clone(), code]);
    let repeatable = json_ask(V3, &{
        let mut fields = refresh_fields(&refresh_token);
        fields.extend([("client_id", CLIENT), ("client_secret", shown[0].as_str())]);
        fields
    })
    .header("idempotency-key", "canary-key");
    let (answer, more) = Log::of(desk.house.ask_at_once(repeatable)).await;
    log.push_str(&more);
    shown.extend(["access_token", "refresh_token"].map(|name| text(&answer.json()[name])));
    // A replay late enough to revoke the family has the most to say.
    desk.house.clock.advance(60_000);
    let (_, more) = Log::of(desk.refresh(V3, &refresh_token)).await;
    log.push_str(&more);
    assert!(log.contains("its family is revoked"), "{log}");
    shown.extend([tenant_token, "canary-key".to_owned()]);

    desk.house.store.close().await;
    let kept = desk.house.engine.stored_bytes().await;
    for secret in shown {
        let random = secret
            .rsplit_once("ur-3-")
            .map_or(secret.as_str(), |(_, random)| random);
        let random = random
            .strip_prefix("u-")
            .or(random.strip_prefix("t-"))
            .unwrap_or(random);
        assert!(!log.contains(random), "{secret} in {log}");
        let found = kept
            .windows(random.len())
            .any(|window| window == random.as_bytes());
        assert!(!found, "{secret} is in the database");
    }
}

#[tokio::test]
async fn a_refusal_of_the_token_endpoints_is_in_the_log_with_its_code() {
    let desk = Desk::open().await;
    let (answer, log) = Log::of(desk.post(V3, &code_fields("unknown"))).await;
    let line: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(line["fields"]["wire.code"], 20_003);
    assert_eq!(line["fields"]["http.route"], V3);
    assert_eq!(line["fields"]["log_id"], answer.header("x-tt-logid"));
    desk.house.store.close().await;
    let (_, log) = Log::of(
        desk.house
            .ask(Ask::get(USER_INFO).bearer(&format!("u-{}", "A".repeat(43)))),
    )
    .await;
    assert!(log.contains("\"WARN\"") && log.contains("unavailable"), "{log}");
}
