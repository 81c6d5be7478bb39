//! The console: pages for system administrators.
//!
//! - `GET /console`: the overview; `/console/`, as people type it, leads there
//! - `GET /console/seats`: seats with how idle they are; `?format=csv` gives the whole list as a table
//! - `POST /console/seats/bulk`: one change over the whole list: a preview, then slice by slice
//! - `GET` and `POST /console/seats/undo`: what such a change released is given back
//! - `GET` and `POST /console/seats/{seat}`: one seat with its evidence; a change of it: a preview, then the change
//! - `GET` and `POST /console/pools`, `/console/pools/{pool}`: what was bought
//! - `GET` and `POST /console/people`, `/console/people/{user_id}`: people
//! - `GET` and `POST /console/groups`, `/console/groups/{group_key}`: groups
//! - `GET` and `POST /console/apps`, `/console/apps/{namespace}`: apps and their routes
//! - `GET /console/gateway`: the lines for a gateway, and what it last asked
//! - `GET` and `POST /console/import`: accesses from a table
//! - `GET` and `POST /console/clients`, `/console/clients/{client_id}`: programs and service tokens
//! - `GET /console/audit`, `POST /console/audit`: who did what; whether the log is whole
//! - `GET` and `POST /console/settings`: what the organisation has chosen
//! - `/console/operator`, `/console/organisations`: see `operator`
//! - `GET /assets/console.css`: the stylesheet
//!
//! A page is composed of blocks here and drawn by `usher-console`. It works without a script; every form carries a proof
//! that it is ours, and nothing changes by a GET. What a page shows is in its address, so that it can be kept and sent.
//!
//! Whoever is signed in as a system administrator sees their own organisation and no other, an operator the one they have
//! chosen: every read begins with that tenant, which [`desk`] establishes before any handler runs.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::header,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

mod address;
mod app_names;
mod apps;
mod audit;
mod client_pages;
mod clients;
mod desk;
mod gateway;
mod groups;
mod import;
mod listing;
pub(crate) mod operator;
mod overview;
mod people;
mod person;
mod pools;
mod refused;
mod refused_access;
mod seats;
mod settings;
mod words;

use usher_console::Section;

use crate::{
    edge::Edge,
    sign_in::{
        page::see_other,
        problem::Problem,
        visit::{Visit, page as visited, page_with_files},
    },
};
use desk::{Desk, Entered};

/// Where the stylesheet is.
const STYLESHEET_PATH: &str = "/assets/console.css";

/// Makes a route's handler of one that answers at a desk.
macro_rules! at {
    ($handler:path) => {
        |State(edge): State<Arc<Edge>>, request: Request| async move {
            visited(edge, request, |edge, visit| async move {
                match Desk::enter(edge, visit).await? {
                    Entered::Desk(desk) => $handler(&desk).await,
                    Entered::Elsewhere(response) => Ok(response),
                }
            })
            .await
        }
    };
}

/// Makes a route's handler of one that answers whoever comes.
macro_rules! visiting {
    ($handler:path) => {
        |State(edge): State<Arc<Edge>>, request: Request| visited(edge, request, $handler)
    };
}

/// The same for one that is about the thing named at the end of the address.
macro_rules! about {
    ($handler:path) => {
        |State(edge): State<Arc<Edge>>, Path(name): Path<String>, request: Request| async move {
            visited(edge, request, |edge, visit| async move {
                match Desk::enter(edge, visit).await? {
                    Entered::Desk(desk) => $handler(&desk, &name).await,
                    Entered::Elsewhere(response) => Ok(response),
                }
            })
            .await
        }
    };
}

/// The routes of this folder.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/console", get(at!(overview::show)))
        .route("/console/", get(visiting!(without_slash)))
        .route(STYLESHEET_PATH, get(stylesheet))
        .route("/console/seats", get(at!(seats::list::show)))
        .route("/console/seats/bulk", post(at!(seats::bulk::answer)))
        .route(
            "/console/seats/undo",
            get(at!(seats::undo::show)).post(at!(seats::undo::answer)),
        )
        .route(
            "/console/seats/{seat}",
            get(about!(seats::one::show)).post(about!(seats::one::change)),
        )
        .route("/console/pools", get(at!(pools::show)).post(at!(pools::create)))
        .route(
            "/console/pools/{pool}",
            get(about!(pools::one)).post(about!(pools::change)),
        )
        .route(
            "/console/people",
            get(at!(people::show)).post(at!(people::create)),
        )
        .route(
            "/console/people/{user_id}",
            get(about!(person::show)).post(about!(person::change)),
        )
        .route(
            "/console/groups",
            get(at!(groups::show)).post(at!(groups::create)),
        )
        .route(
            "/console/groups/{group_key}",
            get(about!(groups::one)).post(about!(groups::change)),
        )
        .route("/console/apps", get(at!(apps::show)).post(at!(apps::create)))
        .route(
            "/console/apps/{namespace}",
            get(about!(apps::one)).post(about!(apps::change)),
        )
        .route("/console/gateway", get(at!(gateway::show)))
        .route("/console/import", get(at!(import::show)).post(import_file))
        .route(
            "/console/clients",
            get(at!(clients::show)).post(at!(clients::create)),
        )
        .route(
            "/console/clients/{client_id}",
            get(about!(client_pages::show)).post(about!(client_pages::change)),
        )
        .route("/console/audit", get(at!(audit::show)).post(at!(audit::verify)))
        .route(
            operator::OPERATOR_PATH,
            get(visiting!(operator::show)).post(visiting!(operator::answer)),
        )
        .route(
            operator::ORGANISATIONS_PATH,
            get(visiting!(operator::list)).post(visiting!(operator::choose)),
        )
        .route(
            "/console/settings",
            get(at!(settings::show)).post(at!(settings::save)),
        )
}

/// `GET /console/`: the way to the overview.
async fn without_slash(_: Arc<Edge>, _: Arc<Visit>) -> Result<Response, Problem> {
    see_other(Section::Overview.path())
}

/// `POST /console/import`: the only form that may bring a file.
async fn import_file(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    page_with_files(edge, request, |edge, visit| async move {
        match Desk::enter(edge, visit).await? {
            Entered::Desk(desk) => import::answer(&desk).await,
            Entered::Elsewhere(response) => Ok(response),
        }
    })
    .await
}

/// `GET /assets/console.css`. It may be kept for an hour; a new version has a new address.
async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, usher_console::STYLESHEET).into_response()
}
