//! Programs: clients and their secrets, codes, every kind of token, tickets, lists with page tokens, and the gateway.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    outside::Outside,
    place::Place,
    world::{Answer, World, bearer},
};

const REDIRECT: &str = "https://client.example/back";
/// The verifier of RFC 7636, appendix B, and its S256 challenge.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SCOPES: &str = "app_engine:seat_activities:read offline_access usher:management";
pub(crate) const GATEWAY_SECRET: &str = "canary=gateway/secret+7fbe&02";
const TOKEN_CALLS: [&str; 9] = [
    "/oauth/v3/token",
    "/open-apis/authen/v2/oauth/token",
    "/open-apis/authen/v1/oidc/access_token",
    "/open-apis/authen/v1/oidc/refresh_access_token",
    "/open-apis/auth/v3/tenant_access_token/internal",
    "/open-apis/auth/v3/app_access_token/internal",
    "/open-apis/auth/v3/app_access_token",
    "/open-apis/auth/v3/tenant_access_token",
    "/open-apis/auth/v3/app_ticket/resend",
];
/// Every field of a token call that may hold a secret.
const STRAYS: [(&str, &str); 9] = [
    ("client_secret", "canary-client-secret-stray"),
    ("app_secret", "canary-app-secret-stray"),
    ("app_ticket", "canary-app-ticket-stray"),
    ("app_access_token", "a-canary-app-token-stray"),
    ("code", "canary-code-stray"),
    ("code_verifier", "canary-verifier-canary-verifier-canary-verifier"),
    ("refresh_token", "ur-3-canary-refresh-token-stray"),
    ("client_assertion", "canary-assertion-stray"),
    ("password", "canary-password-stray"),
];

/// A client and what it proves itself with.
pub(crate) struct Program {
    pub(crate) id: String,
    secret: String,
}

/// Tokens of the command line, each shown once on standard output.
pub(crate) fn command_line_tokens(world: &mut World, place: &Place) -> (String, String) {
    let mut issue = |arguments: &[&str], name: &str| {
        let (stdout, stderr) = place.usher(&[&["token", "issue"], arguments].concat(), "");
        world.hears(
            &format!("usher token issue {arguments:?}"),
            &(stdout.clone() + &stderr),
        );
        world.shown(name, stdout.trim());
        stdout.trim().to_owned()
    };
    let scope = "app_engine:seat_activities:read";
    issue(
        &["--administrator", "--scope", scope],
        "user token of the command line",
    );
    (
        issue(&["--operator"], "operator token"),
        issue(&["--service"], "service token of the command line"),
    )
}

/// Everything the management API gives out, each asked for twice under one key: the second answer has no secret.
pub(crate) fn manage(world: &mut World, operator: &str, outside: &Outside) -> (Program, Program, String) {
    let scopes: Vec<&str> = SCOPES.split(' ').collect();
    let own = json!({"name": "Report", "scopes": scopes, "redirect_uris": [REDIRECT]});
    let own = create(world, operator, "clients", &own, &["client_secret"]);
    let store = json!({
        "name": "Store", "kind": "store", "ticket_url": format!("{}/tickets", outside.base), "scopes": scopes,
    });
    let events = ["event_verification_token", "event_signing_key"];
    let store = create(
        world,
        operator,
        "clients",
        &store,
        &[&["client_secret"][..], &events].concat(),
    );
    let id = own["client_id"].as_str().unwrap();
    create(
        world,
        operator,
        &format!("clients/{id}/secrets"),
        &json!({"overlap_seconds": 60}),
        &["client_secret"],
    );
    create(world, operator, "service-tokens", &json!({}), &["service_token"]);
    let ann = create(
        world,
        operator,
        "users",
        &json!({"name": "Ann", "external_id": "ann"}),
        &[],
    );
    let link = create(
        world,
        operator,
        &format!("users/{}/sign-in-link", ann["user_id"]),
        &json!({}),
        &["link"],
    );
    for name in [
        "tenants",
        "users",
        "clients",
        "apps",
        "service-tokens",
        "installs",
    ] {
        // Unknown fields are refused by name, and their values are nobody's business.
        let strays: Map<String, Value> = STRAYS
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).into()))
            .collect();
        let target = format!("/usher/v1/{name}?tenant_key=default");
        let refused = world.post(&target, &[bearer(operator)], &Value::Object(strays));
        assert_eq!(refused.status, 400, "{refused:?}");
    }
    let program = |made: &Value| Program {
        id: made["client_id"].as_str().unwrap().to_owned(),
        secret: made["client_secret"].as_str().unwrap().to_owned(),
    };
    (
        program(&own),
        program(&store),
        link["link"].as_str().unwrap().to_owned(),
    )
}

