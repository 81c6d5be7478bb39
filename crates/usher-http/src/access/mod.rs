//! The door's two entrances.

use std::sync::Arc;

use axum::Router;

use crate::edge::Edge;

/// The routes of this folder.
pub fn routes() -> Router<Arc<Edge>> {
    Router::new()
}
