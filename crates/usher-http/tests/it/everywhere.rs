//! Every route of the server × every role × own and other tenants. The management API has a table of its own
//! (`manage/matrix.rs`), because it has rules of its own; everything else is here. Which routes there are is asked of the
//! router itself, so a route without a row fails the test, and so does a method without one.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::Value;

use crate::{
    manage::matrix::{CALLS, ROLES, Role, Street},
    support::{Answer, Ask},
};

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A system administrator through a client with the scope, and for their own tenant alone.
    Administrator,
    /// A back end with a service token, for its own tenant.
    BackEnd,
    /// Whoever a user token acts for, about themselves.
    User,
    /// A client that shows its own token.
    Client,
    /// Nobody is known by a bearer token here: whoever has one is answered like whoever has none. What counts instead is
    /// the session of the browser, the secret in the body or the address of the gateway.
    Bearerless,
}

const FORM: &str = "form_token=x";

/// Path of the route, who, method, what is asked, body.
const ROWS: [(&str, Rule, &str, &str, &str); 44] = [
    (
        "/open-apis/apaas/v1/seat_activities",
        Rule::Administrator,
        "GET",
        "?seat_type=per_user&page_size=5",
        "",
    ),
    (
        "/open-apis/apaas/v1/seat_assignments",
        Rule::Administrator,
        "GET",
        "?seat_type=per_user&page_size=5",
        "",
    ),
    (
        "/open-apis/apaas/v1/apps",
        Rule::Administrator,
        "GET",
        "?page_size=5",
        "",
    ),
    (
        "/usher/v1/accesses",
        Rule::BackEnd,
        "POST",
        "",
        r#"{"user_id":7,"namespace":"crm"}"#,
    ),
    ("/open-apis/authen/v1/user_info", Rule::User, "GET", "", ""),
    (
        "/open-apis/authen/v1/oidc/access_token",
        Rule::Client,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/authen/v1/oidc/refresh_access_token",
        Rule::Client,
        "POST",
        "",
        "{}",
    ),
    ("/account/password", Rule::Bearerless, "GET", "", ""),
    ("/account/password", Rule::Bearerless, "POST", "", FORM),
    ("/usher/v1/forward-auth", Rule::Bearerless, "GET", "", ""),
    (
        "/oauth/v3/token",
        Rule::Bearerless,
        "POST",
        "",
        "grant_type=client_credentials&client_id=cli_a1b2c3d4e5f60718",
    ),
    (
        "/open-apis/authen/v2/oauth/token",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/tenant_access_token/internal",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/tenant_access_token/internal/",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/app_access_token/internal",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/app_access_token/internal/",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/app_access_token",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/app_access_token/",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/tenant_access_token",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/tenant_access_token/",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/app_ticket/resend",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/open-apis/auth/v3/app_ticket/resend/",
        Rule::Bearerless,
        "POST",
        "",
        "{}",
    ),
    (
        "/.well-known/oauth-authorization-server",
        Rule::Bearerless,
        "GET",
        "",
        "",
    ),
    ("/openapi.json", Rule::Bearerless, "GET", "", ""),
    ("/docs", Rule::Bearerless, "GET", "", ""),
    ("/livez", Rule::Bearerless, "GET", "", ""),
    ("/readyz", Rule::Bearerless, "GET", "", ""),
    ("/metrics", Rule::Bearerless, "GET", "", ""),
    ("/", Rule::Bearerless, "GET", "", ""),
    ("/assets/usher.css", Rule::Bearerless, "GET", "", ""),
    (
        "/open-apis/authen/v1/authorize",
        Rule::Bearerless,
        "GET",
        "?client_id=cli_a1b2c3d4e5f60718",
        "",
    ),
    (
        "/open-apis/authen/v1/index",
        Rule::Bearerless,
        "GET",
        "?app_id=cli_a1b2c3d4e5f60718",
        "",
    ),
    ("/consent", Rule::Bearerless, "POST", "", FORM),
    ("/sign-in", Rule::Bearerless, "GET", "", ""),
    ("/sign-in", Rule::Bearerless, "POST", "", FORM),
    ("/sign-in/digits", Rule::Bearerless, "POST", "", FORM),
    ("/sign-out", Rule::Bearerless, "POST", "", FORM),
    ("/account", Rule::Bearerless, "GET", "", ""),
    ("/account/second-factor", Rule::Bearerless, "GET", "", ""),
    ("/account/second-factor", Rule::Bearerless, "POST", "", FORM),
    (
        "/account/second-factor/remove",
        Rule::Bearerless,
        "POST",
        "",
        FORM,
    ),
    ("/link/{secret}", Rule::Bearerless, "GET", "", ""),
    ("/link/{secret}", Rule::Bearerless, "POST", "", FORM),
    (
        "/sign-in/provider",
        Rule::Bearerless,
        "GET",
        "?organisation=default",
        "",
    ),
];

