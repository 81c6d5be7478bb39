//! A foreign thing is as a missing one in what is done about it, too: the same number of reads and changes is asked of
//! the store, and the same number of passwords is hashed. That is what time follows from, and it can be counted; how long
//! it takes is measured by `crates/usher-http/examples/foreign_or_missing.rs`.

use serde_json::json;
use usher_identity::{derived::AppToken, make_token};
use usher_store::{Change, Client, ClientKind, IdentityChange, TokenHash};

use super::{
    matrix::{CALLS, Role, Street, in_tenant},
    without_log_id,
};
use crate::{
    sign_in_support::{AUTHORIZE, Browser, PASSWORD},
    support::{ADMINISTRATOR, Answer, Ask, CLIENT, House},
};

/// A client of the first tenant that nobody else can install.
const PRIVATE: &str = "cli_private";

/// What an answer cost: reads, requests for changes, hashed passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    reads: u64,
    changes: u64,
    hashes: u64,
}

impl Work {
    fn so_far(house: &House) -> Self {
        let health = house.store.health();
        Self {
            reads: health.reads_begun,
            changes: health.changes_begun,
            hashes: house.edge.sign_in.passwords.hashes_begun(),
        }
    }

    fn since(self, house: &House) -> Self {
        let now = Self::so_far(house);
        Self {
            reads: now.reads - self.reads,
            changes: now.changes - self.changes,
            hashes: now.hashes - self.hashes,
        }
    }
}

/// What a role hears, and what that cost. The token is made before counting begins.
async fn asked(street: &Street, role: Role, ask: Ask) -> (Answer, Work) {
    let ask = match street.token(role).await {
        Some(token) => ask.bearer(&token),
        None => ask,
    };
    street.house.clock.advance(1_000);
    let before = Work::so_far(&street.house);
    let answer = street.house.ask_at_once(ask).await;
    let work = before.since(&street.house);
    (answer, work)
}

/// The foreign and the missing one, answered alike for the same work.
async fn alike(street: &Street, role: Role, foreign: Ask, missing: Ask) {
    let title = format!("{} {} and {}", foreign.method, foreign.uri, missing.uri);
    let (foreign, foreign_work) = asked(street, role, foreign).await;
    let (missing, missing_work) = asked(street, role, missing).await;
    assert!(foreign.status.is_client_error(), "{title}: {foreign}");
    assert_eq!(without_log_id(&foreign), without_log_id(&missing), "{title}");
    assert_eq!(foreign_work, missing_work, "{title}");
    assert!(foreign_work.reads > 0, "{title}: something is looked for");
}

#[tokio::test]
async fn whatever_a_path_names_costs_the_same_foreign_or_missing() {
    let street = Street::open().await;
    let ask = |method: &str, uri: &str, body: &str| Ask::get(uri).method(method).body(body);
    for (method, path, _, body) in CALLS.iter().filter(|call| call.1.contains('{')) {
        // The other tenant installed the same store client; taking that away is its own affair.
        if path.contains("installs") {
            continue;
        }
        let [foreign, missing] = [true, false].map(|there| ask(method, &street.path(path, there), body));
        alike(&street, Role::ForeignAdministrator, foreign, missing).await;
    }
}

#[tokio::test]
async fn a_tenant_named_in_the_query_costs_the_same_foreign_or_missing() {
    let street = Street::open().await;
    for (method, path, ..) in CALLS.iter().filter(|call| call.1.matches('/').count() == 3) {
        if path.ends_with("/me") || path.ends_with("/tenants") {
            continue;
        }
        let ask = |tenant: &str| Ask::get(in_tenant(path, tenant)).method(method);
        alike(&street, Role::ForeignAdministrator, ask("default"), ask("nobody")).await;
    }
}

