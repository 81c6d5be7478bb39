//! Pages for people: signing in, allowing a client, their own account.
//!
//! - `GET /open-apis/authen/v1/authorize` and `/index`: a client sends a person here for a code (`authorize.rs` draws the way)
//! - `POST /consent`: the person allows it or refuses
//! - `GET /sign-in`, `POST /sign-in`, `POST /sign-in/digits`: name and password, then six digits where there is a second factor
//! - `GET /link/{secret}`, `POST /link/{secret}`: choosing a password with a one-time link
//! - `GET /account`, `POST /sign-out`: the person's own account
//! - `GET` and `POST /account/password`: another password in place of the person's own
//! - `GET` and `POST /account/second-factor`, `POST /account/second-factor/remove`: the second factor
//! - `/sign-in/provider` and `/account/provider`: an organisation's own identity provider ([`provider`] lists them)
//! - `GET /`: where to go from here
//! - `GET /assets/usher.css`: the stylesheet
//!
//! Pages are made on the server, work without a script and with a keyboard alone, and are in English or Chinese:
//! `?language=zh` or `en` switches and is remembered, else the browser's preference counts. Every sentence is in
//! `texts.rs`, every template in `templates/`; templates escape every value.
//!
//! Each file is one step of the way; [`slowing`] and [`password_desk`] stand between a guesser and the passwords, and hold
//! the only state there is.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

pub(crate) mod account;
pub mod authorize;
mod authorize_request;
mod consent;
pub(crate) mod cookies;
pub(crate) mod destination;
mod digits;
pub(crate) mod fields;
mod link;
mod multipart;
pub(crate) mod page;
mod password;
pub mod password_desk;
pub(crate) mod problem;
pub mod provider;
mod scope_words;
mod second_factor;
pub(crate) mod session;
pub(crate) mod sign_in_form;
pub mod slowing;
pub mod standalone;
mod texts;
pub(crate) mod visit;

pub use link::{LINK_LIFE_MS, make_link};
pub use session::SESSION_LIFE_MS;

use account::ACCOUNT_PATH;
use authorize_request::Entry;
use link::LINK_ROUTE;
use password::PASSWORD_PATH;
use password_desk::PasswordDesk;
use problem::Problem;
use second_factor::SECOND_FACTOR_PATH;
use sign_in_form::SIGN_IN_PATH;
use slowing::Slowing;
use visit::{Visit, page as visited};

use crate::edge::Edge;

/// What signing in remembers, all of it bounded.
#[derive(Debug, Default)]
pub struct SignIn {
    /// Slows down whoever guesses.
    pub slowing: Slowing,
    /// Hashes passwords, two at a time.
    pub passwords: PasswordDesk,
    /// Speaks to organisations' own identity providers.
    pub providers: provider::ProviderDesk,
}

/// Makes a route's handler of one that answers a visit.
macro_rules! visited {
    ($handler:path) => {
        |State(edge): State<Arc<Edge>>, request: Request| visited(edge, request, $handler)
    };
}

/// The routes of this folder.
pub fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/", get(visited!(start)))
        .route(page::STYLESHEET_PATH, get(page::stylesheet))
        .route(Entry::Authorize.path(), get(visited!(authorize_today)))
        .route(Entry::Index.path(), get(visited!(authorize_before)))
        .route("/consent", post(visited!(consent::answer)))
        .route(
            SIGN_IN_PATH,
            get(visited!(sign_in_form::show)).post(visited!(sign_in_form::answer)),
        )
        .route("/sign-in/digits", post(visited!(digits::answer)))
        .route("/sign-out", post(visited!(account::sign_out)))
        .route(ACCOUNT_PATH, get(visited!(account::show)))
        .route(
            PASSWORD_PATH,
            get(visited!(password::show)).post(visited!(password::change)),
        )
        .route(
            SECOND_FACTOR_PATH,
            get(visited!(second_factor::show)).post(visited!(second_factor::turn_on)),
        )
        .route(
            "/account/second-factor/remove",
            post(visited!(second_factor::remove)),
        )
        .route(LINK_ROUTE, get(show_link).post(choose_password))
        .merge(provider::routes())
}

async fn authorize_today(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    authorize::answer(Entry::Authorize, edge, visit).await
}

async fn authorize_before(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    authorize::answer(Entry::Index, edge, visit).await
}

async fn show_link(State(edge): State<Arc<Edge>>, Path(secret): Path<String>, request: Request) -> Response {
    visited(edge, request, |edge, visit| link::show(edge, visit, secret)).await
}

async fn choose_password(
    State(edge): State<Arc<Edge>>,
    Path(secret): Path<String>,
    request: Request,
) -> Response {
    visited(edge, request, |edge, visit| link::choose(edge, visit, secret)).await
}

/// `GET /`: where to go from here.
async fn start(_: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let shown = page::StartPage {
        frame: visit.frame(visit.texts().start_title),
    };
    Ok(page::html(StatusCode::OK, &shown, &[]))
}
