//! A store client in two tenants. Each administrator signs in, says yes and sends it back with a code; from then on the
//! client has two lives that know nothing of each other.

use serde_json::{Value, json};
use usher_seats::TenantId;
use usher_store::{Change, IdentityChange, TokenHash, User};

use crate::{
    oauth_support::{OFFLINE, V3, json_ask, secret, text},
    sign_in_support::{AUTHORIZE, Browser, CALLBACK},
    support::{
        ACTIVITIES, ACTIVITIES_SCOPE, ADMINISTRATOR, ASSIGNMENTS, ASSIGNMENTS_SCOPE, Answer, Ask, House,
        user_id,
    },
};

const STORE: &str = "cli_5702e";
/// The administrator of the second tenant. The first one's number is a person without rights there.
const SECOND_ADMINISTRATOR: i64 = 42;
/// A person of each tenant with the same number: nothing but the tenant tells them apart.
const PERSON: i64 = 7;
const NOT_INSTALLED: i64 = 20_009;
/// A token taken back looks like one that never was.
const TOKEN_INVALID: i64 = 99_991_668;

/// Two tenants that installed the same store client.
struct Town {
    house: House,
    operator: String,
    second: TenantId,
}

/// What a client holds for a tenant.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    access_token: String,
    refresh_token: String,
}

impl Town {
    async fn open() -> Self {
        let mut house = House::open().await;
        house
            .store_client(STORE, &[ACTIVITIES_SCOPE, ASSIGNMENTS_SCOPE, OFFLINE])
            .await;
        let client_id = STORE.parse().unwrap();
        house
            .change(vec![
                IdentityChange::AddClientSecret {
                    tenant_id: house.tenant_id,
                    client_id,
                    secret_hash: TokenHash(usher_identity::hash_secret(&secret()).unwrap()),
                    older_expire_at_ms: i64::MAX,
                }
                .into(),
            ])
            .await;
        let first = house.tenant_id;
        furnish(&house, "crm").await;
        house.password(ADMINISTRATOR).await;
        let second = house.tenant("second").await;
        house.tenant_id = second;
        house
            .change(vec![house.user(SECOND_ADMINISTRATOR, true, true)])
            .await;
        furnish(&house, "erp").await;
        house.password(SECOND_ADMINISTRATOR).await;
        house.tenant_id = first;
        let operator = house.operator().await;
        let town = Self {
            house,
            operator,
            second,
        };
        for tenant in ["default", "second"] {
            let target = format!("/usher/v1/installs?tenant_key={tenant}");
            town.house
                .managed(&town.operator, "POST", &target, json!({"client_id": STORE}))
                .await;
        }
        town
    }

    /// A person signs in at an organisation and allows the client; gives what the client gets for the code.
    async fn authorized(&self, organisation: &str, number: i64) -> Held {
        let mut browser = Browser::new(&self.house);
        let redirect: String = form_urlencoded::byte_serialize(CALLBACK.as_bytes()).collect();
        let scope = format!("{ACTIVITIES_SCOPE}+{ASSIGNMENTS_SCOPE}+{OFFLINE}");
        let asked = format!(
            "{AUTHORIZE}?client_id={STORE}&response_type=code&redirect_uri={redirect}&scope={scope}&state=s1"
        );
        let form = browser.get(&asked).await.form("/sign-in");
        let form = form
            .with("organisation", organisation)
            .with("name", &number.to_string());
        let signed_in = browser
            .submit(&form.with("password", crate::sign_in_support::PASSWORD))
            .await;
        let consent = browser.get(signed_in.location()).await;
        assert!(consent.text.contains("Store program"), "{consent}");
        let answer = browser
            .submit(&consent.form("/consent").with("decision", "allow"))
            .await;
        assert_eq!(
            answer.location_parameter("state").as_deref(),
            Some("s1"),
            "{answer}"
        );
        let code = answer.location_parameter("code").unwrap();
        held(
            &self
                .redeem(&[("grant_type", "authorization_code"), ("code", &code)])
                .await,
        )
    }

    async fn redeem(&self, fields: &[(&str, &str)]) -> Answer {
        let secret = secret();
        let mut all = vec![("client_id", STORE), ("client_secret", secret.as_str())];
        all.extend(fields);
        self.house.ask_at_once(json_ask(V3, &all)).await
    }

    async fn refresh(&self, held: &Held) -> Answer {
        self.redeem(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &held.refresh_token),
        ])
        .await
    }

    /// One call within the present second.
    async fn call(&self, list: &str, held: &Held, more: &str) -> Answer {
        let uri = format!("{list}?seat_type=per_user_per_app&page_size=1{more}");
        self.house
            .ask_at_once(Ask::get(uri).bearer(&held.access_token))
            .await
    }

    fn next_second(&self) {
        self.house.clock.advance(1_000);
    }

    /// Every row that a token sees in a list, page by page.
    async fn walk(&self, list: &str, held: &Held) -> Vec<Value> {
        let (mut rows, mut more) = (Vec::new(), String::new());
        loop {
            self.next_second();
            let data = self.call(list, held, &more).await.json()["data"].clone();
            rows.extend(data["items"].as_array().unwrap().iter().cloned());
            let Some(page_token) = data["page_token"].as_str() else {
                return rows;
            };
            more = format!("&page_token={page_token}");
        }
    }
}

/// Two people with seats for one app, who opened it. Person and number are the same in both tenants.
async fn furnish(house: &House, app: &str) {
    for number in [PERSON, PERSON + 1] {
        house
            .change(vec![
                house.user(number, true, false),
                house.app(app),
                house.seat(number, Some(app)),
            ])
            .await;
        house.access(&[(number, app)]).await;
    }
}