fn create(world: &mut World, operator: &str, list: &str, body: &Value, secrets: &[&str]) -> Value {
    let key = format!("canary-key-of-{}-{}", list.replace('/', "-"), world.heard.len());
    world.vault.hide("idempotency key", &key);
    let headers = [bearer(operator), format!("Idempotency-Key: {key}")];
    let target = format!("/usher/v1/{list}?tenant_key=default");
    let made = world.post(&target, &headers, body);
    assert_eq!(made.status, 200, "{made:?}");
    for name in secrets {
        let text = made.json()["data"][name].as_str().unwrap().to_owned();
        world.shown(name, text.strip_prefix("/link/").unwrap_or(&text));
    }
    let again = world.post(&target, &headers, body);
    assert_eq!(again.json()["data"]["replayed"], true, "{again:?}");
    made.json()["data"].clone()
}

/// Every call that takes a secret, with one that nobody issued in every field.
pub(crate) fn show_strays(world: &mut World, client_id: &str) {
    for (name, text) in STRAYS {
        world.vault.hide(&format!("stray {name}"), text);
    }
    let tokens = [
        "u-canary-user-token-stray",
        "t-canary-tenant-token-stray",
        "canary-of-another-kind-stray",
    ];
    for token in tokens {
        world.vault.hide("stray token", token);
    }
    let basic = format!(
        "Authorization: Basic {}",
        STANDARD.encode(format!("{client_id}:canary-basic-secret-stray"))
    );
    world
        .vault
        .hide("stray secret of Basic", "canary-basic-secret-stray");
    for target in TOKEN_CALLS {
        for grant_type in [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "password",
        ] {
            let mut fields = json!({"grant_type": grant_type, "client_id": client_id, "app_id": client_id});
            for (name, text) in STRAYS {
                fields[name] = text.into();
            }
            for headers in [vec![bearer(tokens[1])], vec![basic.clone()]] {
                let answer = world.post(target, &headers, &fields);
                assert_ne!(answer.status / 100, 5, "{answer:?}");
            }
        }
        // Half a body, and a secret as a name.
        world.ask(
            &format!("POST {target}"),
            &[],
            &format!("{{\"client_secret\": \"{}", STRAYS[0].1),
        );
        world.ask(
            &format!("POST {target}?client_secret={}", STRAYS[0].1),
            &[],
            &format!("{}=1", STRAYS[1].1),
        );
    }
    for token in tokens {
        for target in [
            "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=1",
            "/open-apis/authen/v1/user_info",
            "/usher/v1/users?tenant_key=default",
            "/usher/v1/me",
        ] {
            assert!(world.get(target, &[bearer(token)]).status < 500);
            assert!(world.get(target, &[format!("Authorization: {token}")]).status < 500);
        }
        assert_eq!(
            world.get(&format!("/{token}?access_token={token}"), &[]).status,
            404
        );
    }
}

