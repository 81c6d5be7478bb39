//! `/control/v1/import` and `/control/v1/export`: whole tables in and out.
//!
//! A table comes in parts, so that no file is too large and nobody at the door waits for a file. A part is first
//! looked up and turned into changes ([`directory`], [`planning`]), then made with one commit, each row with a result
//! of its own ([`import`]). A rehearsal is the same with nothing kept. What goes out ([`export`], [`rows`]) has the columns
//! that come in.

mod directory;
mod export;
mod import;
mod planning;
mod rows;
pub(crate) mod wire;

pub(crate) use rows::MOMENTS;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, routing::post};
use usher_http::Edge;

use super::{Control, QUESTION_BYTES_MAX};

/// What the two calls work on.
pub(crate) struct Bulk {
    control: Arc<Control>,
    edge: Arc<Edge>,
}

/// Both calls.
pub(super) fn routes(control: Arc<Control>, edge: Arc<Edge>) -> Router {
    Router::new()
        .route(wire::IMPORT, post(import::answer))
        .route(wire::EXPORT, post(export::answer))
        .layer(DefaultBodyLimit::max(QUESTION_BYTES_MAX))
        .with_state(Arc::new(Bulk { control, edge }))
}