fn held(answer: &Answer) -> Held {
    assert_eq!(answer.status, 200, "{answer}");
    let json = answer.json();
    Held {
        access_token: text(&json["access_token"]),
        refresh_token: text(&json["refresh_token"]),
    }
}

fn apps(rows: &[Value]) -> Vec<(i64, &str)> {
    let row = |row: &'_ Value| row["user_id"].as_i64().unwrap();
    rows.iter()
        .map(|value| (row(value), value["namespace"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn the_client_sees_the_seats_of_the_tenant_whose_administrator_authorised_it_and_no_others() {
    let town = Town::open().await;
    let first = town.authorized("default", ADMINISTRATOR).await;
    let second = town.authorized("second", SECOND_ADMINISTRATOR).await;
    for list in [ACTIVITIES, ASSIGNMENTS] {
        assert_eq!(
            apps(&town.walk(list, &first).await),
            [(PERSON, "crm"), (PERSON + 1, "crm")]
        );
        assert_eq!(
            apps(&town.walk(list, &second).await),
            [(PERSON, "erp"), (PERSON + 1, "erp")]
        );
    }
    // A place in one tenant's list is none in the other's.
    town.next_second();
    let page = town.call(ACTIVITIES, &first, "").await.json();
    let elsewhere = format!("&page_token={}", page["data"]["page_token"].as_str().unwrap());
    assert_eq!(town.call(ACTIVITIES, &second, &elsewhere).await.code(), 2_320_006);
    assert_eq!(town.call(ACTIVITIES, &first, &elsewhere).await.code(), 0);
    // Having refreshed, the client is still where it was.
    let refreshed = held(&town.refresh(&second).await);
    assert_eq!(
        apps(&town.walk(ACTIVITIES, &refreshed).await),
        [(PERSON, "erp"), (PERSON + 1, "erp")]
    );
}

#[tokio::test]
async fn the_same_number_in_the_other_tenant_is_somebody_else() {
    let town = Town::open().await;
    // The first administrator's number belongs to a person without rights in the second tenant.
    town.house
        .change(vec![Change::PutUser(User {
            tenant_id: town.second,
            user_id: user_id(ADMINISTRATOR),
            name: "Namesake".to_owned(),
            external_id: None,
            enabled: true,
            system_administrator: false,
        })])
        .await;
    town.house.password_in(town.second, ADMINISTRATOR).await;
    let namesake = town.authorized("second", ADMINISTRATOR).await;
    let answer = town.call(ACTIVITIES, &namesake, "").await;
    assert_eq!((answer.status.as_u16(), answer.code()), (403, 2_320_005));
}

#[tokio::test]
async fn the_client_has_a_window_of_its_own_in_each_tenant() {
    let town = Town::open().await;
    let first = town.authorized("default", ADMINISTRATOR).await;
    let second = town.authorized("second", SECOND_ADMINISTRATOR).await;
    for (list, limit) in [(ACTIVITIES, 10), (ASSIGNMENTS, 1)] {
        town.next_second();
        for held in [&first, &second] {
            for call in 1..=limit {
                assert_eq!(town.call(list, held, "").await.status, 200, "{list} {call}");
            }
            let refused = town.call(list, held, "").await;
            assert_eq!(
                (refused.status.as_u16(), refused.code()),
                (429, 99_991_400),
                "{refused}"
            );
            assert_eq!(refused.header("x-ogw-ratelimit-limit"), limit.to_string());
            assert_eq!(refused.header("x-ogw-ratelimit-reset"), "1");
        }
        // The next second is a new window in both.
        town.next_second();
        assert_eq!(town.call(list, &first, "").await.status, 200);
        assert_eq!(town.call(list, &second, "").await.status, 200);
    }
    // A second token of the same administrator draws on the same window.
    let again = held(&town.refresh(&second).await);
    assert_eq!(town.call(ASSIGNMENTS, &again, "").await.status, 429);
}

#[tokio::test]
async fn an_uninstall_ends_the_tokens_of_that_tenant_and_no_others() {
    let town = Town::open().await;
    let first = town.authorized("default", ADMINISTRATOR).await;
    let second = town.authorized("second", SECOND_ADMINISTRATOR).await;
    let uninstall = format!("/usher/v1/installs/{STORE}?tenant_key=second");
    town.house
        .managed(&town.operator, "DELETE", &uninstall, Value::Null)
        .await;

    town.next_second();
    assert_eq!(town.call(ACTIVITIES, &second, "").await.code(), TOKEN_INVALID);
    let refused = town.refresh(&second).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, NOT_INSTALLED),
        "{refused}"
    );
    assert_eq!(apps(&town.walk(ACTIVITIES, &first).await).len(), 2);
    let first = held(&town.refresh(&first).await);
    assert_eq!(apps(&town.walk(ACTIVITIES, &first).await).len(), 2);

    // Installed again, the client has to be allowed again: what ended stays ended.
    let install = json!({"client_id": STORE});
    let target = "/usher/v1/installs?tenant_key=second";
    town.house.managed(&town.operator, "POST", target, install).await;
    town.next_second();
    let old = town.call(ACTIVITIES, &second, "").await;
    assert_ne!(old.status, 200, "{old}");
    assert_ne!(town.refresh(&second).await.status, 200);
    let anew = town.authorized("second", SECOND_ADMINISTRATOR).await;
    assert_eq!(apps(&town.walk(ACTIVITIES, &anew).await).len(), 2);
}