/// A code by the authorize page, for whoever is signed in.
fn code(world: &mut World, client_id: &str, challenge: bool) -> String {
    let state = format!("canary-state-{}", world.heard.len());
    world.sends("state", &state);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("client_id", client_id),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPES),
        ("state", &state),
    ]);
    if challenge {
        query.extend_pairs([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    }
    let mut answer = world.get(&format!("/open-apis/authen/v1/authorize?{}", query.finish()), &[]);
    if answer.status == 200 {
        let form = answer.form("/consent");
        assert!(world.submit(&form.clone().with("form_token", "x")).status == 403);
        answer = world.submit(&form.with("decision", "allow"));
    }
    assert_eq!(answer.sent_with("state"), state);
    let code = answer.sent_with("code");
    world.shown("authorization code", &code);
    code
}

/// Codes and refresh tokens become tokens at every endpoint, are shown twice, and are used.
pub(crate) fn tokens(world: &mut World, own: &Program) -> Vec<String> {
    world.vault.hide("PKCE verifier", VERIFIER);
    let secret = |fields: &mut Value| {
        fields["client_id"] = own.id.clone().into();
        fields["client_secret"] = own.secret.clone().into();
    };
    let internal = json!({"app_id": own.id, "app_secret": own.secret});
    let answer = world.post("/open-apis/auth/v3/app_access_token/internal", &[], &internal);
    let app_token = world.shown_in(&answer, "tenant_access_token");
    let mut given = vec![app_token.clone()];
    for target in &TOKEN_CALLS[..3] {
        let legacy = target.contains("oidc");
        let code = code(world, &own.id, !legacy);
        let mut fields = json!({"grant_type": "authorization_code", "code": code});
        if !legacy {
            fields["code_verifier"] = VERIFIER.into();
            secret(&mut fields);
        }
        let headers: Vec<String> = legacy.then(|| bearer(&app_token)).into_iter().collect();
        let answer = world.post(target, &headers, &fields);
        assert_eq!(answer.status, 200, "{answer:?}");
        given.push(world.shown_in(&answer, "access_token"));
        let refresh_token = world.shown_in(&answer, "refresh_token");
        let target = target.replace("oidc/access_token", "oidc/refresh_access_token");
        let mut fields = json!({"grant_type": "refresh_token", "refresh_token": refresh_token});
        if !legacy {
            secret(&mut fields);
        }
        let answer = world.post(&target, &headers, &fields);
        given.push(world.shown_in(&answer, "access_token"));
        world.shown_in(&answer, "refresh_token");
        let used = given.clone();
        for token in used {
            let list = "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=1";
            let answer = world.get(list, &[bearer(&token)]);
            pages(world, list, &token, &answer);
            world.get("/open-apis/authen/v1/user_info", &[bearer(&token)]);
        }
    }
    replay(world, own);
    give_back(world, own, &given);
    given
}

/// Tokens are given back, one that is there, one twice, and one that nobody issued.
fn give_back(world: &mut World, own: &Program, given: &[String]) {
    let last = given.last().unwrap().clone();
    for token in [last.as_str(), last.as_str(), STRAYS[6].1] {
        let fields = json!({"token": token, "client_id": own.id, "client_secret": own.secret});
        let answer = world.post("/oauth/v3/revoke", &[], &fields);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let wrong = json!({"token": last, "client_id": own.id, "client_secret": STRAYS[0].1});
    assert_eq!(world.post("/oauth/v3/revoke", &[], &wrong).json()["code"], 20002);
}

/// A code that is shown twice revokes everything that came of it, which is worth a line in the log.
fn replay(world: &mut World, own: &Program) {
    let code = code(world, &own.id, false);
    let fields = json!({
        "grant_type": "authorization_code", "code": code, "client_id": own.id, "client_secret": own.secret,
    });
    let answer = world.post(TOKEN_CALLS[0], &[], &fields);
    world.shown_in(&answer, "access_token");
    let refresh_token = world.shown_in(&answer, "refresh_token");
    assert_eq!(world.post(TOKEN_CALLS[0], &[], &fields).json()["code"], 20065);
    let fields = json!({
        "grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": own.id, "client_secret": own.secret,
    });
    assert_eq!(world.post(TOKEN_CALLS[0], &[], &fields).json()["code"], 20064);
}

/// The page token of a page, used rightly and spoilt.
fn pages(world: &mut World, list: &str, token: &str, answer: &Answer) {
    let Some(page_token) = answer.json()["data"]["page_token"].as_str().map(str::to_owned) else {
        return;
    };
    world.shown("page token", &page_token);
    let next = world.get(&format!("{list}&page_token={page_token}"), &[bearer(token)]);
    if let Some(page_token) = next.json()["data"]["page_token"].as_str() {
        world.shown("page token", page_token);
    }
    let spoilt = format!("canary{page_token}");
    world.vault.hide("spoilt page token", &spoilt);
    let refused = world.get(&format!("{list}&page_token={spoilt}"), &[bearer(token)]);
    assert!(matches!(refused.status, 400 | 429), "{refused:?}");
}

/// A list of the management API, which has page tokens of another kind.
pub(crate) fn managed_pages(world: &mut World, operator: &str) {
    for list in ["users", "clients"] {
        let list = format!("/usher/v1/{list}?tenant_key=default&page_size=1");
        let answer = world.get(&list, &[bearer(operator)]);
        assert!(answer.json()["data"]["page_token"].is_string(), "{answer:?}");
        pages(world, &list, operator, &answer);
    }
}

/// A store client is sent its ticket, and gets its tokens for it.
pub(crate) fn store(world: &mut World, store: &Program, outside: &Outside) {
    let mut fields = json!({"app_id": store.id, "app_secret": store.secret});
    assert_eq!(
        world
            .post("/open-apis/auth/v3/app_ticket/resend", &[], &fields)
            .json()["code"],
        0
    );
    let letter = outside.letters.recv_timeout(Duration::from_secs(60)).unwrap();
    let body: Value = serde_json::from_str(letter.split_once("\r\n\r\n\n").unwrap().1).unwrap();
    let ticket = body["event"]["app_ticket"].as_str().unwrap();
    world.vault.hide("app ticket", ticket);
    fields["app_ticket"] = ticket.into();
    let answer = world.post("/open-apis/auth/v3/app_access_token", &[], &fields);
    let app_token = world.shown_in(&answer, "app_access_token");
    let fields = json!({"app_access_token": app_token, "tenant_key": "default"});
    let answer = world.post("/open-apis/auth/v3/tenant_access_token", &[], &fields);
    world.shown_in(&answer, "tenant_access_token");
}

/// A gateway with the right secret, with a wrong one, and with ours in the wrong place.
pub(crate) fn gateway(world: &mut World) {
    world
        .vault
        .hide("wrong gateway secret", "canary-gateway-secret-stray");
    let about = [
        "X-Forwarded-Host: crm.example.com",
        "X-Forwarded-Uri: /",
        "X-Forwarded-User: 7",
    ];
    for (secret, status) in [(GATEWAY_SECRET, 200), ("canary-gateway-secret-stray", 403)] {
        let mut headers: Vec<String> = about.iter().map(ToString::to_string).collect();
        headers.push(format!("X-Usher-Gateway-Secret: {secret}"));
        let answer = world.get("/usher/v1/forward-auth", &headers);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let misplaced = format!("X-Forwarded-Uri: /{GATEWAY_SECRET}");
    let headers = [
        about[0].to_owned(),
        misplaced,
        format!("X-Usher-Gateway-Secret: {GATEWAY_SECRET}"),
    ];
    world.get("/usher/v1/forward-auth", &headers);
}

/// A back end reports with a good token and a stray body.
pub(crate) fn report(world: &mut World, service: &str) {
    let body = json!({"accesses": [{"user_id": 7, "namespace": "crm", "client_secret": STRAYS[0].1}]});
    world.post("/usher/v1/accesses", &[bearer(service)], &body);
}