/// What came later, and the identity provider's way.
const MORE_ROWS: [(&str, Rule, &str, &str, &str); 8] = [
    ("/account/password", Rule::Bearerless, "GET", "", ""),
    ("/account/password", Rule::Bearerless, "POST", "", FORM),
    ("/oauth/v3/revoke", Rule::Bearerless, "POST", "", "{}"),
    (
        "/sign-in/provider/start",
        Rule::Bearerless,
        "GET",
        "?organisation=default",
        "",
    ),
    ("/account/provider", Rule::Bearerless, "GET", "", ""),
    (
        "/sign-in/provider/callback",
        Rule::Bearerless,
        "GET",
        "?state=x&code=y",
        "",
    ),
    ("/account/provider/link", Rule::Bearerless, "POST", "", FORM),
    ("/account/provider/unlink", Rule::Bearerless, "POST", "", FORM),
];

/// The console knows people by their session alone: without one each page is the way to sign in, and no form is looked at.
const CONSOLE_ROWS: [(&str, Rule, &str, &str, &str); 40] = [
    ("/assets/console.css", Rule::Bearerless, "GET", "", ""),
    ("/console", Rule::Bearerless, "GET", "", ""),
    ("/console/", Rule::Bearerless, "GET", "", ""),
    ("/console/gateway", Rule::Bearerless, "GET", "", ""),
    ("/console/seats", Rule::Bearerless, "GET", "?idle=90", ""),
    ("/console/seats/bulk", Rule::Bearerless, "POST", "", FORM),
    ("/console/operator", Rule::Bearerless, "GET", "", ""),
    ("/console/operator", Rule::Bearerless, "POST", "", FORM),
    ("/console/organisations", Rule::Bearerless, "GET", "", ""),
    ("/console/organisations", Rule::Bearerless, "POST", "", FORM),
    ("/console/seats/undo", Rule::Bearerless, "GET", "", ""),
    ("/console/seats/undo", Rule::Bearerless, "POST", "", FORM),
    ("/console/seats/{seat}", Rule::Bearerless, "GET", "", ""),
    ("/console/seats/{seat}", Rule::Bearerless, "POST", "", FORM),
    ("/console/pools", Rule::Bearerless, "GET", "", ""),
    ("/console/pools", Rule::Bearerless, "POST", "", FORM),
    ("/console/pools/{pool}", Rule::Bearerless, "GET", "", ""),
    ("/console/pools/{pool}", Rule::Bearerless, "POST", "", FORM),
    ("/console/people", Rule::Bearerless, "GET", "", ""),
    ("/console/people", Rule::Bearerless, "POST", "", FORM),
    ("/console/people/{user_id}", Rule::Bearerless, "GET", "", ""),
    ("/console/people/{user_id}", Rule::Bearerless, "POST", "", FORM),
    ("/console/groups", Rule::Bearerless, "GET", "", ""),
    ("/console/groups", Rule::Bearerless, "POST", "", FORM),
    ("/console/groups/{group_key}", Rule::Bearerless, "GET", "", ""),
    ("/console/groups/{group_key}", Rule::Bearerless, "POST", "", FORM),
    ("/console/apps", Rule::Bearerless, "GET", "", ""),
    ("/console/apps", Rule::Bearerless, "POST", "", FORM),
    ("/console/apps/{namespace}", Rule::Bearerless, "GET", "", ""),
    ("/console/apps/{namespace}", Rule::Bearerless, "POST", "", FORM),
    ("/console/import", Rule::Bearerless, "GET", "", ""),
    ("/console/import", Rule::Bearerless, "POST", "", FORM),
    ("/console/clients", Rule::Bearerless, "GET", "", ""),
    ("/console/clients", Rule::Bearerless, "POST", "", FORM),
    ("/console/clients/{client_id}", Rule::Bearerless, "GET", "", ""),
    ("/console/clients/{client_id}", Rule::Bearerless, "POST", "", FORM),
    ("/console/audit", Rule::Bearerless, "GET", "", ""),
    ("/console/audit", Rule::Bearerless, "POST", "", FORM),
    ("/console/settings", Rule::Bearerless, "GET", "", ""),
    ("/console/settings", Rule::Bearerless, "POST", "", FORM),
];

