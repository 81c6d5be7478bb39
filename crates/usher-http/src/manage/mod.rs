//! The management API: an organisation's people, apps and programs.
//!
//! | Route | Methods |
//! | --- | --- |
//! | `/usher/v1/me` | GET: who the token is |
//! | `/usher/v1/tenants` | GET, POST |
//! | `/usher/v1/tenants/{tenant_key}` | GET, PATCH |
//! | `/usher/v1/users` | GET, POST |
//! | `/usher/v1/users/{user_id}` | GET, PATCH, DELETE |
//! | `/usher/v1/users/{user_id}/sign-in-link` | POST |
//! | `/usher/v1/users/{user_id}/second-factor` | DELETE |
//! | `/usher/v1/users/{user_id}/identity-link` | GET, PUT, DELETE |
//! | `/usher/v1/identity-provider` | GET, PUT, PATCH, DELETE |
//! | `/usher/v1/apps` | GET, POST |
//! | `/usher/v1/apps/{namespace}` | GET, PATCH |
//! | `/usher/v1/clients` | GET, POST |
//! | `/usher/v1/clients/{client_id}` | GET, PATCH |
//! | `/usher/v1/clients/{client_id}/secrets` | POST |
//! | `/usher/v1/installs` | GET, POST |
//! | `/usher/v1/installs/{client_id}` | DELETE |
//! | `/usher/v1/service-tokens` | GET, POST |
//! | `/usher/v1/service-tokens/{token_id}` | DELETE |
//! | `/usher/v1/pools...`, `/usher/v1/seats...`, `/usher/v1/groups...` | see `ledger` |
//! | `/usher/v1/reports/usage`, `/usher/v1/users/{user_id}/active-days` | see `history` |
//! | `/usher/v1/reports/idle_seats` | GET: see `idle_seats` |
//! | `/usher/v1/audit-records` | GET |
//! | `/openapi.json`, `/docs` | GET: what this API is, for programs and for people |
//!
//! **One style.** Answers wear the Feishu envelope; lists are walked by key with sealed page tokens; a wrong field is
//! named. What may be done is decided in one place (`caller`) before a handler runs, and which tenant is meant in
//! another (`asked`), so a handler cannot forget either. A thing of another tenant is looked for in the caller's own and
//! not found there: it answers as a missing one because it is one.
//!
//! **Once.** A creating call may carry an `Idempotency-Key`; its answer is kept in the transaction that makes the thing
//! (`once`). A secret is in the first answer and in no other.
//!
//! **Two ways in, one code path.** The public routes ask for a token. The control channel of a data folder serves the
//! same routes ([`operator_routes`]) to whoever owns the folder, as operator; that is how `usher user create` works with
//! a server running and without.

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{delete, get, post},
};

use crate::{edge::Edge, router::with_common_answers};

mod apps;
pub(crate) mod as_of;
mod asked;
mod audit_records;
mod caller;
mod clients;
mod docs_page;
mod history;
mod identity_links;
mod identity_provider;
pub(crate) mod idle_seats;
mod installs;
mod ledger;
mod lists;
mod me;
mod once;
mod openapi;
mod query;
mod refusals;
pub(crate) mod schemas;
pub mod scopes;
mod service_tokens;
mod tenants;
mod users;
mod values;

pub use caller::MANAGEMENT_SCOPE;
pub use idle_seats::COLUMNS as IDLE_SEATS_COLUMNS;
pub use openapi::document;
pub use service_tokens::token_id;

use caller::OperatorChannel;

/// Where a one-time link begins; its secret follows.
pub const SIGN_IN_LINK_PATH: &str = "/link/";

/// The routes of this folder.
pub fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/openapi.json", get(openapi::answer))
        .route("/docs", get(docs_page::answer))
        .merge(managed())
}

/// The same calls for whoever may do everything, without a token: for the control channel of a data folder, which only
/// its owner can reach. `account` is that owner, for the audit log.
pub fn operator_routes(edge: Arc<Edge>, account: &str) -> Router {
    let channel = OperatorChannel(account.to_owned());
    with_common_answers(managed().layer(Extension(channel)), edge)
}

fn managed() -> Router<Arc<Edge>> {
    Router::new()
        .route("/usher/v1/me", get(me::show))
        .route("/usher/v1/tenants", get(tenants::list).post(tenants::create))
        .route(
            "/usher/v1/tenants/{tenant_key}",
            get(tenants::show).patch(tenants::update),
        )
        .route("/usher/v1/audit-records", get(audit_records::list))
        .route("/usher/v1/users", get(users::list).post(users::create))
        .route(
            "/usher/v1/users/{user_id}",
            get(users::show).patch(users::update).delete(users::delete),
        )
        .route(
            "/usher/v1/users/{user_id}/sign-in-link",
            post(users::make_sign_in_link),
        )
        .route(
            "/usher/v1/users/{user_id}/second-factor",
            delete(users::remove_second_factor),
        )
        .route(
            "/usher/v1/users/{user_id}/identity-link",
            get(identity_links::show)
                .put(identity_links::set)
                .delete(identity_links::delete),
        )
        .route(
            "/usher/v1/identity-provider",
            get(identity_provider::show)
                .put(identity_provider::set)
                .patch(identity_provider::update)
                .delete(identity_provider::delete),
        )
        .route("/usher/v1/apps", get(apps::list).post(apps::create))
        .route("/usher/v1/apps/{namespace}", get(apps::show).patch(apps::update))
        .route("/usher/v1/clients", get(clients::list).post(clients::create))
        .route(
            "/usher/v1/clients/{client_id}",
            get(clients::show).patch(clients::update),
        )
        .route(
            "/usher/v1/clients/{client_id}/secrets",
            post(clients::rotate_secret),
        )
        .route("/usher/v1/installs", get(installs::list).post(installs::create))
        .route("/usher/v1/installs/{client_id}", delete(installs::delete))
        .route(
            "/usher/v1/service-tokens",
            get(service_tokens::list).post(service_tokens::create),
        )
        .route(
            "/usher/v1/service-tokens/{token_id}",
            delete(service_tokens::revoke),
        )
        .merge(ledger::routes())
        .merge(history::routes())
        .merge(idle_seats::routes())
}
