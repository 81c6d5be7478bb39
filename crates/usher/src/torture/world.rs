//! The organisation in which a torture happens, made through the doors that everybody uses.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::{
    connection::Connection,
    place::TorturePlace,
    plan::{APP_SEATS, APPS, FIRST_PERSON, PEOPLE, PLATFORM_SEATS, namespace},
    program::{self, Server},
};
use crate::{failure::Failure, words};

/// How long the tokens are good: longer than any torture.
const TOKEN_LIFE: &str = "400d";

/// Who may ask what.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    /// Reports accesses.
    pub(super) service: String,
    /// Changes and lists seats.
    pub(super) operator: String,
    /// Lists activities.
    pub(super) administrator: String,
}

/// Makes people, apps and tokens in an empty ledger.
pub(super) fn people(place: &TorturePlace) -> Result<Tokens, Failure> {
    let mut lines = String::new();
    for app in 0..APPS {
        let line = json!({"change": "app", "namespace": namespace(app), "name": format!("App {app}")});
        lines.push_str(&format!("{line}\n"));
    }
    for user in FIRST_PERSON..FIRST_PERSON + PEOPLE {
        let line = json!({"change": "user", "user_id": user, "name": format!("Person {user}")});
        lines.push_str(&format!("{line}\n"));
    }
    program::run(place, &["apply", "-"], &lines)?;
    let token = |words: &[&str]| {
        let mut all = vec!["token", "issue", "--expires-in", TOKEN_LIFE];
        all.extend_from_slice(words);
        program::run(place, &all, "").map(|text| text.trim().to_owned())
    };
    Ok(Tokens {
        service: token(&["--service"])?,
        operator: token(&["--operator"])?,
        administrator: token(&["--administrator", "--scope", "app_engine:seat_activities:read"])?,
    })
}

/// Says what was bought.
pub(super) async fn pools(server: &Server, tokens: &Tokens) -> Result<(), Failure> {
    let mut pools = vec![("per_user".to_owned(), PLATFORM_SEATS)];
    pools.extend((0..APPS).map(|app| (format!("per_user_per_app:{}", namespace(app)), APP_SEATS)));
    let unusable = || Failure::failed(words!("the pools could not be set up", "无法设置席位池"));
    let mut connection = Connection::open(server.address).await.map_err(|_| unusable())?;
    for (pool, bought) in pools {
        let target = format!("/usher/v1/pools/{pool}?tenant_key=default");
        let body = json!({"bought": bought}).to_string();
        let asked = connection.ask(Method::PUT, &target, &tokens.operator, body).await;
        if !matches!(asked, Ok(answer) if answer.status == StatusCode::OK) {
            return Err(unusable());
        }
    }
    Ok(())
}
