//! The door's two entrances.
//!
//! - `POST /usher/v1/accesses`: a back end reports that somebody opens an app, one access or up to a thousand, and
//!   hears a verdict for each
//! - `GET /usher/v1/forward-auth`: a gateway asks whether the person in front of it may enter; 200, 401 or 403
//!
//! Both end at the same [`usher_door::Door`]. They differ in whom they believe: `service_callers` knows back ends by
//! their tokens, [`forwarded`] believes a gateway by its address and reads what it says so narrowly that there is
//! one way to read it. [`canonical_host`] and [`canonical_path`] give that reading, [`route_table`] turns it into an
//! app, [`denial`] says no in words. Most questions never see these routes: the server's `short_way` reads them and asks the same
//! functions.

use std::sync::Arc;

use axum::{Router, routing::any};

use crate::edge::Edge;

pub(crate) mod accesses;
mod accesses_body;
mod app_routes;
pub mod canonical_host;
pub mod canonical_path;
pub mod csv_line;
pub mod denial;
pub(crate) mod forward_auth;
pub mod forwarded;
pub(crate) mod gateway_visits;
pub mod past;
pub mod route_table;
pub(crate) mod service_callers;
mod written;

pub use accesses_body::{ACCESSES_MAX, AccessesBody, ReportedAccess, parse_accesses_body};
pub use canonical_host::{CanonicalHost, HostError};
pub use canonical_path::{CanonicalPath, PathError, Readings};
pub use denial::Denial;
pub use forwarded::{ForwardedRequest, NamedUser, read_forwarded};
pub use route_table::{AppMeaning, RouteTable, RouteTarget, RouteTextError, canonical_route};

use app_routes::AppRoutes;
use service_callers::ServiceCallers;

/// Where the entrances are.
pub(crate) const PATHS: [&str; 2] = [accesses::PATH, forward_auth::PATH];

/// What the entrances remember of the store, each bounded and good for one configuration version.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) callers: ServiceCallers,
    app_routes: AppRoutes,
}

/// The routes of this folder. Every method comes in, because a wrong one is answered in the words of this API.
pub fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route(accesses::PATH, any(accesses::report))
        .route(forward_auth::PATH, any(forward_auth::ask))
}