fn rows() -> impl Iterator<Item = &'static (&'static str, Rule, &'static str, &'static str, &'static str)> {
    ROWS.iter().chain(&MORE_ROWS).chain(&CONSOLE_ROWS)
}

/// The paths the router knows. It tells nobody but whoever debugs it.
fn routed(street: &Street) -> BTreeSet<String> {
    let told = format!("{:?}", street.house.router);
    let paths = told.split("RouteId(").skip(1).filter_map(|text| {
        let (_, text) = text.split_once("): \"")?;
        text.starts_with('/')
            .then(|| text.split('"').next().unwrap().to_owned())
    });
    // What answers to unknown paths is no route.
    let paths: BTreeSet<String> = paths.filter(|path| !path.contains("{*__private")).collect();
    assert!(
        paths.contains("/livez") && paths.len() > 40,
        "the router tells its paths: {paths:?}"
    );
    paths
}

/// A path of the management table as the router writes it.
fn as_routed(call: &str, routed: &BTreeSet<String>) -> String {
    let call = call.split('?').next().unwrap();
    let known = |route: &&String| {
        let (route, call) = (route.split('/'), call.split('/'));
        route.clone().count() == call.clone().count()
            && route
                .zip(call)
                .all(|(route, call)| route.starts_with('{') || route == call)
    };
    let exact = routed.iter().find(|route| *route == call);
    exact
        .or_else(|| routed.iter().find(known))
        .unwrap_or_else(|| panic!("no route for {call}"))
        .clone()
}

#[tokio::test]
async fn every_route_of_the_router_is_in_a_table_and_no_table_has_more() {
    let street = Street::open().await;
    let routed = routed(&street);
    let managed = CALLS.iter().map(|call| as_routed(call.1, &routed));
    let told: BTreeSet<String> = rows().map(|row| row.0.to_owned()).chain(managed).collect();
    let without_row: Vec<_> = routed.difference(&told).collect();
    let without_route: Vec<_> = told.difference(&routed).collect();
    assert!(without_row.is_empty(), "who may ask these? {without_row:?}");
    assert!(without_route.is_empty(), "{without_route:?}");
}

#[tokio::test]
async fn no_route_has_a_method_that_is_in_no_table() {
    let street = Street::open().await;
    let routed = routed(&street);
    let mut told: BTreeSet<(String, &str)> = rows().map(|row| (row.0.to_owned(), row.2)).collect();
    told.extend(CALLS.iter().map(|call| (as_routed(call.1, &routed), call.0)));
    for path in &routed {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            if told.contains(&(path.clone(), method)) {
                continue;
            }
            for role in ROLES {
                let uri = path.replace(['{', '}'], "");
                let answer = street.answer(role, Ask::get(&uri).method(method)).await;
                let done =
                    answer.status.is_success() && !is_refusal(&answer) || answer.status.is_redirection();
                assert!(!done, "{role:?} {method} {uri}: {answer}");
            }
        }
    }
}

/// The older token calls refuse with HTTP 200 and a code.
fn is_refusal(answer: &Answer) -> bool {
    serde_json::from_str(&answer.text)
        .is_ok_and(|json: Value| json["code"].as_i64().is_some_and(|code| code != 0))
}

/// Status and code of a role at a call.
fn expected(rule: Rule, role: Role) -> (u16, i64) {
    let success = (200, 0);
    match (rule, role) {
        (Rule::Administrator, Role::Administrator | Role::ForeignAdministrator) => success,
        (Rule::Administrator, Role::User) => (403, 2_320_005),
        (Rule::Administrator, Role::Ungranted) => (400, 99_991_679),
        (Rule::BackEnd, Role::Service) => success,
        (Rule::Administrator | Rule::BackEnd | Rule::User, Role::Nobody) => (400, 99_991_661),
        (Rule::Administrator, Role::Tenant) => (400, 99_991_663),
        (Rule::Administrator | Rule::BackEnd, _) => (400, 99_991_668),
        (Rule::User, Role::User | Role::Ungranted | Role::Administrator | Role::ForeignAdministrator) => {
            success
        }
        (Rule::User, _) => (200, 20_005),
        // Having shown its token, the client hears what its body lacks.
        (Rule::Client, Role::Tenant) => (200, 20_001),
        (Rule::Client, _) => (200, 20_014),
        (Rule::Bearerless, _) => panic!("compared instead"),
    }
}