#[tokio::test]
async fn a_private_client_of_another_tenant_cannot_be_told_from_none() {
    let street = Street::open().await;
    private_client(&street.house).await;
    let install = |client: &str| {
        Ask::get("/usher/v1/installs")
            .method("POST")
            .body(json!({"client_id": client}).to_string())
    };
    alike(
        &street,
        Role::ForeignAdministrator,
        install(PRIVATE),
        install("cli_nobody"),
    )
    .await;
    for (method, path) in [("GET", ""), ("PATCH", ""), ("POST", "/secrets")] {
        let ask = |client: &str| {
            Ask::get(format!("/usher/v1/clients/{client}{path}"))
                .method(method)
                .body(r#"{}"#)
        };
        alike(
            &street,
            Role::ForeignAdministrator,
            ask(PRIVATE),
            ask("cli_nobody"),
        )
        .await;
    }
    let uninstall = |client: &str| Ask::get(format!("/usher/v1/installs/{client}")).method("DELETE");
    alike(
        &street,
        Role::ForeignAdministrator,
        uninstall(PRIVATE),
        uninstall("cli_nobody"),
    )
    .await;
}

/// With a secret, and in the first tenant only.
async fn private_client(house: &House) {
    let (tenant_id, client_id) = (house.tenant_id, PRIVATE.parse().unwrap());
    house
        .change(vec![Change::PutClient(Client {
            tenant_id,
            client_id,
            name: "Private".to_owned(),
            kind: ClientKind::SelfBuilt,
            scopes: Vec::new(),
            enabled: true,
        })])
        .await;
}

/// A store client asks for the token of a tenant that has not installed it, that is switched off, and that is not there.
#[tokio::test]
async fn a_store_client_cannot_tell_tenants_that_have_not_installed_it_from_none() {
    let street = Street::open().await;
    let house = &street.house;
    let away = house
        .store
        .tenant(&"other".parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .tenant_id;
    let uninstall = IdentityChange::UninstallClient {
        tenant_id: away,
        client_id: CLIENT.parse().unwrap(),
    };
    house.change(vec![uninstall.into()]).await;
    let app_token = AppToken {
        client_id: CLIENT.parse().unwrap(),
        expires_at_ms: i64::MAX,
    };
    let app_token = app_token.seal(&house.edge.keys);
    let ask = |tenant_key: &str| {
        let body = json!({"app_access_token": app_token.expose(), "tenant_key": tenant_key});
        Ask::get("/open-apis/auth/v3/tenant_access_token")
            .method("POST")
            .body(body.to_string())
    };
    let (foreign, _) = asked(&street, Role::Nobody, ask("other")).await;
    let (missing, _) = asked(&street, Role::Nobody, ask("nobody")).await;
    assert_eq!(foreign.json(), missing.json());
    assert_eq!(foreign.status, missing.status);
    let change = Change::SetTenantEnabled {
        tenant_id: away,
        enabled: false,
    };
    house.change(vec![change]).await;
    let (disabled, _) = asked(&street, Role::Nobody, ask("other")).await;
    assert_eq!(disabled.json(), missing.json());
}

/// A token nobody issued, one that was taken back, and a deleted person's: all are unknown, after one look.
#[tokio::test]
async fn a_token_that_was_taken_back_costs_what_a_stray_one_costs() {
    let street = Street::open().await;
    let token = street.token(Role::Administrator).await.unwrap();
    let stray = make_token(usher_identity::TokenForm::User, &[9; 32]);
    let revoke = Change::RevokeToken {
        tenant_id: Some(street.house.tenant_id),
        token_hash: TokenHash(usher_identity::token::hash_token(&usher_identity::Secret::new(
            token.as_str(),
        ))),
    };
    street.house.change(vec![revoke]).await;
    for (method, path, _, body) in CALLS {
        let ask = |token: &str| {
            Ask::get(street.path(path, true))
                .method(method)
                .body(*body)
                .bearer(token)
        };
        alike(&street, Role::Nobody, ask(&token), ask(stray.expose())).await;
    }
}

/// Whoever cannot sign in hears one sentence, for one hash and the same reads, whatever the reason.
#[tokio::test]
async fn signing_in_fails_alike_whether_or_not_there_is_such_a_person() {
    let house = House::for_people().await;
    let tenant_id = house.tenant_id;
    house.tenant("second").await;
    for (number, enabled) in [(7, true), (8, false)] {
        house.change(vec![house.user(number, enabled, false)]).await;
        house.password_in(tenant_id, number).await;
    }
    house.change(vec![house.user(9, true, false)]).await;
    let mut heard = Vec::new();
    for (organisation, name, password) in [
        ("default", ADMINISTRATOR.to_string(), "not the password at all"),
        ("default", "7".to_owned(), "not the password at all"),
        ("default", "77".to_owned(), "not the password at all"),
        (
            "default",
            "nobody-of-that-name".to_owned(),
            "not the password at all",
        ),
        ("default", "8".to_owned(), PASSWORD),
        ("default", "9".to_owned(), PASSWORD),
        ("second", "7".to_owned(), PASSWORD),
    ] {
        let mut browser = Browser::new(&house);
        let form = browser.get("/sign-in").await.form("/sign-in");
        let form = form
            .with("organisation", organisation)
            .with("name", &name)
            .with("password", password);
        let before = Work::so_far(&house);
        let answer = browser.submit(&form).await;
        heard.push((answer.status, answer.alert(), before.since(&house)));
        house.clock.advance(60_000);
    }
    assert_eq!(heard[0].0, 403);
    assert_eq!(heard[0].2.hashes, 1);
    assert!(heard.iter().all(|one| *one == heard[0]), "{heard:#?}");
}

/// An address that is not registered, of a client that is there and of one that is not.
#[tokio::test]
async fn the_authorize_page_does_not_tell_which_clients_there_are() {
    let street = Street::open().await;
    private_client(&street.house).await;
    let mut heard: Vec<(u16, String, Work)> = Vec::new();
    for client in [PRIVATE, "cli_nobody", "not-even-a-name"] {
        let ask = Ask::get(format!(
            "{AUTHORIZE}?client_id={client}&response_type=code&redirect_uri=https://a.example/"
        ));
        let (answer, work) = asked(&street, Role::Nobody, ask).await;
        let page: String = answer
            .text
            .replace(client, "")
            .replace(answer.header("x-tt-logid"), "");
        heard.push((answer.status.as_u16(), page, work));
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(
        (heard[1].0, &heard[1].1),
        (heard[2].0, &heard[2].1),
        "though nothing is read for it"
    );
}
