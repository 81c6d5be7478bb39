//! The management API. What the stories have in common is here; each module tells of one thing.

use axum::http::StatusCode;
use serde_json::{Value, json};
use usher_store::TokenKind;

use crate::support::{Answer, Ask, CLIENT, House, TokenOrder};

mod apps;
mod audit_records;
mod clients;
mod description;
mod foreign;
mod groups;
mod history;
mod identity_provider;
mod idle_seats;
pub mod matrix;
mod once;
mod pools;
mod seats;
mod tenants;
mod users;

pub const MANAGEMENT_SCOPE: &str = "usher:management";

impl House {
    /// An operator's token.
    pub async fn operator(&self) -> String {
        self.token(TokenOrder {
            kind: TokenKind::Operator,
            tenant_id: None,
            client: None,
            user: None,
            scopes: Vec::new(),
            ..self.order()
        })
        .await
    }

    /// A token with which the first tenant's administrator lets the usual client manage.
    pub async fn manager(&self) -> String {
        self.change(vec![self.client(CLIENT, &[MANAGEMENT_SCOPE], true)])
            .await;
        self.token(TokenOrder {
            scopes: vec![MANAGEMENT_SCOPE],
            ..self.order()
        })
        .await
    }

    /// Asks with a JSON body.
    pub async fn manage(&self, token: &str, method: &str, uri: &str, body: Value) -> Answer {
        let ask = Ask::get(uri).method(method).bearer(token);
        let ask = if body.is_null() {
            ask
        } else {
            ask.body(body.to_string())
        };
        let answer = self.ask_at_once(ask).await;
        answer.assert_common();
        answer
    }

    /// The data of a call that must be done.
    pub async fn managed(&self, token: &str, method: &str, uri: &str, body: Value) -> Value {
        let answer = self.manage(token, method, uri, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{method} {uri}: {answer}");
        answer.json()["data"].clone()
    }
}

/// An answer without what differs each time.
pub fn without_log_id(answer: &Answer) -> (u16, Value) {
    let mut json = answer.json();
    if let Some(error) = json.get_mut("error").and_then(Value::as_object_mut) {
        error.remove("log_id");
        error.remove("troubleshooter");
    }
    (answer.status.as_u16(), json)
}

/// Walks a list with pages of `rows` and gives what `field` holds in each row.
pub async fn walk(house: &House, token: &str, list: &str, rows: usize, field: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut more = String::new();
    loop {
        let join = if list.contains('?') { '&' } else { '?' };
        let uri = format!("{list}{join}page_size={rows}{more}");
        let data = house.managed(token, "GET", &uri, json!(null)).await;
        found.extend(
            data["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item[field].clone()),
        );
        let Some(page_token) = data["page_token"].as_str() else {
            assert_eq!(data["has_more"], false);
            return found;
        };
        assert_eq!(data["has_more"], true);
        more = format!("&page_token={page_token}");
    }
}