#[tokio::test]
async fn each_role_is_answered_as_the_table_says() {
    let street = Street::open().await;
    for (path, rule, method, query, body) in rows().filter(|row| row.1 != Rule::Bearerless) {
        for role in ROLES {
            let ask = Ask::get(format!("{path}{query}")).method(method).body(*body);
            let answer = street.answer(role, ask).await;
            let got = (answer.status.as_u16(), answer.code());
            assert_eq!(got, expected(*rule, role), "{role:?} {method} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_bearer_token_changes_nothing_where_it_does_not_belong() {
    let street = Street::open().await;
    for (path, _, method, query, body) in rows().filter(|row| row.1 == Rule::Bearerless) {
        let path = path
            .replace("{secret}", "somethingNobodyMade")
            .replace(['{', '}'], "");
        let ask = |_| {
            Ask::get(format!("{path}{query}"))
                .method(method)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(*body)
        };
        let without = normal(&street.answer(Role::Nobody, ask(())).await);
        for role in ROLES {
            let answer = street.answer(role, ask(())).await;
            assert_eq!(normal(&answer), without, "{role:?} {method} {path}");
        }
    }
}

/// What of an answer must be the same for everybody: all but what is drawn or counted anew each time.
fn normal(answer: &Answer) -> (StatusCode, String, String) {
    let drawn = |word: &&str| {
        word.len() < 20 && !word.starts_with("usher_") && !word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let words = answer
        .text
        .split(|letter: char| !letter.is_ascii_alphanumeric() && !"_-".contains(letter));
    let text: Vec<&str> = words.filter(drawn).collect();
    // Numbers of requests differ from one look to the next.
    let text = if answer.text.starts_with("# ") {
        String::new()
    } else {
        text.join(" ")
    };
    (answer.status, answer.header("location").to_owned(), text)
}

#[tokio::test]
async fn each_administrator_sees_their_own_tenant_and_nothing_of_the_other() {
    let street = Street::open().await;
    for (path, _, method, query, _) in rows().filter(|row| row.1 == Rule::Administrator) {
        for (role, rows) in [(Role::Administrator, 1), (Role::ForeignAdministrator, 0)] {
            for tenant in [
                "",
                "&tenant_key=default",
                "&tenant_key=other",
                "&tenant_key=nobody",
            ] {
                let uri = format!("{path}{query}{tenant}");
                let answer = street.answer(role, Ask::get(&uri).method(method)).await;
                let items = answer.json()["data"]["items"].as_array().unwrap().len();
                assert_eq!(items, rows, "{role:?} {uri}: {answer}");
            }
        }
    }
    for role in [Role::Administrator, Role::ForeignAdministrator] {
        let answer = street
            .answer(
                role,
                Ask::get("/open-apis/authen/v1/user_info?tenant_key=default"),
            )
            .await;
        let own = if role == Role::Administrator {
            "default"
        } else {
            "other"
        };
        assert_eq!(answer.json()["data"]["tenant_key"], own, "{answer}");
    }
}

#[tokio::test]
async fn a_back_end_reports_for_its_own_tenant_and_a_foreign_one_is_as_missing() {
    let street = Street::open().await;
    let report = async |tenant: &str| {
        let body = format!(r#"{{"tenant_key":"{tenant}","user_id":7,"namespace":"crm"}}"#);
        let ask = Ask::get("/usher/v1/accesses").method("POST").body(body);
        street.answer(Role::Service, ask).await
    };
    let own = report("default").await;
    assert_eq!(own.status, 200, "{own}");
    let (foreign, missing) = (report("other").await, report("nobody").await);
    let foreign_text = normal(&foreign).2.replace("other", "nobody");
    assert_eq!(
        (foreign.status, foreign_text),
        (missing.status, normal(&missing).2)
    );
    assert!(!foreign.text.contains("\"admitted\""), "{foreign}");
}
